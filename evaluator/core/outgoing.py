"""What is on its way: outbox rows, attempts and retries, and the ledgers that they change.

A row is kept before it is performed, and each attempt is answered once. A row that was accepted changes its integration's
ledger, and is gone. One that failed is tried again with growing delays (`backoff`), as it was; a permanent failure waits for
the group's next tick, which decides anew. The ledger changes in no other way, but for what it says of mutes.
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
from evaluator.core.grouping import AlertGroup, Lane
from evaluator.core.journal import Journal
from evaluator.core.records import Attempt, LedgerRecord, Notification, OutboxRecord, Pairs
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

    @property
    def rows(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return [lane.row for _, lane in self._rows.values() if lane.row is not None]

    def follow(self, group: AlertGroup, lane: Lane) -> None:
        """Answers to the lane's row, if it has one, are meant for this lane."""
        if lane.row is not None:
            self._rows[lane.row.id] = (group, lane)

    def resume(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Take a row back from the store.

        One whose attempt was under way may have arrived: nothing is decided in its place before it is answered.
        """
        lane.row, lane.in_flight = row, row.retry_at is None
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
        known = lane.told.receipt if lane.told is not None and lane.told.firing else ()
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
        firing = frozenset(alert.labels.fingerprint for alert in message.firing)
        resolved = frozenset(alert.labels.fingerprint for alert in message.resolved)
        self.told(group, lane, now if self.compatibility else message.at, firing, resolved, receipt, now)
        self.drop(lane)
        return Landed(row, group, lane)

    def refused(self, row_id: str, error: str, permanent: bool, retry_after: float | None, now: datetime) -> Landed | None:
        """An attempt was not accepted; None when nobody waits for it any more."""
        if row_id not in self._rows:
            return None
        group, lane = self._rows[row_id]
        assert lane.row is not None
        attempts = lane.row.attempts + 1
        wait = backoff.delay(row_id, attempts)
        if retry_after is not None and not self.compatibility:
            asked = min(timedelta(seconds=retry_after), max(group.route.group_interval, backoff.LONGEST))
            wait = max(wait, asked)
        retry_at = group.next_tick(now) if permanent else now + wait
        lane.row = replace(lane.row, attempts=attempts, retry_at=retry_at, error=error)
        lane.in_flight = False
        self._journal.save(lane.row)
        self._journal.note(Attempt(now, row_id, group.id, lane.name, attempts, error, permanent))
        if permanent:
            self._timers.set_earlier((FLUSH, group.id), retry_at)
        else:
            self._timers.set((RETRY, row_id), retry_at)
        return Landed(lane.row, group, lane)

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

        What it was told before, still fires and is not in this message is muted; it stays told.
        """
        before = frozenset(lane.told.firing) if lane.told and not self.compatibility else frozenset[str]()
        held = tuple(sorted(name for name in before - firing - resolved if name in group.alerts and group.alerts[name].firing))
        known = tuple(sorted(firing.union(held)))
        lane.told = LedgerRecord(group.id, lane.name, at, known, tuple(sorted(resolved)), receipt, held)
        self._journal.save(lane.told)
        if firing:
            self._timers.set((REPEAT, group.id, lane.name), max(now, at + self.terms(group, lane).repeat))
        else:
            self._timers.cancel((REPEAT, group.id, lane.name))

    def await_repeat(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Have the timer for what fires and is to be told again."""
        if lane.told is not None and lane.told.firing:
            due = lane.told.told_at + self.terms(group, lane).repeat
            self._timers.set((REPEAT, group.id, lane.name), max(now, due))
