"""The incidents at hand, by number and by what they are about: each is kept when it changes, and has one timer.

All that an incident waits for follows from its record; the only thing beside it is a wait that somebody put in between, because
a rule has been asked and its own evaluation is to decide, or because people are listened to first after a start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.incidents.incident import CALLING, Due, next_step
from evaluator.core.incidents.records import IncidentRecord
from evaluator.core.journal import Journal
from evaluator.core.timers import Timers

INCIDENT = "incident"
"""Of timers."""
LISTENING = timedelta(seconds=5)
"""How long after a start people are listened to before anybody is called late; no longer than the gap between late levels."""


class Register:
    """table: by number. newest: the highest number that was ever given."""

    def __init__(self, timers: Timers, journal: Journal) -> None:
        self.table: dict[int, IncidentRecord] = {}
        self.newest = 0
        self._timers = timers
        self._journal = journal
        self._numbers: dict[str, int] = {}
        self._later: dict[int, datetime] = {}

    def known_as(self, identity: str) -> IncidentRecord | None:
        """The newest incident about this, open or over."""
        number = self._numbers.get(identity)
        return self.table.get(number) if number is not None else None

    def open(self) -> list[IncidentRecord]:
        """Those that are not over."""
        return [record for record in self.table.values() if record.open]

    def number(self, identity: str) -> int:
        """The next number, for an incident about this."""
        self.newest += 1
        self._numbers[identity] = self.newest
        return self.newest

    def next_step(self, record: IncidentRecord) -> Due | None:
        """What comes next if nothing happens."""
        due = next_step(record)
        if due is None:
            return None
        return Due(max(due.at, self._later.get(record.number, due.at)), due.what)

    # -- changes ------------------------------------------------------------------------------------------------------

    def keep(self, record: IncidentRecord) -> IncidentRecord:
        """Take the record as it is from now on. Its timer is the caller's: see `wait`."""
        self.table[record.number] = record
        number = record.number
        self._journal.touch(IncidentRecord, record.key, lambda: self.table.get(number, record))
        return record

    def wait(self, record: IncidentRecord) -> None:
        """Have the timer for what comes next, or none."""
        due = self.next_step(record)
        if due is None:
            self._timers.cancel((INCIDENT, record.key[0]))
        else:
            self._timers.set((INCIDENT, record.key[0]), due.at)

    def wait_until(self, record: IncidentRecord, at: datetime) -> None:
        """Have the timer for something else that comes before."""
        self._timers.set((INCIDENT, record.key[0]), at)

    def put_off(self, record: IncidentRecord, at: datetime) -> None:
        """Nothing is due before `at`, as long as the incident stays as it is."""
        self._later[record.number] = at

    def put_off_no_more(self, record: IncidentRecord) -> None:
        """What is due is due."""
        self._later.pop(record.number, None)

    def rename(self, record: IncidentRecord, identity: str) -> IncidentRecord:
        """The same incident is about something else now."""
        if self._numbers.get(record.identity) == record.number:
            del self._numbers[record.identity]
        self._numbers[identity] = record.number
        return self.keep(replace(record, identity=identity))

    def forget(self, record: IncidentRecord) -> None:
        """It is not at hand any more; the store keeps it."""
        del self.table[record.number]
        self._later.pop(record.number, None)
        self._timers.cancel((INCIDENT, record.key[0]))
        if self._numbers.get(record.identity) == record.number:
            del self._numbers[record.identity]

    def restore(self, kept: Iterable[IncidentRecord], newest: int, now: datetime) -> None:
        """Take everything back from the store. newest: the highest number that the store knows of.

        Whoever answered while nobody listened is tried again by services, or tries again, in the first seconds. So what would
        call somebody late waits for a moment, that a level does not go out past an acknowledgement.
        """
        for record in kept:
            self.table[record.number] = record
            if record.number >= self._numbers.get(record.identity, 0):
                self._numbers[record.identity] = record.number
        self.newest = max([newest, *self.table], default=0)
        for record in self.table.values():
            due = next_step(record)
            if due is not None and due.at < now and due.what in CALLING:
                self.put_off(record, now + min(record.policy.min_gap, LISTENING))
            self.wait(record)
