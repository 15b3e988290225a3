"""A machine that checks, at each step, what has to hold at every step. All timelines are played on it.

- the next timer is never in the past
- a query that failed changes no alert of any rule
- one delivery at a time for each group and integration
- incidents keep their promises (`_check_incident`)
- the ledger changes to what was accepted, when it was accepted, and at no other time; aside from what it says of mutes, and
  that an attempt without an answer leaves what it told unsure
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from evaluator.core.effects import Deliver, Effect, Forget, Note, RunQuery, Save
from evaluator.core.engine import Machine
from evaluator.core.evaluation.alert import Life
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryFailed
from evaluator.core.incidents.incident import clock_at
from evaluator.core.incidents.records import IncidentRecord, IncidentState, PageKind, PageRecord, PageState
from evaluator.core.incidents.register import INCIDENT as TIMER
from evaluator.core.incidents.sending import INCIDENT
from evaluator.core.labels import Labels
from evaluator.core.notifying.dedup import Reason
from evaluator.core.notifying.storms import STORM
from evaluator.core.records import Decision, Kept, LedgerRecord, OutboxRecord, Presence
from evaluator.core.settings import Settings


class Referee(Machine):
    """A machine under observation; a broken promise is an AssertionError in the step that breaks it.

    flying: deliveries that have not been answered. storms: of those that stand for several rows, these rows, by its id.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__(settings, now)
        self.flying: dict[str, OutboxRecord] = {}
        self.storms: dict[str, list[OutboxRecord]] = {}
        self._before = self._told()

    def handle(self, event: Event, now: datetime) -> list[Effect]:
        """As the machine does, and look at what comes of it."""
        before = self._lives() if isinstance(event, QueryFailed) else {}
        rows = self._landed(event) if isinstance(event, Delivered | DeliveryFailed) else []
        incidents = self.incidents.table.copy()
        effects = super().handle(event, now)
        timer = self.next_timer
        assert timer is None or timer >= now, f"a timer at {timer} was overlooked at {now}"
        if isinstance(event, QueryFailed):
            assert self._lives() == before
        doubted = rows if isinstance(event, DeliveryFailed) and event.unknown else []
        if rows or any(map(_matters, effects)):  # most steps come to nothing
            self._check_ledger(effects, rows if isinstance(event, Delivered) else [], doubted)
            self._check_lanes(effects)
            self._check_pages(effects)
            self._before = self._told()  # which changes with an effect alone: what is told is kept
        for number, record in self.incidents.table.items():
            if record is not incidents.get(number):
                self._check_incident(incidents.get(number), record, now)
            self._check_wait(record)
        return effects

    def restore(self, kept: Kept, now: datetime) -> list[Effect]:
        """As the machine does."""
        effects = super().restore(kept, now)
        self._before = self._told()
        return effects

    def _lives(self) -> dict[tuple[str, Labels], Life]:
        return {
            (key, labels): tracked.life
            for group in self.groups.values()
            for key, rule in group.rules.items()
            for labels, tracked in rule.alerts.items()
        }

    def _told(self) -> dict[tuple[str, str], LedgerRecord]:
        """What everybody was told."""
        lanes = [lane.told for group in self.dispatch.groups.values() for lane in group.lanes.values()]
        return {told.key: told for told in lanes if told is not None}

    def _landed(self, event: Delivered | DeliveryFailed) -> list[OutboxRecord]:
        """The rows that the event answers, of which somebody still waits for the answer."""
        row = self.flying.pop(event.outbox, None)
        rows = self.storms.pop(event.outbox, [] if row is None else [row])
        known = {one.id for one in self.dispatch.outbox}
        return [one for one in rows if one.id in known]

    def _check_ledger(
        self, effects: Sequence[Effect], accepted: Sequence[OutboxRecord], doubted: Sequence[OutboxRecord]
    ) -> None:
        changed = {effect.record.key: effect.record for effect in effects if _is_ledger(effect)}
        changed = {key: told for key, told in changed.items() if told.group != STORM}
        for row in doubted:
            told = changed.pop((row.group, row.integration), None)
            assert told is None or {*told.owed} >= {*_fingerprints(row, True)}
        for row in accepted:
            key = (row.group, row.integration)
            told = changed.pop(key, None)
            if told is None:
                assert Forget(LedgerRecord, key) in effects
            elif told.firing:
                news = set(_fingerprints(row, True))  # some of which may have been muted while it was under way
                assert set(told.firing) - set(told.muted) <= news <= set(told.firing)
                assert told.resolved == _fingerprints(row, False)
        unwanted = {
            (effect.record.group, effect.record.integration)
            for effect in effects
            if isinstance(effect, Note)
            and isinstance(effect.record, Decision)
            and effect.record.reason == Reason.RESOLVED_UNWANTED
        }
        held = {key for key, told in changed.items() if key in self._before and _same_told(told, self._before[key])}
        assert changed.keys() - held <= unwanted

    def _check_lanes(self, effects: Sequence[Effect]) -> None:
        known = {row.id for row in self.dispatch.outbox}
        self.flying = {name: row for name, row in self.flying.items() if name in known or name in self.storms}
        alone = {effect.row.id: effect.row for effect in effects if isinstance(effect, Deliver)}
        begun = [effect.record for effect in effects if isinstance(effect, Save) and isinstance(effect.record, OutboxRecord)]
        for ident, row in alone.items():
            if row.group.startswith(INCIDENT):
                continue
            self.flying[ident] = row
            if row.group == STORM:
                place = self.dispatch.destinations.place
                same = [one for one in begun if place(one.integration) == place(row.integration) and one.retry_at is None]
                self.storms[ident] = [one for one in same if one.id not in alone]
        rows = [*(row for row in self.flying.values() if row.group != STORM), *chain.from_iterable(self.storms.values())]
        lanes = [(row.group, row.integration) for row in rows if row.id in known]
        assert len(lanes) == len(set(lanes)), f"two deliveries at once: {lanes}"

    def _check_pages(self, effects: Sequence[Effect]) -> None:
        """No page leaves for what somebody works on, or what is over; and nothing leaves twice at once."""
        for effect in effects:
            if not isinstance(effect, Deliver) or effect.row.notification.incident is None:
                continue
            notice = effect.row.notification.incident
            assert notice.kind is not PageKind.PAGE or notice.state is IncidentState.TRIGGERED
            assert (notice.kind is PageKind.RESOLVED) == (notice.state is IncidentState.RESOLVED)
            assert notice.kind is not PageKind.REMINDER or notice.state is IncidentState.ACKED
            page = next(page for page in self.incidents.pages_of(notice.number) if page.id == effect.row.id)
            assert page.state is PageState.SENDING
        sent = [effect.row.id for effect in effects if isinstance(effect, Deliver)]
        assert len(sent) == len(set(sent)), "a page is sent twice in a step"
        pages = [effect.record for effect in effects if isinstance(effect, Save) and isinstance(effect.record, PageRecord)]
        assert len({page.key for page in pages}) == len(pages)

    def _check_incident(self, before: IncidentRecord | None, record: IncidentRecord, now: datetime) -> None:
        """Levels fire in order, the clock never runs back within a climb, and nothing is forgotten."""
        if before is not None and before.epoch == record.epoch:
            assert record.level >= before.level
            assert clock_at(record, now) >= clock_at(before, before.updated_at) or record.epoch != before.epoch
        if before is not None:
            assert record.epoch >= before.epoch
        if not record.running:
            assert record.running_since is None

    def _check_wait(self, record: IncidentRecord) -> None:
        """A ladder that is climbed goes on."""
        if record.running and record.exhausted_at is None:
            waits = self.timers.at((TIMER, record.key[0])) is not None
            assert waits, f"incident {record.number} climbs, and nothing is due"


def _same_told(one: LedgerRecord, other: LedgerRecord) -> bool:
    """Whether both say the same, aside from what is muted of it."""
    return replace(one, muted=()) == replace(other, muted=())


def _matters(effect: Effect) -> bool:
    """Whether it is more than that rules are asked, and that somebody is there."""
    return not isinstance(effect, RunQuery) and not (isinstance(effect, Save) and isinstance(effect.record, Presence))


def _is_ledger(effect: Effect) -> bool:
    return isinstance(effect, Save) and isinstance(effect.record, LedgerRecord)


def _fingerprints(row: OutboxRecord, firing: bool) -> tuple[str, ...]:
    return tuple(sorted(alert.labels.fingerprint for alert in row.notification.alerts if alert.firing is firing))
