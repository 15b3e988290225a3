"""How pages go out: when one is due, the incident is looked at again, and only then an outbox row is made of it.

From then on it is delivered like any notification. A retry looks again, too. So whatever happens between two attempts, nobody
is called for what somebody else has acknowledged. Nobody gets more messages than they can read: `turns` says when each may go
out, and what goes out with it. Where notifications arrive at the same destination, pages take from the same bucket; the first
about an incident by each way does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.events import DeliveryFailed
from evaluator.core.incidents.page_table import MADE_UP, PageTable
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    IncidentState,
    Moment,
    PageKind,
    PageRecord,
    PageState,
    Pairs,
)
from evaluator.core.incidents.turns import GATHERING, Turns, naming
from evaluator.core.journal import Journal
from evaluator.core.notifying.backoff import delay
from evaluator.core.notifying.pacing import LONGEST_HOLD, Pacing
from evaluator.core.records import TEMPLATE_ERROR, Notification, OutboxRecord
from evaluator.core.timers import Timers

PAGE = "page"
"""Of timers."""
INCIDENT = "incident:"
"""Begins the `group` of an outbox row that is about an incident."""
REFUSED = timedelta(minutes=5)
"""After which the end of an incident is told again to whoever refused to hear of it."""

Compose = Callable[[IncidentRecord, PageRecord, datetime], Notification]


class Sending:
    """record_of: the incident with a number. compose: what a page says at an instant. known: whether an integration is there.

    arrived: a page was accepted, or may have been just before it was taken back.
    """

    def __init__(
        self,
        table: PageTable,
        timers: Timers,
        journal: Journal,
        record_of: Callable[[int], IncidentRecord],
        compose: Compose,
        known: Callable[[str], bool],
        arrived: Callable[[PageRecord, datetime], None],
        pacing: Pacing,
    ) -> None:
        self._table = table
        self._timers = timers
        self._journal = journal
        self._record_of = record_of
        self._compose = compose
        self._known = known
        self._arrived = arrived
        self._pacing = pacing
        self._rows: dict[str, OutboxRecord] = {}
        self._turns = Turns()
        self._along: dict[str, tuple[str, ...]] = {}
        self._dropped: set[str] = set()

    @property
    def rows(self) -> list[OutboxRecord]:
        """What is on its way."""
        return list(self._rows.values())

    def waits(self, integration: str) -> bool:
        """Whether anything is on its way to this integration."""
        return any(row.integration == integration for row in self._rows.values())

    def dropped(self) -> set[str]:
        """The integrations that rows were taken back from since the last call."""
        names, self._dropped = self._dropped, set()
        return names

    # -- attempts -----------------------------------------------------------------------------------------------------

    def plan(self, page: PageRecord, now: datetime) -> None:
        """Take a new page; it goes out when it is due."""
        self._table.keep(page)
        if page.due_at <= now:
            self._claim(page, now)
        else:
            self._timers.set((PAGE, page.id), page.due_at)

    def due(self, ident: str, now: datetime) -> None:
        """A page's time has come, its first or that of a retry."""
        if ident not in self._table:
            return
        page = self._table.page(ident)
        if page.state is PageState.PLANNED:
            self._claim(page, now)
        elif page.state is PageState.SENDING and (free := self._free_at(page, now)) > now:
            self._timers.set((PAGE, page.id), free)
        elif page.state is PageState.SENDING:
            self._send(page, now)

    def _free_at(self, page: PageRecord, now: datetime) -> datetime:
        """When the page's destination may be told something."""
        first = page.kind is PageKind.PAGE and self._table.first(page)
        return now if first else self._pacing.passes(page.integration, now)

    def _claim(self, page: PageRecord, now: datetime) -> None:
        record = self._record_of(page.incident)
        if not wanted(record, page):
            self._cancel(page)
        elif page.kind is PageKind.PAGE and record.holds:
            self._put_back(page)
        elif (free := self._free_at(page, now)) > now:
            self._table.keep(replace(page, due_at=free))
            self._timers.set((PAGE, page.id), free)
        elif (turn := self._turns.turn(page, lambda: self._table.first(page), now)) > now:
            self._table.keep(replace(page, due_at=turn))
            self._timers.set((PAGE, page.id), turn)
        else:
            self._send(replace(page, state=PageState.SENDING), now)

    def _send(self, page: PageRecord, now: datetime) -> None:
        """Make an attempt, saying what is true now."""
        self._timers.cancel((PAGE, page.id))
        record = self._record_of(page.incident)
        if not wanted(record, page):
            self._cancel(page)
        elif page.kind is PageKind.PAGE and record.holds:
            self._put_back(page)
        else:
            row = self._row(record, page, now)
            self._rows[page.id] = row
            self._table.keep(page)
            self._journal.save(row)
            self._journal.deliver(row)
            self._pacing.draw(page.integration, now)

    def _row(self, record: IncidentRecord, page: PageRecord, now: datetime) -> OutboxRecord:
        former = self._rows.get(page.id)
        if former is None or record.open:
            message = self._compose(record, replace(page, text=naming(page, self._take_along(page, now))), now)
        else:
            message = former.notification  # the alerts may be gone by now
        receiver = page.integration.rpartition("/")[0]
        created = former.created_at if former is not None else now
        group = f"{INCIDENT}{page.incident}"
        return OutboxRecord(page.id, group, receiver, page.integration, message, created, page.attempts, error=page.error)

    def _take_along(self, page: PageRecord, now: datetime) -> list[PageRecord]:
        """What this message stands for besides; each of these has a turn of its own if this one does not get through."""
        waiting = [one for one in self._turns.with_it(page) if self._may_go(one)]
        self._along[page.id] = tuple(one.id for one in waiting)
        for one in waiting:
            self._timers.set((PAGE, one.id), max(self._turns.next_turn(page, now), now + GATHERING))
        return waiting

    def _may_go(self, page: PageRecord) -> bool:
        record = self._record_of(page.incident)
        return wanted(record, page) and not (page.kind is PageKind.PAGE and record.holds)

    def _put_back(self, page: PageRecord) -> None:
        """The incident is held, so this waits; `resume` looks again."""
        self._timers.cancel((PAGE, page.id))
        self._turns.leave(page)
        if page.state is not PageState.PLANNED:
            self._drop_row(page)
            self._table.keep(replace(page, state=PageState.PLANNED))

    def withdraw(self, number: int, whom: str = "") -> None:
        """Do not send what is only planned, or waits for a retry. What is on its way cannot be called back."""
        for page in self._table.of(number):
            if page.kind not in MADE_UP or (whom and page.whom != whom):
                continue
            row = self._rows.get(page.id)
            waits = row is not None and row.retry_at is not None
            if page.state is PageState.PLANNED or (page.state is PageState.SENDING and waits):
                self._cancel(page)

    def resume(self, number: int, now: datetime) -> None:
        """Nothing holds the incident any more: what became due meanwhile is, and not late for that."""
        for page in self._table.of(number):
            if page.state is PageState.PLANNED and page.due_at <= now:
                self._claim(replace(page, due_at=now), now)

    # -- answers ------------------------------------------------------------------------------------------------------

    def delivered(self, ident: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A page was accepted; None when it is none of ours."""
        row = self._rows.pop(ident, None)
        if row is None:
            return None
        page = self._table.page(ident)
        called = tuple(pair for pair in receipt if pair[0] != TEMPLATE_ERROR)
        page = replace(page, state=PageState.SENT, sent_at=now, receipt=called, attempts=page.attempts + 1, error="")
        self._table.keep(page)
        self._journal.forget(OutboxRecord, row.key)
        if page.kind is not PageKind.UPDATE:
            self._note(page, Happening.PAGED, f"{_words(page)}: accepted", now)
        self._arrived(page, now)
        for along in self._along.pop(page.id, ()):
            self._told_along(along, page, now)
        return row

    def _told_along(self, ident: str, by: PageRecord, now: datetime) -> None:
        """A page was told by another one's message; also if it was taken back while that was on its way."""
        if ident not in self._table:
            return
        page = self._table.page(ident)
        if page.state in (PageState.PLANNED, PageState.CANCELLED):
            self._timers.cancel((PAGE, ident))
            self._turns.leave(page)
            self._table.keep(replace(page, state=PageState.SENT, sent_at=now))
            self._note(page, Happening.PAGED, f"{_words(page)}: accepted, in the message about incident {by.incident}", now)
            self._arrived(page, now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt at a page was not accepted; None when it is none of ours."""
        row = self._rows.get(event.outbox)
        if row is None:
            return None
        page = self._table.page(event.outbox)
        may_have = now if event.unknown else page.sent_at
        page = replace(page, attempts=page.attempts + 1, error=event.error, sent_at=may_have)
        if event.permanent and (page.kind is not PageKind.RESOLVED or not self._known(page.integration)):
            self._drop_row(page)
            self._table.keep(replace(page, state=PageState.FAILED))
            self._note(page, Happening.PAGE_FAILED, f"{_words(page)}: {event.error}", now)
        elif not wanted(self._record_of(page.incident), page):
            self._cancel(page)
            if event.unknown:
                self._arrived(page, now)
        else:
            row = self._try_again(row, page, event, now)
        return row

    def _try_again(self, row: OutboxRecord, page: PageRecord, event: DeliveryFailed, now: datetime) -> OutboxRecord:
        asked = min(timedelta(seconds=event.retry_after or 0), LONGEST_HOLD)
        wait = REFUSED if event.permanent else max(delay(page.id, page.attempts), asked)
        if asked and not event.permanent:
            self._pacing.hold(self._pacing.destinations.service(page.integration), now, now + asked)
        row = replace(row, attempts=page.attempts, retry_at=now + wait, error=event.error)
        self._rows[page.id] = row
        self._table.keep(page)
        self._journal.save(row)
        self._timers.set((PAGE, page.id), now + wait)
        if page.attempts == 1:
            self._note(page, Happening.PAGE_FAILED, f"{_words(page)}, tried again: {event.error}", now)
        return row

    # -- keeping ------------------------------------------------------------------------------------------------------

    def restore(self, rows: Iterable[OutboxRecord], now: datetime) -> None:
        """Take everything back, once the pages are there. What was on its way is sent again: nobody knows whether it arrived.

        Timers keep their times though these may be past, so that what was planned first goes out before the ladder goes on.
        """
        for row in rows:
            if row.id in self._table:
                page = self._table.page(row.id)
                self._rows[row.id] = row
                if row.retry_at is None:
                    self._table.place(replace(page, sent_at=page.sent_at or now))
                self._timers.set((PAGE, row.id), row.retry_at or page.due_at)
            else:
                self._journal.forget(OutboxRecord, row.key)
        for page in self._table:
            if page.state is PageState.PLANNED:
                self._timers.set((PAGE, page.id), page.due_at)

    def forget(self, number: int) -> None:
        """The incident is not at hand any more."""
        for page in self._table.of(number):
            self._timers.cancel((PAGE, page.id))
            self._turns.leave(page)
            self._drop_row(page)

    def _cancel(self, page: PageRecord) -> None:
        self._timers.cancel((PAGE, page.id))
        self._turns.leave(page)
        self._drop_row(page)
        self._table.keep(replace(page, state=PageState.CANCELLED))

    def _drop_row(self, page: PageRecord) -> None:
        self._along.pop(page.id, None)
        row = self._rows.pop(page.id, None)
        if row is not None:
            self._dropped.add(page.integration)
            self._journal.forget(OutboxRecord, row.key)

    def _note(self, page: PageRecord, what: Happening, detail: str, now: datetime) -> None:
        self._journal.note(Moment(now, page.incident, page.epoch, what, detail, level=page.level))


def wanted(record: IncidentRecord, page: PageRecord) -> bool:
    """Whether a page still has a point."""
    match page.kind:
        case PageKind.PAGE:
            return record.state is IncidentState.TRIGGERED and record.epoch == page.epoch
        case PageKind.REMINDER:
            return record.state is IncidentState.ACKED and record.epoch == page.epoch
        case PageKind.NOTICE | PageKind.UPDATE:
            return record.open
        case PageKind.RESOLVED:
            return not record.open


def _words(page: PageRecord) -> str:
    return f"{page.whom} by {page.way}" if page.kind is PageKind.PAGE else f"{page.kind} to {page.whom} by {page.way}"
