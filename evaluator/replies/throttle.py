"""How often somebody may come: a bucket for each key, and only so many of them are remembered."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address, ip_address

from evaluator.core.notifying.rates import Bucket, RateLimit

MOST = 10_000


class Throttle:
    """Counts by key. most: how many keys are remembered; the one that has not come for longest is forgotten first."""

    def __init__(self, limit: RateLimit, most: int = MOST) -> None:
        self._limit = limit
        self._most = most
        self._buckets: dict[str, Bucket] = {}

    def admits(self, key: str, now: datetime) -> bool:
        """Whether `key` may come now; then that is counted."""
        bucket = self._buckets.pop(key, None) or Bucket(self._limit)
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        if not bucket.left(now):
            return False
        bucket.take(now)
        return True


def network(address: str) -> str:
    """What counts as one visitor: an address, or of the sixth kind the network of 64 bits that a household has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or f"{IPv6Address(int(found) >> 64 << 64)}/64")
