"""What has come already: services send the same again when they hear nothing, and so does whoever has recorded it."""

from __future__ import annotations

from datetime import datetime, timedelta

MOST = 10_000


class Seen:
    """Remembers keys for a while. A restart forgets them; by then most of what comes again changes nothing."""

    def __init__(self, life: timedelta, most: int = MOST) -> None:
        self._life = life
        self._most = most
        self._until: dict[str, datetime] = {}

    def has(self, key: str, now: datetime) -> bool:
        """Whether it has been added, and not long ago."""
        until = self._until.get(key)
        return until is not None and now < until

    def add(self, key: str, now: datetime) -> None:
        """It has come, and was dealt with."""
        self._until.pop(key, None)
        self._until[key] = now + self._life
        while len(self._until) > self._most or next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]  # the oldest, for all live equally long
