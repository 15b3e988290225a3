"""One incident as figures see it: what its record, its timeline and its pages say of it, put together.

Times of people begin when a provider accepted the first page, not when the incident opened: what the evaluator and a channel
take is shown apart. An incident that nobody acknowledged has no time to acknowledge; neither nought nor the time to its end
stands in for one. Whoever puts an incident off has answered, too. A ladder that is climbed again because nobody answered is
the same wait; an incident that was over and began again is not waited for a second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    Moment,
    PageKind,
    PageRecord,
    PageState,
    Resolution,
)

DRY_RUN = "(dry run: "
"""In the name of a policy that is climbed without waking anybody."""

TRANSIENT = timedelta(minutes=10)
"""What is over by itself within this time, and nobody touched, was transient."""

ANSWERS = frozenset({Happening.ACKED, Happening.SNOOZED})
"""By these somebody has taken notice."""

_AFTERWARDS = frozenset({Happening.LABELLED, Happening.REFUSED})


def is_drill(record: IncidentRecord) -> bool:
    """Whether it was none in earnest: an alert of a drill, or a route whose ladder is only tried."""
    return bool(record.labels.get("drill")) or DRY_RUN in record.policy.name


@frozen
class Case:
    """An incident and what is known of it. pages: those that were accepted and disturb, in the order in which they were."""

    incident: IncidentRecord
    moments: tuple[Moment, ...]
    pages: tuple[PageRecord, ...]

    @property
    def drill(self) -> bool:
        """Whether it was none in earnest."""
        return is_drill(self.incident)

    @property
    def counts(self) -> bool:
        """Whether it is part of the figures: no drill, and not closed because nothing could be asked."""
        return not self.drill and self.incident.resolution is not Resolution.STALE

    @property
    def paged_at(self) -> datetime | None:
        """When the first page was accepted."""
        return min((page.sent_at for page in self.pages if page.sent_at is not None), default=None)

    @property
    def answer(self) -> Moment | None:
        """The first answer of a person, before the incident was over for the first time."""
        for moment in self.moments:
            if moment.what is Happening.REOPENED:
                return None
            if moment.what in ANSWERS:
                return moment
        return None

    @property
    def acked_at(self) -> datetime | None:
        """When somebody answered first."""
        return self.answer.at if self.answer is not None else None

    @property
    def answered_at_level(self) -> int | None:
        """The highest level of the climb that had been told when somebody answered."""
        return self.answer.level if self.answer is not None else None

    @property
    def ever_answered(self) -> bool:
        """Whether anybody answered at any time, also after it had begun again."""
        return any(one.what in ANSWERS for one in self.moments)

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
        """From the first page that was accepted to the first answer; nought if somebody was quicker than that."""
        if self.acked_at is None or self.paged_at is None:
            return None
        return max(timedelta(0), self.acked_at - self.paged_at)

    @property
    def to_acknowledge_from_start(self) -> timedelta | None:
        """From the opening to the first answer, as others count."""
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
        return took is not None and took <= TRANSIENT and not any(map(_touched, self.moments))


def _touched(moment: Moment) -> bool:
    """Whether somebody did something about it while it lasted, or more of it fired."""
    return moment.what is Happening.JOINED or (bool(moment.by) and moment.what not in _AFTERWARDS)


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
