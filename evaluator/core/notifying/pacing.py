"""Whose turn it is: rows for destinations with a rate limit wait here until the bucket gives them out.

A bucket belongs to a destination, whatever group a row is about and whichever integration it is for. Every attempt takes from
it, also one that is repeated. Those that tell of something firing go first, then those that were decided earlier. A row that
waits is kept like one that waits for a retry: what is decided meanwhile takes its place.

A quiet destination has a full bucket, so its first messages never wait. Pages to people that arrive where notifications do take
from the same bucket. The first page about an incident never waits for it; then notifications wait the longer.

Buckets are not kept: a restart begins with full ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.rates import Bucket
from evaluator.core.receivers import Integration
from evaluator.core.timers import Timers

TURN = "turn"
"""Sorts after all other timers: whatever becomes due at one instant waits together before turns are taken."""

LONGEST_HOLD = timedelta(minutes=5)
"""How long a destination as a whole is left alone because it asks for that; then something is tried again."""


class Pacing:
    """The buckets, and the rows that wait for each. Lanes and rows are known by their names and ids."""

    def __init__(self, timers: Timers) -> None:
        self.destinations = Destinations()
        self._timers = timers
        self._buckets: dict[str, Bucket] = {}
        self._waiting: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def configure(self, integrations: Mapping[str, Integration]) -> None:
        """Take new destinations; what waits does so where its integration is told now."""
        self.destinations = Destinations(integrations)
        for service in [service for service in self._buckets if self.destinations.limit(service) is None]:
            del self._buckets[service]
        waiting = [pair for rows in self._waiting.values() for pair in rows.items()]
        for service in self._waiting:
            self._timers.cancel((TURN, service))
        self._waiting.clear()
        for row, lane in waiting:
            self.join(lane, row)

    def look_again(self, now: datetime) -> None:
        """Limits may have changed: keep what was taken, and have a timer for whatever waits."""
        for service, bucket in self._buckets.items():
            limit = self.destinations.limit(service)
            assert limit is not None
            self._buckets[service] = bucket.under(limit, now)
        for service in sorted(self._waiting):
            self.await_turn(service, now)

    def limited(self, lane: str) -> bool:
        """Whether attempts by this lane have to wait for their turn."""
        return self.destinations.limited(lane)

    def bucket(self, service: str) -> Bucket | None:
        """Of this destination; None where nothing limits it."""
        limit = self.destinations.limit(service)
        return None if limit is None else self._buckets.setdefault(service, Bucket(limit))

    def hold(self, service: str, now: datetime, until: datetime) -> None:
        """Let nobody have a turn there before `until`, or `LONGEST_HOLD` has passed."""
        bucket = self.bucket(service)
        if bucket is not None:
            bucket.hold(min(until, now + LONGEST_HOLD))

    # -- rows that wait -----------------------------------------------------------------------------------------------

    def join(self, lane: str, row: str) -> None:
        """This row waits for its turn."""
        self._waiting[self.destinations.service(lane)][row] = lane

    def wait(self, lane: str, row: str, now: datetime) -> datetime:
        """Let this row wait for its turn; gives the earliest instant at which that may be."""
        self.join(lane, row)
        return self.await_turn(self.destinations.service(lane), now)

    def leave(self, lane: str, row: str) -> None:
        """This row waits no more, if it did."""
        if not self._waiting:
            return
        service = self.destinations.service(lane)
        waiting = self._waiting.get(service)
        if waiting is not None:
            waiting.pop(row, None)
            if not waiting:
                del self._waiting[service]

    def waiting(self, service: str) -> tuple[str, ...]:
        """The ids of the rows that wait for this destination."""
        return tuple(self._waiting.get(service, ()))

    def await_turn(self, service: str, now: datetime) -> datetime:
        """Have the timer for the next turn at this destination, no sooner than `now`; gives when it comes."""
        bucket = self.bucket(service)
        free_at = now if bucket is None else bucket.free_at(now)
        self._timers.set((TURN, service), free_at)
        return free_at

    # -- pages --------------------------------------------------------------------------------------------------------

    def passes(self, lane: str, now: datetime) -> datetime:
        """When a page that can wait may go out by this lane: `now`, or later.

        Where notifications wait as well, it leaves them every second turn.
        """
        bucket = self._shared(lane)
        if bucket is None or bucket.left(now):
            return now
        waiting = self.destinations.service(lane) in self._waiting
        return bucket.free_at(now) + (bucket.limit.gap if waiting else timedelta(0))

    def draw(self, lane: str, now: datetime) -> None:
        """A page goes out by this lane."""
        bucket = self._shared(lane)
        if bucket is not None:
            bucket.draw(now)

    def _shared(self, lane: str) -> Bucket | None:
        """The bucket that pages by this lane share with notifications, if they do."""
        return self.bucket(self.destinations.service(lane)) if self.destinations.shared(lane) else None
