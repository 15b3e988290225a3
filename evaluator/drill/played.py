"""What came of a scenario: notifications that were accepted, what was decided besides, what the API showed.

Instants are counted from the scenario's beginning, whoever played it.
"""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Pairs
from evaluator.drill.scenario import Show, ShownAlert


@frozen
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


@frozen
class Told:
    """A notification that an integration accepted. at: when it was asked to. reason: why; empty when nobody says."""

    at: timedelta
    integration: str
    alerts: tuple[ToldAlert, ...]
    reason: str = ""


@frozen
class Untold:
    """A flush that told nothing, or an attempt that failed, and why."""

    at: timedelta
    integration: str
    reason: str


@frozen
class Shown:
    """What the API showed when a scenario looked."""

    show: Show
    alerts: tuple[ShownAlert, ...]


@frozen
class Mishap:
    """Something that the scenario asked for and that was refused."""

    at: timedelta
    text: str


@frozen
class Played:
    """Everything, each in the order of time."""

    told: tuple[Told, ...] = ()
    untold: tuple[Untold, ...] = ()
    shown: tuple[Shown, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
