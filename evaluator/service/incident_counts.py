"""What is counted about incidents as it happens. Drills are not: figures are about nights that were in earnest."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from evaluator.core.analytics.cases import ANSWERS, is_drill
from evaluator.core.analytics.summary import Summary
from evaluator.core.effects import Effect, Note, Save
from evaluator.core.incidents.incidents import Incidents
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    IncidentState,
    Moment,
    PageKind,
    PageRecord,
    PageState,
    Resolution,
)

OUTCOMES = (PageState.SENT, PageState.FAILED, PageState.CANCELLED)
"""What becomes of a page."""
ACKNOWLEDGE_SECONDS = (60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
RESOLVE_SECONDS = (60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0, 86400.0)


@dataclass(slots=True)
class Durations:
    """How many did not exceed each bound, in seconds; the last one is endless. total: in seconds."""

    bounds: Sequence[float]
    counts: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, span: timedelta) -> None:
        """Once more."""
        seconds = max(0.0, span.total_seconds())
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    @property
    def buckets(self) -> list[tuple[float, int]]:
        """Each bound with how many did not exceed it."""
        return [(bound, sum(self.counts[: number + 1])) for number, bound in enumerate((*self.bounds, inf))]


@dataclass(slots=True)
class IncidentCounts:
    """Since the start. pages: by way and state. answered: numbers of open incidents whose first answer has been seen.

    summary: of the last week, as it was when it was last looked up; None before.
    """

    moments: Counter[Happening] = field(default_factory=Counter)
    pages: Counter[tuple[str, str]] = field(default_factory=Counter)
    acknowledge: Durations = field(default_factory=lambda: Durations(ACKNOWLEDGE_SECONDS))
    resolve: Durations = field(default_factory=lambda: Durations(RESOLVE_SECONDS))
    answered: set[int] = field(default_factory=set)
    summary: Summary | None = None

    def restored(self, incidents: Incidents) -> None:
        """Remember which incidents somebody had answered to before the start, so that nobody's second answer counts."""
        self.answered = {record.number for record in incidents.table.values() if record.open and not _unanswered(record)}

    def kept(self, effects: Iterable[Effect], incidents: Incidents) -> None:
        """Count what came of a step. incidents: as they are after it."""
        for effect in effects:
            match effect:
                case Note(Moment() as moment):
                    record = incidents.table.get(moment.incident)
                    if record is not None and not is_drill(record):
                        self._count(moment, record, incidents)
                case Save(PageRecord(kind=PageKind.PAGE) as page) if page.state in OUTCOMES:
                    self.pages[way_of(page.way), str(page.state)] += 1
                case _:
                    pass

    def _count(self, moment: Moment, record: IncidentRecord, incidents: Incidents) -> None:
        self.moments[moment.what] += 1
        if moment.what in ANSWERS and record.number not in self.answered and not record.flaps:
            self.answered.add(record.number)
            told = [page.sent_at for page in incidents.pages_of(record.number) if page.kind is PageKind.PAGE]
            first = min((at for at in told if at is not None), default=None)
            if first is not None:
                self.acknowledge.add(moment.at - first)
        elif moment.what is Happening.RESOLVED:
            self.answered.discard(record.number)
            if record.resolution is Resolution.CONDITION:
                self.resolve.add(moment.at - record.opened_at)


def way_of(integration: str) -> str:
    """`sms`, or the kind of an integration of a receiver: `webhook` for `webhook[2]`."""
    return integration.partition("[")[0]


def _unanswered(record: IncidentRecord) -> bool:
    """Whether all climbs so far followed from nobody's answering."""
    triggered = record.state is IncidentState.TRIGGERED and record.acked_at is None
    return triggered and not record.flaps and record.epoch == record.rounds + 1
