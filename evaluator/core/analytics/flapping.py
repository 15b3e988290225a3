"""What does not hold still: how often an alert changed its mind of late, newer changes counting more.

The score is that of Nagios: of the last 21 states there may be 20 changes, weighted from 0.8 for the oldest to 1.2 for the
newest, as a share of 20. Whatever exceeds the high mark flaps until it falls below the low one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

STATES = 21
OLDEST, NEWEST = 0.8, 1.2
HIGH, LOW = 30.0, 20.0
"""Percent."""
STEP = timedelta(minutes=5)
"""So long without a change is one more state like the one before."""


def flap_score(states: Sequence[bool]) -> float:
    """Of states, the oldest first, in percent; fewer than 21 are taken to have been preceded by no change."""
    return _score([before is not after for before, after in pairwise(states[-STATES:])])


def turn_score(turns: Sequence[datetime], at: datetime) -> float:
    """Of the instants at which something changed its mind, the oldest first, as of an instant after them all, in percent."""
    return _score(list(_changes(turns, at))[-(STATES - 1) :])


def calm_at(turns: Sequence[datetime], low: float) -> datetime:
    """When what flaps does not any more, if it does not change its mind again. turns: at least one."""
    instants = (turns[-1] + number * STEP for number in range(STATES))
    return next(at for at in instants if turn_score(turns, at) < low or at == turns[-1] + (STATES - 1) * STEP)


def _changes(turns: Sequence[datetime], at: datetime) -> Iterator[bool]:
    for turn, after in pairwise((*turns, at)):
        yield True
        yield from (False for _ in range(min(STATES, (after - turn) // STEP)))


def _score(changes: list[bool]) -> float:
    padded = [False] * (STATES - 1 - len(changes)) + changes
    step = (NEWEST - OLDEST) / (STATES - 2)
    weighted = sum(OLDEST + step * number for number, changed in enumerate(padded) if changed)
    return 100 * weighted / (STATES - 1)


def flaps(score: float, flapping: bool) -> bool:
    """Whether it flaps, given whether it did."""
    return score >= LOW if flapping else score > HIGH
