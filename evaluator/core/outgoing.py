"""What is on its way: outbox rows, attempts and retries, and the ledgers that they change.

A row is kept before it is performed, and each attempt is answered once. A row that was accepted changes its integration's
ledger, and is gone. One that failed is tried again with growing delays (`backoff`), as it was; a permanent failure waits for
the group's next tick, which decides anew. One that ended without an answer may have arrived: what it tells is unsure from then
on. The ledger changes in no other way, but for what it says of mutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from evaluator.core import backoff
from evaluator.core.alerts import Alert
from evaluator.core.dedup import Terms
from evaluator.core.destinations import Destinations
from evaluator.core.events import DeliveryFailed
from evaluator.core.grouping import AlertGroup, Lane
from evaluator.core.journal import Journal
from evaluator.core.meta import tells_of_others
from evaluator.core.pacing import Pacing
from evaluator.core.receivers import Integration
from evaluator.core.records import (
    TEMPLATE_ERROR,
    Attempt,
    LedgerRecord,
    Notification,
    NotifiedAlert,
    OutboxRecord,
    Pairs,
)
from evaluator.core.settings import Settings
from evaluator.core.storms import Flight, Storms, member
from evaluator.core.timers import Timers

FLUSH, RETRY, REPEAT = "flush", "retry", "repeat"
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
    """The rows of all groups. compatibility: keep Alertmanager's times, and take no notice of Retry-After."""

    def __init__(self, timers: Timers, journal: Journal) -> None:
        self.compatibility = False
        self.storms = Storms(journal)
        self.pacing = Pacing(timers)
        self._timers = timers
        self._journal = journal
        self._rows: dict[str, tuple[AlertGroup, Lane]] = {}
        self._dropped: set[str] = set()

    @property
    def rows(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return [lane.row for _, lane in self._rows.values() if lane.row is not None]

    def configure(self, settings: Settings, integrations: Mapping[str, Integration]) -> None:
        """Take a configuration, and its integrations by the names of their lanes."""
        self.compatibility = settings.compatibility
        self.storms.external_url = settings.external_url
        self.pacing.configure(integrations)
        for place in self.storms.places:
            if place not in self.destinations:
                self.storms.forget(place)

    @property
    def destinations(self) -> Destinations:
        """Which integrations are told in the same place."""
        return self.pacing.destinations

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
            if lane.row.paced:
                self.pacing.join(lane.name, lane.row.id)

    def resume(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Take a row back from the store.

        One whose attempt was under way may have arrived: nothing is decided in its place before it is answered.
        """
        lane.row, lane.in_flight = row, row.retry_at is None
        if lane.in_flight:
            self._doubt(group, lane, row, now)
        self.follow(group, lane)
        if row.paced and self.pacing.limited(lane.name):
            self.pacing.wait(lane.name, row.id, now)
        else:
            self._timers.set((RETRY, row.id), max(now, row.retry_at or now))

    def terms(self, group: AlertGroup, lane: Lane) -> Terms:
        """How this integration wants to be told of this group. With Alertmanager's times the ticks alone keep repeats apart."""
        route = group.route
        repeat = route.repeat_interval if self.compatibility else max(route.repeat_interval, route.group_interval)
        return Terms(repeat, lane.integration.send_resolved, late=self.compatibility)

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
        self.follow(group, lane)
        self._attempt(lane, row, now)
        return row

    def _attempt(self, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Make an attempt, or wait for the turn to make it."""
        self._timers.cancel((RETRY, row.id))
        if self.pacing.limited(lane.name):
            self._queue(lane, row, self.pacing.wait(lane.name, row.id, now))
        else:
            self._begin(lane, row)

    def _queue(self, lane: Lane, row: OutboxRecord, turn: datetime) -> None:
        lane.row = replace(row, retry_at=turn, paced=True)
        lane.in_flight = False
        self._journal.save(lane.row)

    def _begin(self, lane: Lane, row: OutboxRecord, alone: bool = True) -> None:
        """The row is on its way from now on. alone: not as a part of a storm."""
        self.pacing.leave(lane.name, row.id)
        lane.row = replace(row, retry_at=None, paced=False) if row.retry_at is not None else row
        lane.in_flight = True
        self._journal.save(lane.row)
        if alone:
            self._journal.deliver(lane.row)

    # -- turns --------------------------------------------------------------------------------------------------------

    def take_turns(self, service: str, now: datetime) -> None:
        """Make the attempts that wait for their turn at this destination, as many as its bucket gives out."""
        bucket = self.pacing.bucket(service)
        while bucket is None or bucket.left(now):
            left = len(self.pacing.waiting(service)) if bucket is None else bucket.left(now)
            if not self._take_turn(service, now, left):
                break
            if bucket is not None:
                bucket.take(now)
        if self.pacing.waiting(service):
            self.pacing.await_turn(service, now)
        for place in self._over(service):
            self._await_end(place, now)

    def _take_turn(self, service: str, now: datetime, left: int) -> bool:
        """Make one attempt: for all of a storm, or for what is most urgent; gives whether there was anything to tell."""
        rows = sorted((self._row(ident) for ident in self.pacing.waiting(service)), key=_urgency)
        if not rows:
            return self._tell_end(service, now)
        place = self.destinations.place(rows[0].integration)
        together = [row for row in rows if place and self._joins(row, place)]
        if self.storms.breaks(place, together, left, now) and _urgency(together[0])[0] == _urgency(rows[0])[0]:
            self._tell_together(place, together, now)
        else:
            _, lane = self._rows[rows[0].id]
            self._begin(lane, rows[0])
        return True

    def _row(self, ident: str) -> OutboxRecord:
        row = self._rows[ident][1].row
        assert row is not None
        return row

    def _joins(self, row: OutboxRecord, place: str) -> bool:
        """Whether the row is read in this place, where people know of its group from a storm, or nothing."""
        group, lane = self._rows[row.id]
        if self.destinations.place(lane.name) != place:
            return False
        return lane.told is None or not lane.told.owed or member(lane.name, group.id) in self.storms.members(place)

    def _tell_together(self, place: str, rows: Sequence[OutboxRecord], now: datetime) -> None:
        for row in rows:
            self._begin(self._rows[row.id][1], row, alone=False)
        self._journal.deliver(self.storms.tell(place, self.destinations, rows, now))

    # -- ends of storms -----------------------------------------------------------------------------------------------

    def _over(self, service: str) -> list[str]:
        """The places of this destination where the end of a storm is to be told."""
        places = sorted(place for place in self.storms.places if self.storms.over(place))
        return [place for place in places if self._service(place) == service]

    def _service(self, place: str) -> str:
        return self.destinations.service(self.destinations.lanes(place)[0])

    def _tell_end(self, service: str, now: datetime) -> bool:
        due = (place for place in self._over(service) if self.storms.not_before(place, now) <= now)
        place = next(due, None)
        if place is not None:
            self._tell_together(place, (), now)
        return place is not None

    def _await_end(self, place: str, now: datetime) -> None:
        """A storm is over: tell that, if anybody wants to hear of it."""
        if self.destinations.ends(place):
            self.pacing.await_turn(self._service(place), self.storms.not_before(place, now))
        else:
            self.storms.forget(place)

    # -- rows go, and are answered ------------------------------------------------------------------------------------

    def drop(self, lane: Lane) -> None:
        """Nobody waits for the lane's row any more."""
        assert lane.row is not None
        self._timers.cancel((RETRY, lane.row.id))
        self.pacing.leave(lane.name, lane.row.id)
        self._rows.pop(lane.row.id, None)
        self._dropped.add(lane.name)
        self._journal.forget(OutboxRecord, lane.row.key)
        lane.row = None

    def accepted(self, ident: str, receipt: Pairs, now: datetime) -> Answered | None:
        """A receiver accepted a row; None when nobody waits for it any more."""
        called = tuple(pair for pair in receipt if pair[0] != TEMPLATE_ERROR)
        flight = self.storms.landed(ident)
        if flight is None:
            landed = self._accept(ident, receipt, called, now)
            return landed and Answered(landed.row, (landed,))
        told = tuple(filter(None, (self._accept(row, receipt, (), now) for row in flight.rows)))
        firing = (one for one in told if one.row.notification.firing)
        here = (one for one in firing if self.destinations.place(one.lane.name) == flight.place)
        self.storms.joined(flight, (member(one.lane.name, one.group.id) for one in here), called)
        if self.storms.over(flight.place):
            self._await_end(flight.place, now)
        return Answered(flight.row, told)

    def _accept(self, ident: str, receipt: Pairs, called: Pairs, now: datetime) -> Landed | None:
        if ident not in self._rows:
            return None
        group, lane = self._rows[ident]
        row = lane.row
        assert row is not None
        lane.in_flight = False
        self._journal.note(Attempt(now, row.id, group.id, lane.name, row.attempts + 1, receipt=receipt))
        message = row.notification
        firing, resolved = (frozenset(one.labels.fingerprint for one in some) for some in _halves(message))
        self.told(group, lane, now if self.compatibility else message.at, firing, resolved, called, now)
        self.drop(lane)
        return Landed(row, group, lane)

    def refused(self, event: DeliveryFailed, now: datetime) -> Answered | None:
        """An attempt was not accepted; None when nobody waits for it any more."""
        flight = self.storms.landed(event.outbox)
        if flight is None:
            landed = self._refuse(event.outbox, event, now)
            return landed and Answered(landed.row, (landed,))
        return Answered(flight.row, self._storm_refused(flight, event, now))

    def _refuse(self, ident: str, event: DeliveryFailed, now: datetime) -> Landed | None:
        if ident not in self._rows:
            return None
        group, lane = self._rows[ident]
        row = self._row(ident)
        attempts = row.attempts + 1
        retry_at = group.next_tick(now) if event.permanent else now + self._wait(event, group, attempts)
        refused = row.refused or event.permanent
        lane.row = replace(row, attempts=attempts, retry_at=retry_at, error=event.error, refused=refused)
        lane.in_flight = False
        if event.unknown:
            self._doubt(group, lane, lane.row, now)
        self._journal.save(lane.row)
        self._journal.note(Attempt(now, row.id, group.id, lane.name, attempts, event.error, event.permanent))
        if event.retry_after is not None and not event.permanent and not self.compatibility:
            self.pacing.hold(self.destinations.service(lane.name), now, retry_at)
        if event.permanent:
            self._timers.set_earlier((FLUSH, group.id), retry_at)
        else:
            self._timers.set((RETRY, row.id), retry_at)
        return Landed(lane.row, group, lane)

    def _storm_refused(self, flight: Flight, event: DeliveryFailed, now: datetime) -> tuple[Landed, ...]:
        """Refused for good, each row waits for its group's tick. Otherwise all wait together, and nothing overtakes them."""
        landed = tuple(filter(None, (self._refuse(row, event, now) for row in flight.rows)))
        self.storms.refused(flight, event.unknown)
        service = self.destinations.service(flight.row.integration)
        if not landed:
            self.storms.refused_end(flight.place, now + backoff.LONGEST)
            self.take_turns(service, now)
        elif not event.permanent:
            again = max(one.row.retry_at or now for one in landed)
            self.pacing.hold(service, now, again)
            for one in landed:
                if self.pacing.limited(one.lane.name):
                    self._attempt(one.lane, one.row, now)
        return landed

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
            self._attempt(self._rows[row_id][1], self._row(row_id), now)

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
        self.leave_storm(group, lane, now)
        if firing:
            self._timers.set((REPEAT, group.id, lane.name), max(now, at + self.terms(group, lane).repeat))
        else:
            self._timers.cancel((REPEAT, group.id, lane.name))

    def leave_storm(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """The integration has had a message of this group's own, or one that it is over, or will hear of it no more."""
        if not self.storms.places:
            return
        place = self.destinations.place(lane.name)
        if self.storms.left(place, member(lane.name, group.id)):
            self._await_end(place, now)

    def settle_storms(self, groups: Mapping[str, AlertGroup], now: datetime) -> None:
        """Groups that are gone, or are owed nothing any more, have left their storms; limits may have changed."""
        self.pacing.look_again(now)
        if not self.storms.places:
            return
        known = {(self.destinations.place(lane.name), member(lane.name, group.id)) for group, lane in _concerned(groups)}
        for place in sorted(self.storms.places):
            for known_as in sorted(self.storms.members(place)):
                if (place, known_as) not in known:
                    self.storms.left(place, known_as)
            if self.storms.over(place):
                self._await_end(place, now)

    def _holds(self, group: AlertGroup, lane: Lane, name: str) -> bool:
        alert = group.alerts.get(name)
        return alert is not None and (alert.firing or lane.integration.send_resolved)

    def await_repeat(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Have the timer for what fires and is to be told again."""
        if lane.told is not None and lane.told.firing:
            due = lane.told.told_at + self.terms(group, lane).repeat
            self._timers.set((REPEAT, group.id, lane.name), max(now, due))


def _concerned(groups: Mapping[str, AlertGroup]) -> Iterator[tuple[AlertGroup, Lane]]:
    """The lanes that are owed something, or are about to be told something."""
    for group in groups.values():
        for lane in group.lanes.values():
            if lane.row is not None or (lane.told is not None and lane.told.owed):
                yield group, lane


def _urgency(row: OutboxRecord) -> tuple[bool, datetime, str]:
    return (not row.notification.firing, row.created_at, row.notification.group_key)


def _halves(message: Notification) -> tuple[tuple[NotifiedAlert, ...], tuple[NotifiedAlert, ...]]:
    return message.firing, message.resolved
