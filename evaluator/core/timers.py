"""Timers by name: one instant per key, the earliest first.

A heap with lazy deletion: moving or cancelling a timer leaves its old entry in the heap, to be skipped when it surfaces.
"""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush

Key = tuple[str, ...]


class Timers:
    """Setting a key that is set moves it; timers due at the same instant surface in the order of their keys."""

    def __init__(self) -> None:
        self._at: dict[Key, datetime] = {}
        self._heap: list[tuple[datetime, Key]] = []

    def set(self, key: Key, at: datetime) -> None:
        """Let `key` surface at `at`, and no longer at another time."""
        if self._at.get(key) != at:
            self._at[key] = at
            heappush(self._heap, (at, key))

    def set_earlier(self, key: Key, at: datetime) -> None:
        """Like `set`, unless `key` surfaces sooner already."""
        if key not in self._at or at < self._at[key]:
            self.set(key, at)

    def cancel(self, key: Key) -> None:
        """Forget `key`; nothing happens when it is not set."""
        self._at.pop(key, None)

    def at(self, key: Key) -> datetime | None:
        """When `key` surfaces."""
        return self._at.get(key)

    @property
    def next(self) -> datetime | None:
        """The earliest instant of all, or None."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> Key | None:
        """Take the earliest key that is due at `now`, or None."""
        due = self.next
        if due is None or due > now:
            return None
        _, key = heappop(self._heap)
        del self._at[key]
        return key
