"""Pages: what goes out to people about an incident, each at most once, and none that nobody needs any more.

A page is planned in the step in which its level fires, and kept under a key that can exist once. When it is due, the incident
is looked at again: only then an outbox row is made of it, and from then on it is delivered like any notification. A retry looks
again, too. So whatever happens between two attempts, nobody is called for what somebody else has acknowledged.

Nobody gets more messages than they can read: `turns` says when each may go out, and what goes out with it. Messages that a
service lets us change are changed when the incident is; changes that come while one is under way are one change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.backoff import delay
from evaluator.core.events import DeliveryFailed
from evaluator.core.incidents.policy import OnResolve
from evaluator.core.incidents.reach import AT_ONCE, CHANNELS, Directory, Reached, Way
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
from evaluator.core.incidents.steps import Audience
from evaluator.core.incidents.turns import GATHERING, Turns, naming
from evaluator.core.journal import Journal
from evaluator.core.receivers import Integration
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import TEMPLATE_ERROR, Notification, OutboxRecord
from evaluator.core.timers import Timers

PAGE = "page"
"""Of timers."""
INCIDENT = "incident:"
"""Begins the `group` of an outbox row that is about an incident."""
CHANGEABLE = (SlackSettings, TelegramSettings, PagerdutySettings)
"""Services that are told when an incident changes, as a change of what they were told before."""

REFUSED = timedelta(minutes=5)
"""After which the end of an incident is told again to whoever refused to hear of it."""

_CANCELLED = PageState.CANCELLED
_MADE_UP = frozenset({PageKind.PAGE, PageKind.REMINDER, PageKind.NOTICE})

Compose = Callable[[IncidentRecord, PageRecord, datetime], Notification]


class Pages:
    """The pages of all incidents at hand. record_of: the incident with a number. compose: what a page says at an instant."""

    def __init__(
        self,
        timers: Timers,
        journal: Journal,
        record_of: Callable[[int], IncidentRecord],
        compose: Compose,
        directory: Directory,
    ) -> None:
        self.directory = directory
        self._timers = timers
        self._journal = journal
        self._record_of = record_of
        self._compose = compose
        self._pages: dict[int, dict[str, PageRecord]] = {}
        self._places: dict[str, int] = {}
        self._rows: dict[str, OutboxRecord] = {}
        self._turns = Turns()
        self._along: dict[str, tuple[str, ...]] = {}
        self._changed_again: set[tuple[int, str]] = set()
        self._dropped: set[str] = set()

    @property
    def rows(self) -> list[OutboxRecord]:
        """What is on its way."""
        return list(self._rows.values())

    def of(self, number: int) -> list[PageRecord]:
        """All pages about an incident, in the order in which they were planned."""
        return list(self._pages.get(number, {}).values())

    def page(self, ident: str) -> PageRecord:
        """The page with that id, of an incident at hand. Raises KeyError."""
        return self._pages[self._places[ident]][ident]

    def waits(self, integration: str) -> bool:
        """Whether anything is on its way to this integration."""
        return any(row.integration == integration for row in self._rows.values())

    def dropped(self) -> set[str]:
        """The integrations that rows were taken back from since the last call."""
        names, self._dropped = self._dropped, set()
        return names

    # -- planning -----------------------------------------------------------------------------------------------------

    def climb(self, record: IncidentRecord, late: timedelta, now: datetime) -> Reached:
        """Page whom the incident's level means; gives who is reached."""
        reached = self.directory.reach(record.policy.levels[record.level], record.component, now)
        for way in reached.ways:
            self._plan(record, way, PageKind.PAGE, now, late=late)
        return reached

    def called(self, record: IncidentRecord) -> bool:
        """Whether the climb has come to anybody, beyond channels."""
        pages = [page for page in self.of(record.number) if page.kind is PageKind.PAGE and page.epoch == record.epoch]
        return any(not page.whom.startswith(CHANNELS) for page in pages)

    def inform(self, record: IncidentRecord, kind: PageKind, audience: Audience, text: str, now: datetime) -> None:
        """Tell an audience something beyond pages."""
        if kind is PageKind.RESOLVED:
            self._tell_resolved(record, text, now)
            return
        serial = sum(page.kind is kind for page in self.of(record.number)) + 1
        for way in self._audience(record, audience, now):
            self._plan(record, way, kind, now, serial=serial, text=text)

    def refresh(self, record: IncidentRecord, now: datetime) -> None:
        """Let messages that can be changed show how things stand."""
        if record.open:  # that it is over is told anyway
            for way in dict.fromkeys(_same_way(page, now) for page in self._told(record)):
                self._change(record, way, now)

    def _change(self, record: IncidentRecord, way: Way, now: datetime) -> None:
        if not self._changeable(way.integration):
            return
        updates = [one for one in self.of(record.number) if one.kind is PageKind.UPDATE and one.integration == way.integration]
        if any(one.state is PageState.SENDING for one in updates):
            self._changed_again.add((record.number, way.integration))
        else:
            self._plan(record, way, PageKind.UPDATE, now, serial=len(updates) + 1)

    def _known(self, integration: str) -> Integration | None:
        """The integration with this lane name, if there still is one."""
        receiver, _, name = integration.rpartition("/")
        known = self.directory.lanes.get(receiver)
        return next((one for one in known.integrations if one.name == name), None) if known is not None else None

    def _changeable(self, integration: str) -> bool:
        known = self._known(integration)
        return known is not None and isinstance(known.settings, CHANGEABLE)

    def _tell_resolved(self, record: IncidentRecord, text: str, now: datetime) -> None:
        if record.policy.on_resolve is OnResolve.NONE:
            return
        ended = self._ended(record)
        for way in dict.fromkeys(_same_way(page, now) for page in self._told(record) if page.epoch > ended(page)):
            self._tell_end(record, way, text, now)
        if record.policy.on_resolve is OnResolve.ALL:
            for level in record.policy.levels[record.level + 1 :]:
                for way in self.directory.reach(level, record.component, now).ways:
                    self._tell_end(record, _now(way, now), text, now)

    def _ended(self, record: IncidentRecord) -> Callable[[PageRecord], int]:
        """Up to which climb whoever got a page has been told the end: an incident that begins again may end without them."""
        ends = [page for page in self.of(record.number) if page.kind is PageKind.RESOLVED and page.state is not _CANCELLED]
        last = {page.integration: page.epoch for page in sorted(ends, key=lambda one: one.epoch)}
        return lambda page: last.get(page.integration, 0)

    def _tell_end(self, record: IncidentRecord, way: Way, text: str, now: datetime, serial: int = 0) -> None:
        known = self._known(way.integration)
        if known is not None and known.send_resolved:
            self._plan(record, way, PageKind.RESOLVED, now, serial=serial, text=text)

    def _tell_end_again(self, record: IncidentRecord, page: PageRecord, now: datetime) -> None:
        """A page was on its way when the incident ended: whoever reads it must not take it for the newest message."""
        told = [
            one
            for one in self.of(record.number)
            if (one.kind, one.integration, one.epoch) == (PageKind.RESOLVED, page.integration, record.epoch)
        ]
        if not any(one.state is PageState.PLANNED for one in told) and record.policy.on_resolve is not OnResolve.NONE:
            self._tell_end(record, _same_way(page, now), "it was over before this message arrived", now, len(told))

    def _told(self, record: IncidentRecord) -> Iterator[PageRecord]:
        """What was sent about this incident, or may have been."""
        return (page for page in self.of(record.number) if page.sent_at is not None and page.kind in _MADE_UP)

    def _audience(self, record: IncidentRecord, audience: Audience, now: datetime) -> Iterable[Way]:
        if audience is Audience.CHANNELS and record.policy.levels:
            channels = self.directory.channels(record.policy.levels[0], now)
            if channels:
                return channels
        owner = record.owner or self.directory.owner_of(record.component)
        told = {_same_way(page, now) for page in self._told(record) if page.whom == owner}
        ways = tuple(sorted(told, key=lambda way: way.way)) or self.directory.ways_to(owner, now)
        if ways or not record.policy.levels:
            return ways
        level = record.policy.levels[max(record.level, 0)]
        return [_now(way, now) for way in self.directory.reach(level, record.component, now).ways if way.offset == AT_ONCE]

    def _plan(
        self,
        record: IncidentRecord,
        way: Way,
        kind: PageKind,
        now: datetime,
        *,
        serial: int = 0,
        late: timedelta = AT_ONCE,
        text: str = "",
    ) -> None:
        page = PageRecord(
            record.number,
            record.epoch,
            record.level,
            way.whom,
            way.way,
            way.offset,
            kind,
            serial,
            way.integration,
            max(way.due_at, now),
            now,
            late=late,
            text=text,
        )
        if page.id in self._places:
            return
        self._keep(page)
        if page.due_at <= now:
            self._claim(page, now)
        else:
            self._timers.set((PAGE, page.id), page.due_at)

    # -- sending ------------------------------------------------------------------------------------------------------

    def due(self, ident: str, now: datetime) -> None:
        """A page's time has come, its first or that of a retry."""
        if ident not in self._places:
            return
        page = self.page(ident)
        if page.state is PageState.PLANNED:
            self._claim(page, now)
        elif page.state is PageState.SENDING:
            self._send(page, now)

    def _claim(self, page: PageRecord, now: datetime) -> None:
        record = self._record_of(page.incident)
        if not _wanted(record, page):
            self._cancel(page)
        elif page.kind is PageKind.PAGE and record.holds:
            self._put_back(page)
        elif (turn := self._turns.turn(page, lambda: self._first(page), now)) > now:
            self._keep(replace(page, due_at=turn))
            self._timers.set((PAGE, page.id), turn)
        else:
            self._send(replace(page, state=PageState.SENDING), now)

    def _first(self, page: PageRecord) -> bool:
        """Whether nothing about the incident has been sent by the same way."""
        others = (one for one in self.of(page.incident) if one.integration == page.integration and one.id != page.id)
        return not any(one.state in (PageState.SENDING, PageState.SENT) for one in others)

    def _send(self, page: PageRecord, now: datetime) -> None:
        """Make an attempt, saying what is true now."""
        self._timers.cancel((PAGE, page.id))
        record, former = self._record_of(page.incident), self._rows.get(page.id)
        if not _wanted(record, page):
            self._cancel(page)
            return
        if page.kind is PageKind.PAGE and record.holds:
            self._put_back(page)
            return
        if former is None or record.open:
            message = self._compose(record, replace(page, text=naming(page, self._take_along(page, now))), now)
        else:
            message = former.notification  # the alerts may be gone by now
        receiver = page.integration.rpartition("/")[0]
        created = former.created_at if former is not None else now
        group = f"{INCIDENT}{page.incident}"
        row = OutboxRecord(page.id, group, receiver, page.integration, message, created, page.attempts, error=page.error)
        self._rows[page.id] = row
        self._keep(page)
        self._journal.save(row)
        self._journal.deliver(row)

    def _take_along(self, page: PageRecord, now: datetime) -> list[PageRecord]:
        """What this message stands for besides; each of these has a turn of its own if this one does not get through."""
        waiting = [one for one in self._turns.with_it(page) if self._may_go(one)]
        self._along[page.id] = tuple(one.id for one in waiting)
        for one in waiting:
            self._timers.set((PAGE, one.id), max(self._turns.next_turn(page, now), now + GATHERING))
        return waiting

    def _may_go(self, page: PageRecord) -> bool:
        record = self._record_of(page.incident)
        return _wanted(record, page) and not (page.kind is PageKind.PAGE and record.holds)

    def _put_back(self, page: PageRecord) -> None:
        """The incident is held, so this waits; `resume` looks again."""
        self._timers.cancel((PAGE, page.id))
        self._turns.leave(page)
        if page.state is not PageState.PLANNED:
            self._drop_row(page)
            self._keep(replace(page, state=PageState.PLANNED))

    def withdraw(self, record: IncidentRecord, whom: str = "") -> None:
        """Do not send what is only planned, or waits for a retry. What is on its way cannot be called back."""
        for page in self.of(record.number):
            if page.kind not in _MADE_UP or (whom and page.whom != whom):
                continue
            row = self._rows.get(page.id)
            waits = row is not None and row.retry_at is not None
            if page.state is PageState.PLANNED or (page.state is PageState.SENDING and waits):
                self._cancel(page)

    def resume(self, record: IncidentRecord, now: datetime) -> None:
        """Nothing holds the incident any more: what became due meanwhile is, and not late for that."""
        for page in self.of(record.number):
            if page.state is PageState.PLANNED and page.due_at <= now:
                self._claim(replace(page, due_at=now), now)

    # -- answers ------------------------------------------------------------------------------------------------------

    def delivered(self, ident: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A page was accepted; None when it is none of ours."""
        row = self._rows.pop(ident, None)
        if row is None:
            return None
        page = self.page(ident)
        called = tuple(pair for pair in receipt if pair[0] != TEMPLATE_ERROR)
        self._keep(replace(page, state=PageState.SENT, sent_at=now, receipt=called, attempts=page.attempts + 1, error=""))
        self._journal.forget(OutboxRecord, row.key)
        if page.kind is not PageKind.UPDATE:
            self._note(page, Happening.PAGED, f"{_words(page)}: accepted", now)
        self._catch_up(page, now)
        for along in self._along.pop(page.id, ()):
            self._told_along(along, page, now)
        return row

    def _told_along(self, ident: str, by: PageRecord, now: datetime) -> None:
        """A page was told by another one's message; also if it was taken back while that was on its way."""
        if ident not in self._places:
            return
        page = self.page(ident)
        if page.state in (PageState.PLANNED, PageState.CANCELLED):
            self._timers.cancel((PAGE, ident))
            self._turns.leave(page)
            self._keep(replace(page, state=PageState.SENT, sent_at=now))
            self._note(page, Happening.PAGED, f"{_words(page)}: accepted, in the message about incident {by.incident}", now)
            self._catch_up(page, now)

    def _catch_up(self, page: PageRecord, now: datetime) -> None:
        """What has changed while a message was on its way is told now."""
        record, way = self._record_of(page.incident), _same_way(page, now)
        if page.kind is PageKind.UPDATE and (page.incident, page.integration) in self._changed_again:
            self._changed_again.discard((page.incident, page.integration))
            if record.open:
                self._change(record, way, now)
        elif page.kind in _MADE_UP and not record.open:
            self._tell_end_again(record, page, now)
        elif page.kind is PageKind.PAGE and record.state is not IncidentState.TRIGGERED:
            self._change(record, way, now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt at a page was not accepted; None when it is none of ours."""
        row = self._rows.get(event.outbox)
        if row is None:
            return None
        page = self.page(event.outbox)
        may_have = now if event.unknown else page.sent_at
        page = replace(page, attempts=page.attempts + 1, error=event.error, sent_at=may_have)
        record = self._record_of(page.incident)
        if event.permanent and (page.kind is not PageKind.RESOLVED or self._known(page.integration) is None):
            self._drop_row(page)
            self._keep(replace(page, state=PageState.FAILED))
            self._note(page, Happening.PAGE_FAILED, f"{_words(page)}: {event.error}", now)
        elif not _wanted(record, page):
            self._cancel(page)
            if event.unknown and page.kind in _MADE_UP and not record.open:
                self._tell_end_again(record, page, now)
        else:
            wait = REFUSED if event.permanent else max(delay(page.id, page.attempts), timedelta(seconds=event.retry_after or 0))
            row = replace(row, attempts=page.attempts, retry_at=now + wait, error=event.error)
            self._rows[page.id] = row
            self._keep(page)
            self._journal.save(row)
            self._timers.set((PAGE, page.id), now + wait)
            if page.attempts == 1:
                self._note(page, Happening.PAGE_FAILED, f"{_words(page)}, tried again: {event.error}", now)
        return row

    def lost(self, ident: str) -> bool:
        """Whether the level that this page belongs to has reached nobody: all that it sent was refused for good.

        As in `reach`, channels do not count where people are meant.
        """
        page = self.page(ident)
        same = [
            one for one in self.of(page.incident) if (one.epoch, one.level, one.kind) == (page.epoch, page.level, PageKind.PAGE)
        ]
        meant = [one for one in same if not one.whom.startswith(CHANNELS)] or same
        return page in meant and all(one.state is PageState.FAILED for one in meant)

    def root(self, page: PageRecord) -> Pairs:
        """What the provider called the first message about this incident by the same way."""
        before = (one for one in self.of(page.incident) if one.integration == page.integration and one.receipt)
        return next((one.receipt for one in before), ())

    # -- keeping ------------------------------------------------------------------------------------------------------

    def restore(self, pages: Iterable[PageRecord], rows: Iterable[OutboxRecord], now: datetime) -> None:
        """Take everything back from the store. What was on its way is sent again: nobody knows whether it arrived.

        Timers keep their times though these may be past, so that what was planned first goes out before the ladder goes on.
        """
        for page in sorted(pages, key=lambda one: (one.created_at, one.level, one.whom, one.way, one.offset)):
            self._place(page)
        for row in rows:
            if row.id in self._places:
                page = self.page(row.id)
                self._rows[row.id] = row
                if row.retry_at is None:
                    self._place(replace(page, sent_at=page.sent_at or now))
                self._timers.set((PAGE, row.id), row.retry_at or page.due_at)
            else:
                self._journal.forget(OutboxRecord, row.key)
        for ident, number in self._places.items():
            page = self._pages[number][ident]
            if page.state is PageState.PLANNED:
                self._timers.set((PAGE, ident), page.due_at)

    def forget(self, number: int) -> None:
        """The incident is not at hand any more; the store keeps its pages."""
        for page in self.of(number):
            self._timers.cancel((PAGE, page.id))
            self._turns.leave(page)
            self._drop_row(page)
            del self._places[page.id]
        self._pages.pop(number, None)

    def _place(self, page: PageRecord) -> None:
        self._pages.setdefault(page.incident, {})[page.id] = page
        self._places[page.id] = page.incident

    def _keep(self, page: PageRecord) -> None:
        self._place(page)
        self._journal.save(page)

    def _cancel(self, page: PageRecord) -> None:
        self._timers.cancel((PAGE, page.id))
        self._turns.leave(page)
        self._drop_row(page)
        self._keep(replace(page, state=PageState.CANCELLED))

    def _drop_row(self, page: PageRecord) -> None:
        self._along.pop(page.id, None)
        row = self._rows.pop(page.id, None)
        if row is not None:
            self._dropped.add(page.integration)
            self._journal.forget(OutboxRecord, row.key)

    def _note(self, page: PageRecord, what: Happening, detail: str, now: datetime) -> None:
        self._journal.note(Moment(now, page.incident, page.epoch, what, detail, level=page.level))


def _wanted(record: IncidentRecord, page: PageRecord) -> bool:
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


def _same_way(page: PageRecord, now: datetime) -> Way:
    return Way(page.whom, page.way, page.integration, AT_ONCE, now)


def _now(way: Way, now: datetime) -> Way:
    return replace(way, offset=AT_ONCE, due_at=now)


def _words(page: PageRecord) -> str:
    return f"{page.whom} by {page.way}" if page.kind is PageKind.PAGE else f"{page.kind} to {page.whom} by {page.way}"
