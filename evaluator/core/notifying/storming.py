"""Turns at destinations with a limit: what is most urgent goes out, or one message for all that wait there.

`pacing` knows whose turn it may be, `storms` what was told together. Here each turn is taken: by the row that is most urgent,
by a storm of those that are read in the same place, or, when nothing waits, by the word that a storm is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from evaluator.core.events import DeliveryFailed
from evaluator.core.journal import Journal
from evaluator.core.notifying import backoff
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.notifying.rows import Rows
from evaluator.core.notifying.storms import Flight, Storms, member
from evaluator.core.records import OutboxRecord, Pairs
from evaluator.core.routing.grouping import AlertGroup, Lane


class Storming:
    """See the module."""

    def __init__(self, storms: Storms, rows: Rows, pacing: Pacing, journal: Journal) -> None:
        self._storms = storms
        self._rows = rows
        self._pacing = pacing
        self._journal = journal

    def configure(self, external_url: str) -> None:
        """Take a configuration, after `pacing` has; storms in places that it does not have are nobody's."""
        self._storms.external_url = external_url
        for place in self._storms.places:
            if place not in self._pacing.destinations:
                self._storms.forget(place)

    # -- turns --------------------------------------------------------------------------------------------------------

    def take_turns(self, service: str, now: datetime) -> None:
        """Make the attempts that wait for their turn at this destination, as many as its bucket gives out."""
        bucket = self._pacing.bucket(service)
        while bucket is None or bucket.left(now):
            left = len(self._pacing.waiting(service)) if bucket is None else bucket.left(now)
            if not self._take_turn(service, now, left):
                break
            if bucket is not None:
                bucket.take(now)
        if self._pacing.waiting(service):
            self._pacing.await_turn(service, now)
        for place in self._over(service):
            self._await_end(place, now)

    def _take_turn(self, service: str, now: datetime, left: int) -> bool:
        """Make one attempt: for all of a storm, or for what is most urgent; gives whether there was anything to tell."""
        rows = sorted((self._rows.place(ident)[2] for ident in self._pacing.waiting(service)), key=_urgency)
        if not rows:
            return self._tell_end(service, now)
        first = rows[0]
        place = self._pacing.destinations.place(first.integration)
        together = [row for row in rows if place and self._joins(row, place)]
        if self._storms.breaks(place, together, left, now) and _urgency(together[0])[0] == _urgency(first)[0]:
            self._tell_together(place, together, now)
        else:
            self._rows.begin(self._rows.place(first.id)[1], first)
        return True

    def _joins(self, row: OutboxRecord, place: str) -> bool:
        """Whether the row is read in this place, where people know of its group from a storm, or nothing."""
        group, lane, _ = self._rows.place(row.id)
        if self._pacing.destinations.place(lane.name) != place:
            return False
        return lane.told is None or not lane.told.owed or member(lane.name, group.id) in self._storms.members(place)

    def _tell_together(self, place: str, rows: Sequence[OutboxRecord], now: datetime) -> None:
        for row in rows:
            self._rows.depart(self._rows.place(row.id)[1], row)
        self._journal.deliver(self._storms.tell(place, self._pacing.destinations, rows, now))

    # -- storms are answered ------------------------------------------------------------------------------------------

    def accepted(self, flight: Flight, told: Sequence[tuple[AlertGroup, Lane]], receipt: Pairs, now: datetime) -> None:
        """A storm's message was accepted. told: where it told of something firing."""
        here = [(group, lane) for group, lane in told if self._pacing.destinations.place(lane.name) == flight.place]
        self._storms.joined(flight, (member(lane.name, group.id) for group, lane in here), receipt)
        if self._storms.over(flight.place):
            self._await_end(flight.place, now)

    def refused(self, flight: Flight, lanes: Sequence[Lane], event: DeliveryFailed, now: datetime) -> None:
        """A storm's message was not accepted. lanes: where its rows wait, now that each was refused.

        Refused for good, each waits for its group's tick. Otherwise all wait together, and nothing overtakes them.
        """
        self._storms.refused(flight, event.unknown)
        service = self._pacing.destinations.service(flight.row.integration)
        waiting = [(lane, lane.row) for lane in lanes if lane.row is not None]
        if not waiting:
            self._storms.refused_end(flight.place, now + backoff.LONGEST)
            self.take_turns(service, now)
        elif not event.permanent:
            self._pacing.hold(service, now, max(row.retry_at or now for _, row in waiting))
            for lane, row in waiting:
                if self._pacing.limited(lane.name):
                    self._rows.attempt(lane, row, now)

    # -- ends of storms -----------------------------------------------------------------------------------------------

    def left(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """The integration has had a message of this group's own, or one that it is over, or will hear of it no more."""
        if not self._storms.places:
            return
        place = self._pacing.destinations.place(lane.name)
        if self._storms.left(place, member(lane.name, group.id)):
            self._await_end(place, now)

    def settle(self, groups: Mapping[str, AlertGroup], now: datetime) -> None:
        """Groups that are gone, or are owed nothing any more, have left their storms; limits may have changed."""
        self._pacing.look_again(now)
        if not self._storms.places:
            return
        place_of = self._pacing.destinations.place
        known = {(place_of(lane.name), member(lane.name, group.id)) for group, lane in _concerned(groups)}
        for place in sorted(self._storms.places):
            for known_as in sorted(self._storms.members(place)):
                if (place, known_as) not in known:
                    self._storms.left(place, known_as)
            if self._storms.over(place):
                self._await_end(place, now)

    def _over(self, service: str) -> list[str]:
        """The places of this destination where the end of a storm is to be told."""
        places = sorted(place for place in self._storms.places if self._storms.over(place))
        return [place for place in places if self._service(place) == service]

    def _service(self, place: str) -> str:
        known = self._pacing.destinations
        return known.service(known.lanes(place)[0])

    def _tell_end(self, service: str, now: datetime) -> bool:
        due = (place for place in self._over(service) if self._storms.not_before(place, now) <= now)
        place = next(due, None)
        if place is not None:
            self._tell_together(place, (), now)
        return place is not None

    def _await_end(self, place: str, now: datetime) -> None:
        """A storm is over: tell that, if anybody wants to hear of it."""
        if self._pacing.destinations.ends(place):
            self._pacing.await_turn(self._service(place), self._storms.not_before(place, now))
        else:
            self._storms.forget(place)


def _concerned(groups: Mapping[str, AlertGroup]) -> Iterator[tuple[AlertGroup, Lane]]:
    """The lanes that are owed something, or are about to be told something."""
    for group in groups.values():
        for lane in group.lanes.values():
            if lane.row is not None or (lane.told is not None and lane.told.owed):
                yield group, lane


def _urgency(row: OutboxRecord) -> tuple[bool, datetime, str]:
    return (not row.notification.firing, row.created_at, row.notification.group_key)
