"""Clocks on the wall: zones by name, and how a zone's time of day runs against UTC.

Between two shifts (daylight saving begins or ends, a government changes its mind) a wall clock is UTC plus a constant. Seen
that way there is no hour that is missing or comes twice: there are *stretches*, each with its offset, and inside one all
arithmetic is plain. What asks "what does the clock show" walks over stretches; what asks "when does the clock show 02:30"
(a cron schedule) uses `first_instant`, which is where the rule for such hours is stated.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@frozen
class Stretch:
    """A time in which a zone's clocks run evenly. begins, ends: in UTC, the end is not part of it. offset: wall less UTC."""

    begins: datetime
    ends: datetime
    offset: timedelta


def load_zone(name: str, local: str = "UTC") -> ZoneInfo:
    """The zone with that IANA name; an empty name is UTC, `Local` is the zone that this machine lives in, called `local`.

    Raises ValueError when there is no such zone.
    """
    try:
        return ZoneInfo({"": "UTC", "Local": local}.get(name, name))
    except (OSError, KeyError, ValueError):  # no such file, a folder such as `America`, a path out of the database
        raise ValueError(f'unknown time zone "{name}"; names are those of the IANA database, such as Europe/Berlin') from None


def stretches(zone: ZoneInfo, start: datetime, stop: datetime) -> Iterator[Stretch]:
    """The stretches of `zone` from `start` until `stop`, without holes; the first begins at `start`.

    Two shifts that undo each other within a day go unseen; no zone has had such.
    """
    begins, stop = start.astimezone(UTC), stop.astimezone(UTC)
    while begins < stop:
        ends = _next_shift(zone, begins, stop)
        yield Stretch(begins, ends, _offset(zone, begins))
        begins = ends


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` first show `wall` (naive), in UTC.

    A time that comes twice counts when it comes first; one that is skipped counts at the instant of the skip. So later
    times on the wall never map to earlier instants.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _next_shift(zone, instant - _DAY, instant)


def _next_shift(zone: ZoneInfo, start: datetime, stop: datetime) -> datetime:
    """The first instant after `start` with another offset than at `start`; `stop` when there is none before."""
    for year in range(start.year, stop.year + 1):
        for shift in _shifts(zone, year):
            if shift > start:
                return min(shift, stop)
    return stop


@lru_cache(maxsize=4096)
def _shifts(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """The instants of a year at which the offset of `zone` changes. Found once: every flush of a route with hours asks."""
    days = _days(year)
    offsets = [_offset(zone, day) for day in days]
    return tuple(
        _bisect(zone, *day) for day, (before, after) in zip(pairwise(days), pairwise(offsets), strict=True) if before != after
    )


@lru_cache(maxsize=64)
def _days(year: int) -> tuple[datetime, ...]:
    """The beginnings of the days of a year, and of the first one after it."""
    first, count = datetime(year, 1, 1, tzinfo=UTC), 365 + isleap(year) + (year < MAXYEAR)
    return tuple(first + number * _DAY for number in range(count))


def _bisect(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second of the shift that lies between two instants on whole seconds."""
    offset = _offset(zone, before)
    low, high = 0, (after - before) // _SECOND + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + middle * _SECOND) == offset:
            low = middle
        else:
            high = middle
    return before + high * _SECOND


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
