"""How tired this makes people: one score from 0 to 100, never without its parts.

The weights are a judgement, written down so that they can be argued with: a shift of twelve hours bears two pages; what wakes
people and what is noise weighs nearly as much; a few rules that make most of the load, and flapping, say that it could be less.
The load is that of whoever bears most, because a mean over those who were not on call would hide it. Ten rules or fewer make
all of any load, so concentration begins to count with the eleventh.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.interruptions import Interruptions, Part
from evaluator.core.analytics.noise import loads, noise
from evaluator.core.frozen import frozen

SHIFT = timedelta(hours=12)
BEARABLE = 2
"""Interruptions in a shift."""
TOP = 10


@frozen
class Fatigue:
    """The parts, each as points of the score: at most 30, 25, 20, 15 and 10."""

    load: float
    sleep: float
    noise: float
    concentration: float
    flapping: float

    @property
    def score(self) -> float:
        """All of it; 0 is a quiet life."""
        return self.load + self.sleep + self.noise + self.concentration + self.flapping


def fatigue(told: Sequence[Case], people: Sequence[Interruptions], length: timedelta) -> Fatigue:
    """Of incidents and interruptions in a stretch of time of that length."""
    total = sum(one.total for one in people)
    shifts = max(1.0, length / SHIFT)
    worst = max((one.total for one in people), default=0) / shifts
    asleep = sum(one.parts.get(Part.SLEEP, 0) for one in people)
    ranked = loads(told)
    top = sum(load.share for load in ranked[:TOP]) if len(ranked) > TOP else 0.0
    again = sum(case.incident.flaps > 0 for case in told)
    return Fatigue(
        30 * min(1.0, worst / BEARABLE),
        25 * (asleep / total if total else 0.0),
        20 * (noise(told).share or 0.0),
        15 * top,
        10 * (again / len(told) if told else 0.0),
    )
