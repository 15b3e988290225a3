"""What is on its way: outbox rows, attempts and retries, and what follows from their answers.

A row is kept before it is performed (`rows`), and each attempt is answered once. A row that was accepted changes its
integration's ledger (`ledgers`), and is gone. One that failed is tried again with growing delays (`backoff`), as it was; a
permanent failure waits for the group's next tick, which decides anew. One that ended without an answer may have arrived: what
it tells is unsure from then on. Where a destination has a limit, rows wait for their turn, and several may be told together
(`storming`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from evaluator.core.alerts import Alert
from evaluator.core.events import DeliveryFailed
from evaluator.core.journal import Journal
from evaluator.core.notifying import backoff
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.ledgers import Ledgers, Told, named_in
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.notifying.rows import RETRY, Rows
from evaluator.core.notifying.storming import Storming
from evaluator.core.notifying.storms import Storms
from evaluator.core.receivers import Integration
from evaluator.core.records import TEMPLATE_ERROR, Attempt, Notification, OutboxRecord, Pairs
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers

FLUSH = "flush"
NOBODY: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


class Landed(NamedTuple):
    """A row whose attempt was answered, as it is now, and where it belongs."""

    row: OutboxRecord
    group: AlertGroup
    lane: Lane


class Answered(NamedTuple):
    """What was answered: the row that was delivered, and those that it stood for, of which it is one unless in a storm."""

    row: OutboxRecord
    landed: tuple[Landed, ...]


class Outgoing:
    """The rows of all groups, and whatever they wait for."""

    def __init__(self, timers: Timers, journal: Journal) -> None:
        self.pacing = Pacing(timers)
        self.ledgers = Ledgers(timers, journal)
        self.rows = Rows(self.pacing, timers, journal)
        self.storms = Storms(journal)
        self.storming = Storming(self.storms, self.rows, self.pacing, journal)
        self._timers = timers
        self._journal = journal

    @property
    def compatibility(self) -> bool:
        """Whether to keep Alertmanager's times, and to take no notice of Retry-After."""
        return self.ledgers.compatibility

    @property
    def destinations(self) -> Destinations:
        """Which integrations are told in the same place."""
        return self.pacing.destinations

    def configure(self, settings: Settings, integrations: Mapping[str, Integration]) -> None:
        """Take a configuration, and its integrations by the names of their lanes."""
        self.ledgers.compatibility = settings.compatibility
        self.pacing.configure(integrations)
        self.storming.configure(settings.external_url)

    def told(self, group: AlertGroup, lane: Lane, what: Told, now: datetime) -> None:
        """The integration was told this by a message of the group's own. See `Ledgers.told`."""
        self.ledgers.told(group, lane, what, now)
        self.storming.left(group, lane, now)

    # -- rows come ----------------------------------------------------------------------------------------------------

    def send(
        self,
        group: AlertGroup,
        lane: Lane,
        reason: str,
        alerts: Iterable[Alert],
        now: datetime,
        former: OutboxRecord | None = None,
    ) -> OutboxRecord:
        """Tell this integration of these alerts; gives the row. former: the one whose place it takes."""
        firing, resolved = lane.told.certain if lane.told is not None else NOBODY
        told = tuple(alert.told(alert.fingerprint in (firing if alert.firing else resolved)) for alert in alerts)
        known = lane.told.receipt if lane.told is not None and lane.told.owed else ()
        about = lane.receiver, lane.name, group.key, group.labels
        message = Notification(*about, reason, told, now, known, route_labels=group.route.labels)
        ident = sha256(f"{group.id}\n{lane.name}\n{now.isoformat()}".encode()).hexdigest()[:16]
        row = OutboxRecord(ident, group.id, lane.receiver, lane.name, message, now)
        if former is not None:
            row = replace(row, created_at=former.created_at, error=former.error, refused=former.refused)
        lane.row = row
        self.rows.follow(group, lane)
        self.rows.attempt(lane, row, now)
        return row

    def resume(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Take a row back from the store.

        One whose attempt was under way may have arrived: nothing is decided in its place before it is answered.
        """
        lane.row, lane.in_flight = row, row.retry_at is None
        if lane.in_flight:
            self.ledgers.doubt(group, lane, row, now)
        self.rows.follow(group, lane)
        if row.paced and self.pacing.limited(lane.name):
            self.pacing.wait(lane.name, row.id, now)
        else:
            self._timers.set((RETRY, row.id), max(now, row.retry_at or now))

    def retry(self, ident: str, now: datetime) -> None:
        """A row that failed is due once more."""
        if ident in self.rows:
            _, lane, row = self.rows.place(ident)
            self.rows.attempt(lane, row, now)

    # -- rows are answered --------------------------------------------------------------------------------------------

    def accepted(self, ident: str, receipt: Pairs, now: datetime) -> Answered | None:
        """A receiver accepted a row; None when nobody waits for it any more."""
        called = tuple(pair for pair in receipt if pair[0] != TEMPLATE_ERROR)
        flight = self.storms.landed(ident)
        if flight is None:
            landed = self._accept(ident, receipt, called, now)
            return landed and Answered(landed.row, (landed,))
        told = tuple(filter(None, (self._accept(row, receipt, (), now) for row in flight.rows)))
        firing = [(one.group, one.lane) for one in told if one.row.notification.firing]
        self.storming.accepted(flight, firing, called, now)
        return Answered(flight.row, told)

    def _accept(self, ident: str, receipt: Pairs, called: Pairs, now: datetime) -> Landed | None:
        if ident not in self.rows:
            return None
        group, lane, row = self.rows.place(ident)
        lane.in_flight = False
        self._journal.note(Attempt(now, row.id, group.id, lane.name, row.attempts + 1, receipt=receipt))
        told_at = now if self.compatibility else row.notification.at
        self.told(group, lane, Told(told_at, *named_in(row.notification), called), now)
        self.rows.drop(lane)
        return Landed(row, group, lane)

    def refused(self, event: DeliveryFailed, now: datetime) -> Answered | None:
        """An attempt was not accepted; None when nobody waits for it any more."""
        flight = self.storms.landed(event.outbox)
        if flight is None:
            landed = self._refuse(event.outbox, event, now)
            return landed and Answered(landed.row, (landed,))
        told = tuple(filter(None, (self._refuse(row, event, now) for row in flight.rows)))
        self.storming.refused(flight, [one.lane for one in told], event, now)
        return Answered(flight.row, told)

    def _refuse(self, ident: str, event: DeliveryFailed, now: datetime) -> Landed | None:
        if ident not in self.rows:
            return None
        group, lane, row = self.rows.place(ident)
        attempts = row.attempts + 1
        retry_at = group.next_tick(now) if event.permanent else now + self._wait(event, group, attempts)
        refused = row.refused or event.permanent
        lane.row = replace(row, attempts=attempts, retry_at=retry_at, error=event.error, refused=refused)
        lane.in_flight = False
        if event.unknown:
            self.ledgers.doubt(group, lane, lane.row, now)
        self._journal.save(lane.row)
        self._journal.note(Attempt(now, row.id, group.id, lane.name, attempts, event.error, event.permanent))
        if event.retry_after is not None and not event.permanent and not self.compatibility:
            self.pacing.hold(self.destinations.service(lane.name), now, retry_at)
        if event.permanent:
            self._timers.set_earlier((FLUSH, group.id), retry_at)
        else:
            self._timers.set((RETRY, row.id), retry_at)
        return Landed(lane.row, group, lane)

    def _wait(self, event: DeliveryFailed, group: AlertGroup, attempts: int) -> timedelta:
        """How long to wait before the next attempt; no longer than a group_interval because the receiver asks for it."""
        wait = backoff.delay(event.outbox, attempts)
        if event.retry_after is None or self.compatibility:
            return wait
        return max(wait, min(timedelta(seconds=event.retry_after), max(group.route.group_interval, backoff.LONGEST)))
