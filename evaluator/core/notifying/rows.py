"""Outbox rows under way: whose each is, and whether it is being performed, waits for a turn, or for another attempt.

A row is kept before it is performed. Here nothing is decided about what it says, and nothing follows from its answer; that is
a matter of `outgoing`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evaluator.core.journal import Journal
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.records import OutboxRecord
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.timers import Timers
from evaluator.core.watching.meta import tells_of_others

RETRY = "retry"


class Rows:
    """The rows of all groups, by their ids."""

    def __init__(self, pacing: Pacing, timers: Timers, journal: Journal) -> None:
        self._pacing = pacing
        self._timers = timers
        self._journal = journal
        self._places: dict[str, tuple[AlertGroup, Lane]] = {}
        self._dropped: set[str] = set()

    @property
    def all(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return [lane.row for _, lane in self._places.values() if lane.row is not None]

    def __contains__(self, ident: str) -> bool:
        return ident in self._places

    def place(self, ident: str) -> tuple[AlertGroup, Lane, OutboxRecord]:
        """Where a row belongs, and the row as it is now."""
        group, lane = self._places[ident]
        assert lane.row is not None
        return group, lane, lane.row

    def follow(self, group: AlertGroup, lane: Lane) -> None:
        """Answers to the lane's row, if it has one, are meant for this lane."""
        if lane.row is not None:
            self._places[lane.row.id] = (group, lane)
            if lane.row.paced:
                self._pacing.join(lane.name, lane.row.id)

    def attempt(self, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Make an attempt, or wait for the turn to make it."""
        self._timers.cancel((RETRY, row.id))
        if self._pacing.limited(lane.name):
            self._queue(lane, row, self._pacing.wait(lane.name, row.id, now))
        else:
            self.begin(lane, row)

    def begin(self, lane: Lane, row: OutboxRecord) -> None:
        """The row is on its way from now on, by itself."""
        self._journal.deliver(self.depart(lane, row))

    def depart(self, lane: Lane, row: OutboxRecord) -> OutboxRecord:
        """The row is on its way from now on, by whatever message; gives it as it is kept."""
        self._pacing.leave(lane.name, row.id)
        lane.row = replace(row, retry_at=None, paced=False) if row.retry_at is not None else row
        lane.in_flight = True
        self._journal.save(lane.row)
        return lane.row

    def _queue(self, lane: Lane, row: OutboxRecord, turn: datetime) -> None:
        lane.row = replace(row, retry_at=turn, paced=True)
        lane.in_flight = False
        self._journal.save(lane.row)

    # -- rows go ------------------------------------------------------------------------------------------------------

    def drop(self, lane: Lane) -> None:
        """Nobody waits for the lane's row any more."""
        assert lane.row is not None
        self._timers.cancel((RETRY, lane.row.id))
        self._pacing.leave(lane.name, lane.row.id)
        self._places.pop(lane.row.id, None)
        self._dropped.add(lane.name)
        self._journal.forget(OutboxRecord, lane.row.key)
        lane.row = None

    def dropped(self) -> set[str]:
        """The integrations that rows were taken back from, for whatever reason, since the last call."""
        names, self._dropped = self._dropped, set()
        return names

    def waits(self, integration: str) -> bool:
        """Whether anything waits for this integration, its own failing aside: to hear of that is no end in itself."""
        return any(row.integration == integration and tells_of_others(row) for row in self.all)
