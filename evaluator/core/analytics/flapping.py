"""What does not hold still: how often an alert changed its mind of late, newer changes counting more.

The score is that of Nagios: of the last 21 states there may be 20 changes, weighted from 0.8 for the oldest to 1.2 for the
newest, as a share of 20. Whatever exceeds the high mark flaps until it falls below the low one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

STATES = 21
OLDEST, NEWEST = 0.8, 1.2
HIGH, LOW = 30.0, 20.0
"""Percent."""


def flap_score(states: Sequence[bool]) -> float:
    """Of states, the oldest first, in percent; fewer than 21 are taken to have been preceded by no change."""
    recent = states[-STATES:]
    changes = [before is not after for before, after in pairwise(recent)]
    padded = [False] * (STATES - 1 - len(changes)) + changes
    step = (NEWEST - OLDEST) / (STATES - 2)
    weighted = sum(OLDEST + step * number for number, changed in enumerate(padded) if changed)
    return 100 * weighted / (STATES - 1)


def flaps(score: float, flapping: bool) -> bool:
    """Whether it flaps, given whether it did."""
    return score >= LOW if flapping else score > HIGH
