"""What is on its way: outbox rows, attempts and retries, and the ledgers that they change.

A row is kept before it is performed, and each attempt is answered once. A row that was accepted changes its integration's
ledger, and is gone. One that failed is tried again with growing delays (`backoff`), as it was; a permanent failure waits for
the group's next tick, which decides anew. One that ended without an answer may have arrived: what it tells is unsure from then
on. The ledger changes in no other way, but for what it says of mutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from evaluator.core import backoff
from evaluator.core.alerts import Alert
from evaluator.core.dedup import Reason, Terms
from evaluator.core.events import DeliveryFailed
from evaluator.core.grouping import AlertGroup, Lane
from evaluator.core.journal import Journal
from evaluator.core.meta import tells_of_others
from evaluator.core.records import (
    TEMPLATE_ERROR,
    Attempt,
    LedgerRecord,
    Notification,
    NotifiedAlert,
    OutboxRecord,
    Pairs,
)
from evaluator.core.timers import Timers

FLUSH, RETRY, REPEAT = "flush", "retry", "repeat"


class Landed(NamedTuple):
    """A row whose attempt was answered, as it is now, and where it belongs."""

    row: OutboxRecord
    group: AlertGroup
    lane: Lane


class Outgoing:
    """The rows of all groups. compatibility: keep Alertmanager's times, and take no notice of Retry-After."""

    def __init__(self, timers: Timers, journal: Journal, compatibility: bool) -> None:
        self.compatibility = compatibility
        self._timers = timers
        self._journal = journal
        self._rows: dict[str, tuple[AlertGroup, Lane]] = {}
        self._dropped: set[str] = set()

    @property
    def rows(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return [lane.row for _, lane in self._rows.values() if lane.row is not None]

    def waits(self, integration: str) -> bool:
        """Whether anything waits for this integration, its own failing aside: to hear of that is no end in itself."""
        return any(row.integration == integration and tells_of_others(row) for row in self.rows)

    def dropped(self) -> set[str]:
        """The integrations that rows were taken back from, for whatever reason, since the last call."""
        names, self._dropped = self._dropped, set()
        return names

    def follow(self, group: AlertGroup, lane: Lane) -> None:
        """Answers to the lane's row, if it has one, are meant for this lane."""
        if lane.row is not None:
            self._rows[lane.row.id] = (group, lane)

    def resume(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Take a row back from the store.

        One whose attempt was under way may have arrived: nothing is decided in its place before it is answered.
        """
        lane.row, lane.in_flight = row, row.retry_at is None
        if lane.in_flight:
            self._doubt(group, lane, row, now)
        self.follow(group, lane)
        self._timers.set((RETRY, row.id), max(now, row.retry_at or now))

    def terms(self, group: AlertGroup, lane: Lane) -> Terms:
        """How this integration wants to be told of this group. With Alertmanager's times the ticks alone keep repeats apart."""
        route = group.route
        repeat = route.repeat_interval if self.compatibility else max(route.repeat_interval, route.group_interval)
        return Terms(repeat, lane.integration.send_resolved, late=self.compatibility)

    def send(
        self, group: AlertGroup, lane: Lane, reason: Reason, alerts: Iterable[Alert], now: datetime, since: datetime
    ) -> OutboxRecord:
        """Tell this integration of these alerts; gives the row. since: when it was first decided that it is to be told."""
        told = tuple(alert.told() for alert in alerts)
        receiver = group.route.receiver
        known = lane.told.receipt if lane.told is not None and lane.told.owed else ()
        message = Notification(receiver, lane.name, group.key, group.labels, str(reason), told, now, known)
        ident = sha256(f"{group.id}\n{lane.name}\n{now.isoformat()}".encode()).hexdigest()[:16]
        row = lane.row = OutboxRecord(ident, group.id, receiver, lane.name, message, since)
        self._perform(group, lane)
        return row

    def _perform(self, group: AlertGroup, lane: Lane) -> None:
        assert lane.row is not None
        lane.row = replace(lane.row, retry_at=None)
        lane.in_flight = True
        self._rows[lane.row.id] = (group, lane)
        self._timers.cancel((RETRY, lane.row.id))
        self._journal.save(lane.row)
        self._journal.deliver(lane.row)

    def drop(self, lane: Lane) -> None:
        """Nobody waits for the lane's row any more."""
        assert lane.row is not None
        self._timers.cancel((RETRY, lane.row.id))
        self._rows.pop(lane.row.id, None)
        self._dropped.add(lane.name)
        self._journal.forget(OutboxRecord, lane.row.key)
        lane.row = None

    def accepted(self, row_id: str, receipt: Pairs, now: datetime) -> Landed | None:
        """A receiver accepted a row; None when nobody waits for it any more."""
        if row_id not in self._rows:
            return None
        group, lane = self._rows[row_id]
        row = lane.row
        assert row is not None
        lane.in_flight = False
        self._journal.note(Attempt(now, row.id, group.id, lane.name, row.attempts + 1, receipt=receipt))
        message = row.notification
        firing, resolved = (frozenset(one.labels.fingerprint for one in some) for some in _halves(message))
        called = tuple(pair for pair in receipt if pair[0] != TEMPLATE_ERROR)
        self.told(group, lane, now if self.compatibility else message.at, firing, resolved, called, now)
        self.drop(lane)
        return Landed(row, group, lane)

    def refused(self, event: DeliveryFailed, now: datetime) -> Landed | None:
        """An attempt was not accepted; None when nobody waits for it any more."""
        if event.outbox not in self._rows:
            return None
        group, lane = self._rows[event.outbox]
        assert lane.row is not None
        attempts = lane.row.attempts + 1
        retry_at = group.next_tick(now) if event.permanent else now + self._wait(event, group, attempts)
        lane.row = replace(lane.row, attempts=attempts, retry_at=retry_at, error=event.error)
        lane.in_flight = False
        if event.unknown:
            self._doubt(group, lane, lane.row, now)
        self._journal.save(lane.row)
        self._journal.note(Attempt(now, lane.row.id, group.id, lane.name, attempts, event.error, event.permanent))
        if event.permanent:
            self._timers.set_earlier((FLUSH, group.id), retry_at)
        else:
            self._timers.set((RETRY, lane.row.id), retry_at)
        return Landed(lane.row, group, lane)

    def _wait(self, event: DeliveryFailed, group: AlertGroup, attempts: int) -> timedelta:
        """How long to wait before the next attempt; no longer than a group_interval because the receiver asks for it."""
        wait = backoff.delay(event.outbox, attempts)
        if event.retry_after is None or self.compatibility:
            return wait
        return max(wait, min(timedelta(seconds=event.retry_after), max(group.route.group_interval, backoff.LONGEST)))

    def _doubt(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Nobody knows whether this row arrived: of what it tells that the integration did not know, neither is sure."""
        if self.compatibility:
            return
        told = lane.told or LedgerRecord(group.id, lane.name, now)
        begun, over = (frozenset(one.labels.fingerprint for one in some) for some in _halves(row.notification))
        known = frozenset(told.firing)
        unsure = tuple(sorted((begun - known) | (over & known) | frozenset(told.unsure)))
        lane.told = replace(told, firing=tuple(sorted(known - over)), unsure=unsure)
        self._journal.save(lane.told)

    def retry(self, row_id: str, now: datetime) -> None:
        """A row that failed is due once more."""
        if row_id in self._rows:
            self._perform(*self._rows[row_id])

    def told(
        self,
        group: AlertGroup,
        lane: Lane,
        at: datetime,
        firing: frozenset[str],
        resolved: frozenset[str],
        receipt: Pairs,
        now: datetime,
    ) -> None:
        """Remember what the integration was told, and when what fires is due again.

        What it was told before and is not in this message is muted; it stays told, also if it is over meanwhile.
        """
        before = lane.told.owed if lane.told and not self.compatibility else frozenset[str]()
        held = tuple(sorted(name for name in before - firing - resolved if self._holds(group, lane, name)))
        known = tuple(sorted(firing.union(held)))
        lane.told = LedgerRecord(group.id, lane.name, at, known, tuple(sorted(resolved)), receipt, held)
        self._journal.save(lane.told)
        if firing:
            self._timers.set((REPEAT, group.id, lane.name), max(now, at + self.terms(group, lane).repeat))
        else:
            self._timers.cancel((REPEAT, group.id, lane.name))

    def _holds(self, group: AlertGroup, lane: Lane, name: str) -> bool:
        alert = group.alerts.get(name)
        return alert is not None and (alert.firing or lane.integration.send_resolved)

    def await_repeat(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Have the timer for what fires and is to be told again."""
        if lane.told is not None and lane.told.firing:
            due = lane.told.told_at + self.terms(group, lane).repeat
            self._timers.set((REPEAT, group.id, lane.name), max(now, due))


def _halves(message: Notification) -> tuple[tuple[NotifiedAlert, ...], tuple[NotifiedAlert, ...]]:
    return message.firing, message.resolved
