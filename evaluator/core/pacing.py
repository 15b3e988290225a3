"""Whose turn it is: rows for integrations with a rate limit wait here until their bucket gives them out.

A bucket belongs to an integration, whatever group a row is about. Every attempt takes from it, also one that is repeated. Those
that tell of something firing go first, then those that were decided earlier. A row that waits is kept like one that waits for a
retry: what is decided meanwhile takes its place.

A quiet destination has a full bucket, so its first messages never wait. Buckets are not kept: a restart begins with full ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from evaluator.core.rates import Bucket, RateLimit
from evaluator.core.receivers import Integration
from evaluator.core.timers import Timers

TURN = "turn"
"""Sorts after all other timers: whatever becomes due at one instant waits together before turns are taken."""


class Pacing:
    """The buckets, and what waits for each, by the names of integrations."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._buckets: dict[str, Bucket] = {}
        self._waiting: defaultdict[str, set[str]] = defaultdict(set)
        self._integrations: Mapping[str, Integration] = {}

    def configure(self, integrations: Mapping[str, Integration]) -> None:
        """Take new limits; buckets of limits that stay are as full as they were."""
        self._integrations = integrations
        for name in [name for name, bucket in self._buckets.items() if bucket.limit != self._limit(name)]:
            del self._buckets[name]

    def look_again(self, now: datetime) -> None:
        """Limits may have changed: have a timer for whatever waits."""
        for name in sorted(self._waiting):
            self.await_turn(name, now)

    def _limit(self, name: str) -> RateLimit | None:
        integration = self._integrations.get(name)
        return integration.rate_limit if integration is not None else None

    def limited(self, name: str) -> bool:
        """Whether attempts of this integration have to wait for their turn."""
        return self._limit(name) is not None

    def bucket(self, name: str) -> Bucket | None:
        """Of this integration; None where nothing limits it."""
        limit = self._limit(name)
        return None if limit is None else self._buckets.setdefault(name, Bucket(limit))

    def hold(self, name: str, until: datetime) -> None:
        """Let nobody have a turn before `until`."""
        bucket = self.bucket(name)
        if bucket is not None:
            bucket.hold(until)

    def join(self, name: str, row: str) -> None:
        """This row waits for its turn."""
        self._waiting[name].add(row)

    def wait(self, name: str, row: str, now: datetime) -> datetime:
        """Let this row wait for its turn; gives the earliest instant at which that may be."""
        self.join(name, row)
        return self.await_turn(name, now)

    def leave(self, name: str, row: str) -> None:
        """This row waits no more, if it did."""
        waiting = self._waiting.get(name)
        if waiting is not None:
            waiting.discard(row)
            if not waiting:
                del self._waiting[name]

    def waiting(self, name: str) -> frozenset[str]:
        """The ids of the rows that wait for this integration."""
        return frozenset(self._waiting.get(name, ()))

    def await_turn(self, name: str, now: datetime) -> datetime:
        """Have the timer for the next turn of this integration, no sooner than `now`; gives when it comes."""
        bucket = self.bucket(name)
        free_at = now if bucket is None else bucket.free_at(now)
        self._timers.set((TURN, name), free_at)
        return free_at
