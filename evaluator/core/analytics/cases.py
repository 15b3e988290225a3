"""One incident as figures see it: what its record, its timeline and its pages say of it, put together.

Times of people begin when a provider accepted the first page, not when the incident opened: what the evaluator and a channel
take is shown apart. An incident that nobody acknowledged has no time to acknowledge; neither nought nor the time to its end
stands in for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    Moment,
    PageKind,
    PageRecord,
    PageState,
    Resolution,
)

TRANSIENT = timedelta(minutes=10)
"""What is over by itself within this time, and nobody touched, was transient."""

_TOUCHED = frozenset({Happening.ACKED, Happening.ACK_COUNTED, Happening.NOTE, Happening.SNOOZED, Happening.JOINED})


@dataclass(frozen=True, slots=True)
class Case:
    """An incident and what is known of it. pages: those that were accepted and disturb, in the order in which they were."""

    incident: IncidentRecord
    moments: tuple[Moment, ...]
    pages: tuple[PageRecord, ...]

    @property
    def drill(self) -> bool:
        """Whether it was none in earnest."""
        return bool(self.incident.labels.get("drill") == "true")

    @property
    def counts(self) -> bool:
        """Whether it is part of the figures: no drill, and not closed because nothing could be asked."""
        return not self.drill and self.incident.resolution is not Resolution.STALE

    @property
    def paged_at(self) -> datetime | None:
        """When the first page was accepted."""
        return min((page.sent_at for page in self.pages if page.sent_at is not None), default=None)

    @property
    def acked_at(self) -> datetime | None:
        """When somebody first acknowledged, in the first climb."""
        return next((one.at for one in self.moments if one.what is Happening.ACKED and one.epoch == 1), None)

    @property
    def answered_at_level(self) -> int | None:
        """The highest level that had been told when somebody acknowledged."""
        return next((one.level for one in self.moments if one.what is Happening.ACKED and one.epoch == 1), None)

    @property
    def to_detect(self) -> timedelta | None:
        """From the first sample over the threshold to the opening: `for`, `group_wait` and the evaluator's own lag."""
        began_at = self.incident.began_at
        return max(timedelta(0), self.incident.opened_at - began_at) if began_at is not None else None

    @property
    def to_notify(self) -> timedelta | None:
        """From the opening to the first page that was accepted."""
        return self.paged_at - self.incident.opened_at if self.paged_at is not None else None

    @property
    def to_acknowledge(self) -> timedelta | None:
        """From the first page that was accepted to the first acknowledgement."""
        if self.acked_at is None or self.paged_at is None:
            return None
        return max(timedelta(0), self.acked_at - self.paged_at)

    @property
    def to_acknowledge_from_start(self) -> timedelta | None:
        """From the opening to the first acknowledgement, as others count."""
        return self.acked_at - self.incident.opened_at if self.acked_at is not None else None

    @property
    def to_resolve(self) -> timedelta | None:
        """From the opening to the end, where its alerts said that it was over."""
        over = self.incident.resolved_at
        by_itself = self.incident.resolution is Resolution.CONDITION
        return over - self.incident.opened_at if over is not None and by_itself else None

    @property
    def levels(self) -> int:
        """How many levels were told at most, in one climb."""
        return max((one.level + 1 for one in self.moments if one.what is Happening.LEVEL), default=0)

    @property
    def transient(self) -> bool:
        """Whether it was over by itself soon, and nobody had a hand in it."""
        took = self.to_resolve
        return took is not None and took <= TRANSIENT and not any(one.what in _TOUCHED for one in self.moments)


def cases(incidents: Iterable[IncidentRecord], moments: Iterable[Moment], pages: Iterable[PageRecord]) -> Iterator[Case]:
    """Put together what belongs together."""
    lines: defaultdict[int, list[Moment]] = defaultdict(list)
    sent: defaultdict[int, list[PageRecord]] = defaultdict(list)
    for moment in moments:
        lines[moment.incident].append(moment)
    for page in pages:
        if page.kind is PageKind.PAGE and page.state is PageState.SENT:
            sent[page.incident].append(page)
    for incident in incidents:
        told = sorted(sent[incident.number], key=lambda page: (page.sent_at or page.created_at, page.id))
        yield Case(incident, tuple(sorted(lines[incident.number], key=lambda one: one.at)), tuple(told))
