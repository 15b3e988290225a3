"""A machine that checks, at each step, what has to hold at every step. All timelines are played on it.

- the next timer is never in the past
- a query that failed changes no alert of any rule
- one delivery at a time for each group and integration
- the ledger changes to what was accepted, when it was accepted, and at no other time; aside from what it says of mutes, and
  that an attempt without an answer leaves what it told unsure
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from evaluator.core.alert import Life
from evaluator.core.dedup import Reason
from evaluator.core.effects import Deliver, Effect, Forget, Note, Save
from evaluator.core.engine import Machine
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryFailed
from evaluator.core.labels import Labels
from evaluator.core.records import Decision, LedgerRecord, OutboxRecord
from evaluator.core.settings import Settings


class Referee(Machine):
    """A machine under observation; a broken promise is an AssertionError in the step that breaks it.

    flying: deliveries that have not been answered.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        super().__init__(settings, now)
        self.flying: dict[str, OutboxRecord] = {}
        self._before: dict[tuple[str, str], LedgerRecord] = {}

    def handle(self, event: Event, now: datetime) -> list[Effect]:
        """As the machine does, and look at what comes of it."""
        before = self._lives() if isinstance(event, QueryFailed) else {}
        self._before = self._told()
        row = self._landed(event)
        effects = super().handle(event, now)
        assert self.next_timer is None or self.next_timer >= now, f"a timer at {self.next_timer} was overlooked at {now}"
        if isinstance(event, QueryFailed):
            assert self._lives() == before
        doubted = row if isinstance(event, DeliveryFailed) and event.unknown else None
        self._check_ledger(effects, row if isinstance(event, Delivered) else None, doubted)
        self._check_lanes(effects)
        return effects

    def _lives(self) -> dict[tuple[str, Labels], Life]:
        return {
            (key, labels): tracked.life
            for group in self.groups.values()
            for key, rule in group.rules.items()
            for labels, tracked in rule.alerts.items()
        }

    def _told(self) -> dict[tuple[str, str], LedgerRecord]:
        """What everybody was told, without what is muted of it."""
        lanes = [lane.told for group in self.dispatch.groups.values() for lane in group.lanes.values()]
        return {told.key: replace(told, muted=()) for told in lanes if told is not None}

    def _landed(self, event: Event) -> OutboxRecord | None:
        if not isinstance(event, Delivered | DeliveryFailed):
            return None
        row = self.flying.pop(event.outbox, None)
        return row if row is not None and row.id in {one.id for one in self.dispatch.outbox} else None

    def _check_ledger(self, effects: Sequence[Effect], accepted: OutboxRecord | None, doubted: OutboxRecord | None) -> None:
        changed = {effect.record.key: effect.record for effect in effects if _is_ledger(effect)}
        if doubted is not None:
            told = changed.pop((doubted.group, doubted.integration), None)
            assert told is None or {*told.owed} >= {*_fingerprints(doubted, True)}
        if accepted is not None:
            key = (accepted.group, accepted.integration)
            told = changed.pop(key, None)
            if told is None:
                assert Forget(LedgerRecord, key) in effects
            elif told.firing:
                heard, known = {*_fingerprints(accepted, True)}, {*told.firing}
                assert heard <= known <= heard | {*told.muted}
                assert told.resolved == _fingerprints(accepted, False)
        unwanted = {
            (effect.record.group, effect.record.integration)
            for effect in effects
            if isinstance(effect, Note)
            and isinstance(effect.record, Decision)
            and effect.record.reason == Reason.RESOLVED_UNWANTED
        }
        held = {key for key, told in changed.items() if replace(told, muted=()) == self._before.get(key)}
        assert changed.keys() - held <= unwanted

    def _check_lanes(self, effects: Sequence[Effect]) -> None:
        known = {row.id for row in self.dispatch.outbox}
        self.flying = {name: row for name, row in self.flying.items() if name in known}
        for effect in effects:
            if isinstance(effect, Deliver):
                self.flying[effect.row.id] = effect.row
        lanes = [(row.group, row.integration) for row in self.flying.values()]
        assert len(lanes) == len(set(lanes)), f"two deliveries at once: {lanes}"


def _is_ledger(effect: Effect) -> bool:
    return isinstance(effect, Save) and isinstance(effect.record, LedgerRecord)


def _fingerprints(row: OutboxRecord, firing: bool) -> tuple[str, ...]:
    return tuple(sorted(alert.labels.fingerprint for alert in row.notification.alerts if alert.firing is firing))
