"""What came of a scenario: notifications that were accepted, what was decided besides, what the API showed.

Instants are counted from the scenario's beginning, whoever played it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from evaluator.core.labels import Labels
from evaluator.core.records import Pairs
from evaluator.drill.scenario import Show, ShownAlert


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """An alert as a notification told of it. ends: None while it fires."""

    labels: Labels
    annotations: Pairs
    starts: timedelta
    ends: timedelta | None = None

    @property
    def firing(self) -> bool:
        """Whether it was told as firing."""
        return self.ends is None


@dataclass(frozen=True, slots=True)
class Told:
    """A notification that an integration accepted. at: when it was asked to. reason: why; empty when nobody says."""

    at: timedelta
    integration: str
    alerts: tuple[ToldAlert, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Untold:
    """A flush that told nothing, or an attempt that failed, and why."""

    at: timedelta
    integration: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the API showed when a scenario looked."""

    show: Show
    alerts: tuple[ShownAlert, ...]


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that the scenario asked for and that was refused."""

    at: timedelta
    text: str


@dataclass(frozen=True, slots=True)
class Played:
    """Everything, each in the order of time."""

    told: tuple[Told, ...] = ()
    untold: tuple[Untold, ...] = ()
    shown: tuple[Shown, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
