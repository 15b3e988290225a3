"""How often something may be done: a bucket that fills at a steady rate, and from which each time takes one.

A bucket is one instant: that at which it will be full again if nothing is taken. So it is exact, needs no clock of its own, and
an idle one is nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen


@frozen
class RateLimit:
    """So many messages in each `per`; after a quiet time, up to `burst` of them at once. All are more than nothing."""

    messages: int
    per: timedelta
    burst: int = 1

    def __str__(self) -> str:
        return f"{self.messages} in {format_duration(self.per)}" + (f", burst {self.burst}" if self.burst > 1 else "")

    @property
    def gap(self) -> timedelta:
        """The time in which one is added to the bucket."""
        return self.per / self.messages


def strictest(limits: Iterable[RateLimit | None]) -> RateLimit | None:
    """The limit that keeps all of these: the slowest rate, and the smallest burst; None when nothing limits."""
    found = [limit for limit in limits if limit is not None]
    if not found:
        return None
    slowest = max(found, key=lambda limit: (limit.gap, limit.per))
    return replace(slowest, burst=min(limit.burst for limit in found))


@dataclass(slots=True)
class Bucket:
    """What is left of a limit. full_at: see above; None: it is full. not_before: nothing is given out until then."""

    limit: RateLimit
    full_at: datetime | None = None
    not_before: datetime | None = None

    def free_at(self, now: datetime) -> datetime:
        """When the next one may be taken: `now`, or later."""
        ready = now if self.full_at is None else self.full_at - (self.limit.burst - 1) * self.limit.gap
        return max(now, ready, self.not_before or now)

    def left(self, now: datetime) -> int:
        """How many may be taken now."""
        if self.free_at(now) > now:
            return 0
        missing = timedelta(0) if self.full_at is None else max(timedelta(0), self.full_at - now)
        return self.limit.burst - -(-missing // self.limit.gap)

    def take(self, now: datetime) -> None:
        """Take one; there must be one left."""
        assert self.left(now) > 0, "the bucket is empty"
        self.full_at = max(now, self.full_at or now) + self.limit.gap

    def draw(self, now: datetime) -> None:
        """Take one for what cannot wait, also from an empty bucket; never in advance of more than one `per`."""
        deepest = now + self.limit.burst * self.limit.gap + self.limit.per
        self.full_at = min(max(now, self.full_at or now) + self.limit.gap, max(deepest, self.full_at or deepest))

    def under(self, limit: RateLimit, now: datetime) -> Bucket:
        """The same bucket under another limit: what was taken stays taken, as far as it has room for that."""
        if limit == self.limit:
            return self
        owed = timedelta(0) if self.full_at is None else max(timedelta(0), self.full_at - now)
        missing = min(limit.burst, -(-owed // self.limit.gap))
        return Bucket(limit, now + missing * limit.gap if missing else None, self.not_before)

    def hold(self, until: datetime) -> None:
        """Give out nothing before `until`."""
        self.not_before = max(until, self.not_before or until)
