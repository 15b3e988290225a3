"""What a handful of durations comes to. A mean never stands alone: it comes with how many there were, and with the middle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import sqrt

from evaluator.core.frozen import frozen

ENOUGH = 5
"""Durations that it takes before a mean or a p90 says anything; people are shown the middle of fewer only."""


@frozen
class Sample:
    """Durations of `n` incidents. never: those in which it never happened; they are in no figure but this one.

    excluded: those that the definition leaves out. p90: the smallest duration that nine in ten do not exceed.
    """

    n: int
    never: int = 0
    excluded: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    mean: timedelta | None = None

    @property
    def never_share(self) -> float | None:
        """Of those that count, how many in which it never happened; None when there are none."""
        return self.never / (self.n + self.never) if self.n + self.never else None


def sample(durations: Iterable[timedelta | None], excluded: int = 0) -> Sample:
    """Of durations; None is one that never came to an end."""
    given = list(durations)
    known = sorted(one for one in given if one is not None)
    never = len(given) - len(known)
    if not known:
        return Sample(0, never, excluded)
    half = len(known) // 2
    median = known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
    mean = sum(known, timedelta(0)) / len(known)
    return Sample(len(known), never, excluded, median, known[(9 * len(known) + 9) // 10 - 1], mean)


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float] | None:
    """Between which shares the true one lies in 95 of 100 cases, by Wilson; None when nothing was counted."""
    if not n:
        return None
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    width = z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - width), min(1.0, middle + width)
