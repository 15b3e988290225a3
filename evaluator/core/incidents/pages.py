"""Pages: what goes out to people about an incident, each at most once, and none that nobody needs any more.

A page is planned in the step in which its level fires, and kept under a key that can exist once; `sending` sees it through.
Messages that a service lets us change are changed when the incident is: changes that come while one is under way are one, and
all changes of one message in one climb are one page, which goes out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.events import DeliveryFailed
from evaluator.core.incidents.page_table import MADE_UP, PageTable
from evaluator.core.incidents.policy import OnResolve
from evaluator.core.incidents.reach import AT_ONCE, CHANNELS, Directory, Reached, Way
from evaluator.core.incidents.records import IncidentRecord, IncidentState, PageKind, PageRecord, PageState, Pairs
from evaluator.core.incidents.sending import Compose, Sending
from evaluator.core.incidents.steps import Audience
from evaluator.core.journal import Journal
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.receivers import Integration
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import OutboxRecord
from evaluator.core.timers import Timers

CHANGEABLE = (SlackSettings, TelegramSettings, PagerdutySettings)
"""Services that are told when an incident changes, as a change of what they were told before."""


class Pages:
    """The pages of all incidents at hand. record_of: the incident with a number. compose: what a page says at an instant."""

    def __init__(
        self,
        timers: Timers,
        journal: Journal,
        record_of: Callable[[int], IncidentRecord],
        compose: Compose,
        directory: Directory,
        pacing: Pacing,
    ) -> None:
        self.directory = directory
        self.table = PageTable(journal)
        self._record_of = record_of
        self._changed_again: set[tuple[int, str]] = set()
        known = self._is_known
        self._sending = Sending(self.table, timers, journal, record_of, compose, known, self._arrived, pacing)

    @property
    def rows(self) -> list[OutboxRecord]:
        """What is on its way."""
        return self._sending.rows

    def of(self, number: int) -> list[PageRecord]:
        """All pages about an incident, in the order in which they were planned."""
        return self.table.of(number)

    def waits(self, integration: str) -> bool:
        """Whether anything is on its way to this integration."""
        return self._sending.waits(integration)

    def dropped(self) -> set[str]:
        """The integrations that rows were taken back from since the last call."""
        return self._sending.dropped()

    # -- planning -----------------------------------------------------------------------------------------------------

    def climb(self, record: IncidentRecord, late: timedelta, now: datetime) -> Reached:
        """Page whom the incident's level means; gives who is reached."""
        reached = self.directory.reach(record.policy.levels[record.level], record.component, now)
        for way in reached.ways:
            self._plan(record, way, PageKind.PAGE, now, late=late)
        return reached

    def called(self, record: IncidentRecord) -> bool:
        """Whether the climb has come to anybody, beyond channels."""
        return any(not page.whom.startswith(CHANNELS) for page in self.table.level(record.number, record.epoch))

    def inform(
        self, record: IncidentRecord, kind: PageKind, audience: Audience, text: str, now: datetime, late: timedelta = AT_ONCE
    ) -> None:
        """Tell an audience something beyond pages. late: how much later than promised."""
        if kind is PageKind.RESOLVED:
            self._tell_resolved(record, text, now)
            return
        serial = sum(page.kind is kind for page in self.of(record.number)) + 1
        for way in self._audience(record, audience, now):
            self._plan(record, way, kind, now, serial=serial, late=late, text=text)

    def spoken(self, text: str, people: tuple[str, ...]) -> str:
        """A text with the names of those that it speaks of, whose keys are given."""
        names = dict(self.directory.names(people))
        return text.format(*(names.get(key, key) for key in people)) if people else text

    def refresh(self, record: IncidentRecord, now: datetime) -> None:
        """Let messages that can be changed show how things stand."""
        if record.open:  # that it is over is told anyway
            for way in dict.fromkeys(_same_way(page, now) for page in self.table.told(record.number)):
                self._change(record, way, now)

    def _change(self, record: IncidentRecord, way: Way, now: datetime) -> None:
        if not self._changeable(record, way.integration):
            return
        changes = (one for one in self.table.by_way(record.number, way.integration) if one.kind is PageKind.UPDATE)
        if any(one.state is PageState.SENDING for one in changes):
            self._changed_again.add((record.number, way.integration))
        else:
            self._plan(record, way, PageKind.UPDATE, now)

    def _known(self, integration: str) -> Integration | None:
        """The integration with this lane name, if there still is one."""
        receiver, _, name = integration.rpartition("/")
        known = self.directory.lanes.get(receiver)
        return next((one for one in known.integrations if one.name == name), None) if known is not None else None

    def _is_known(self, integration: str) -> bool:
        return self._known(integration) is not None

    def _changeable(self, record: IncidentRecord, integration: str) -> bool:
        """Whether the service shows how the incident stands; PagerDuty can only be told that somebody has it, else it calls."""
        known = self._known(integration)
        if known is not None and isinstance(known.settings, PagerdutySettings):
            return record.state is not IncidentState.TRIGGERED
        return known is not None and isinstance(known.settings, CHANGEABLE)

    def _tell_resolved(self, record: IncidentRecord, text: str, now: datetime) -> None:
        if record.policy.on_resolve is OnResolve.NONE:
            return
        ended = self._ended(record)
        for way in dict.fromkeys(_same_way(page, now) for page in self.table.told(record.number) if page.epoch > ended(page)):
            self._tell_end(record, way, text, now)
        if record.policy.on_resolve is OnResolve.ALL:
            for level in record.policy.levels[record.level + 1 :]:
                for way in self.directory.reach(level, record.component, now).ways:
                    self._tell_end(record, _now(way, now), text, now)

    def _ended(self, record: IncidentRecord) -> Callable[[PageRecord], int]:
        """Up to which climb whoever got a page has been told the end: an incident that begins again may end without them."""
        ends = [
            page for page in self.of(record.number) if page.kind is PageKind.RESOLVED and page.state is not PageState.CANCELLED
        ]
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
            for one in self.table.by_way(record.number, page.integration)
            if (one.kind, one.epoch) == (PageKind.RESOLVED, record.epoch)
        ]
        if not any(one.state is PageState.PLANNED for one in told) and record.policy.on_resolve is not OnResolve.NONE:
            self._tell_end(record, _same_way(page, now), "it was over before this message arrived", now, len(told))

    def _audience(self, record: IncidentRecord, audience: Audience, now: datetime) -> Iterable[Way]:
        if audience is Audience.CHANNELS and record.policy.levels:
            channels = self.directory.channels(record.policy.levels[0], now)
            if channels:
                return channels
        owner = record.owner or self.directory.owner_of(record.component)
        told = {_same_way(page, now) for page in self.table.told(record.number) if page.whom == owner}
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
        if kind is PageKind.UPDATE or page.id not in self.table:
            self._sending.plan(page, now)

    # -- what becomes of them -----------------------------------------------------------------------------------------

    def withdraw(self, record: IncidentRecord, whom: str = "") -> None:
        """Do not send what is only planned, or waits for a retry. What is on its way cannot be called back."""
        self._sending.withdraw(record.number, whom)

    def resume(self, record: IncidentRecord, now: datetime) -> None:
        """Nothing holds the incident any more: what became due meanwhile is, and not late for that."""
        self._sending.resume(record.number, now)

    def due(self, ident: str, now: datetime) -> None:
        """A page's time has come, its first or that of a retry."""
        self._sending.due(ident, now)

    def delivered(self, ident: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A page was accepted; None when it is none of ours."""
        return self._sending.delivered(ident, receipt, now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt at a page was not accepted; None when it is none of ours."""
        return self._sending.failed(event, now)

    def _arrived(self, page: PageRecord, now: datetime) -> None:
        """What has changed while a message was on its way is told now."""
        record, way = self._record_of(page.incident), _same_way(page, now)
        if page.kind is PageKind.UPDATE and (page.incident, page.integration) in self._changed_again:
            self._changed_again.discard((page.incident, page.integration))
            if record.open:
                self._change(record, way, now)
        elif page.kind in MADE_UP and not record.open:
            self._tell_end_again(record, page, now)
        elif page.kind is PageKind.PAGE and record.state is not IncidentState.TRIGGERED:
            self._change(record, way, now)

    # -- keeping ------------------------------------------------------------------------------------------------------

    def restore(self, pages: Iterable[PageRecord], rows: Iterable[OutboxRecord], now: datetime) -> None:
        """Take everything back from the store; see `Sending.restore`."""
        for page in sorted(pages, key=lambda one: (one.created_at, one.level, one.whom, one.way, one.offset)):
            self.table.place(page)
        self._sending.restore(rows, now)

    def forget(self, number: int) -> None:
        """The incident is not at hand any more; the store keeps its pages."""
        self._sending.forget(number)
        self.table.forget(number)


def _same_way(page: PageRecord, now: datetime) -> Way:
    return Way(page.whom, page.way, page.integration, AT_ONCE, now)


def _now(way: Way, now: datetime) -> Way:
    return replace(way, offset=AT_ONCE, due_at=now)
