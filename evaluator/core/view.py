"""A running evaluator, as those see it who show it to people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from evaluator.core.engine import Machine
from evaluator.core.events import Event
from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageRecord
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Attempt, Decision, Transition
from evaluator.core.settings import Settings


class UnavailableError(Exception):
    """What was asked for cannot be had at the moment; the text says why. later: it was taken in, and is done when it can be."""

    def __init__(self, why: str, *, later: bool = False) -> None:
        super().__init__(f"{why}; as soon as that is over, what was asked for is done all the same" if later else why)
        self.later = later

    @property
    def verdict(self) -> str:
        """What it comes to for whoever asked, to be followed by the text."""
        return "nothing was changed yet" if self.later else "nothing was changed"


class View(Protocol):
    """Something to look at, and to tell of what people want. The machine may be read, not changed."""

    @property
    def machine(self) -> Machine:
        """The machine as it stands."""

    @property
    def settings(self) -> Settings:
        """The configuration in force."""

    @property
    def now(self) -> datetime:
        """The present instant."""

    @property
    def started_at(self) -> datetime:
        """When this process began."""

    @property
    def unready(self) -> str:
        """Why it is not ready; empty when it is."""

    @property
    def unhealthy(self) -> str:
        """Why it does not work; empty when it does."""

    @property
    def reload_successful(self) -> bool:
        """Whether the last reload was taken over; true before the first."""

    def texts(self, annotations: Annotations, alert: str) -> dict[str, str]:
        """Annotations as they read now. alert: its name, which errors of templates mention."""

    async def submit(self, event: Event) -> None:
        """Let the machine handle `event`; returns once what came of it has been kept. Raises UnavailableError."""

    async def changed(self, since: int) -> int | None:
        """Wait for anything that people can see to change; gives the number of the newest change, None once it is all over.

        since: the number that is known; with a number that is not the newest it returns at once.
        """

    async def transitions(self, limit: int, fingerprint: str | None = None) -> Sequence[Transition]:
        """The newest state changes of alerts, or of one, newest first. Raises UnavailableError.

        fingerprint: of the labels that its rule gives it, which lack those that are external.
        """

    async def decisions(self, group: str | None, limit: int) -> Sequence[Decision]:
        """The newest flush decisions, newest first. Raises UnavailableError."""

    async def attempts(self, group: str | None, limit: int) -> Sequence[Attempt]:
        """The newest attempts at deliveries, newest first. Raises UnavailableError."""

    async def transitions_between(self, since: datetime, until: datetime, limit: int) -> Sequence[Transition]:
        """State changes of alerts between two instants, newest first. Raises UnavailableError."""

    async def incident(self, number: int) -> IncidentRecord | None:
        """An incident, as long as it is kept. Raises UnavailableError."""

    async def incidents(
        self, states: Collection[IncidentState], until: datetime | None, limit: int
    ) -> Sequence[IncidentRecord]:
        """Incidents in these states that opened before `until`, newest first. Raises UnavailableError."""

    async def moments(self, number: int) -> Sequence[Moment]:
        """The timeline of an incident, from its beginning. Raises UnavailableError."""

    async def pages(self, number: int) -> Sequence[PageRecord]:
        """The messages about an incident, in the order in which they were planned. Raises UnavailableError."""


async def changes_of(view: View, labels: Labels, most: int) -> Sequence[Transition]:
    """The newest changes of the state of the alert that has these labels outside, newest first. Raises UnavailableError."""
    external = view.settings.external_labels
    given = labels.without(*(name for name, value in external.items() if labels.get(name) == value))
    noted = [one for name in {labels.fingerprint, given.fingerprint} for one in await view.transitions(most, name)]
    mine = [one for one in noted if one.labels.filled_from(external) == labels]
    return sorted(mine, key=lambda one: one.at, reverse=True)[:most]
