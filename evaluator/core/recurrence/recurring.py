"""Schedules that come again: from one instant to the next, whatever says on which days they come.

A schedule comes at the same minutes of certain days, read off the wall clock of a zone, and each time on the wall counts once,
where crons differ: a time that daylight saving skips comes at the first instant after the gap (and only once, however many
times were skipped with it), and a time that comes twice counts the first time only. So what begins at 02:30 begins on every
day of the year, once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from evaluator.core.zones import first_instant

_DAY = timedelta(days=1)
_FAR = 60 * 366
"""Days after which a schedule that has not come will not come: a 29th of February on a certain weekday takes forty years."""


class Recurring(Protocol):
    """When something comes again and again.

    text: as somebody wrote it. minutes: of the day, ascending. begins: before which time on the wall it never comes; None:
    it has always come. ends: after which it never comes, on the wall, or with a zone an instant; None: it goes on for ever.
    """

    @property
    def text(self) -> str: ...

    @property
    def minutes(self) -> tuple[int, ...]: ...

    @property
    def begins(self) -> datetime | None: ...

    @property
    def ends(self) -> datetime | None: ...

    def comes_on(self, day: date) -> bool:
        """Whether it comes at all on `day`, its beginning and its end aside."""
        ...


def next_time(schedule: Recurring, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first time that `schedule` comes strictly after `after`, in UTC; None when it does not come any more."""
    last = _last(schedule, zone)
    for time in walls_from(schedule, after.astimezone(zone).replace(tzinfo=None)):
        instant = first_instant(time, zone)
        if last is not None and instant > last:
            return None
        if instant > after:
            return instant
    return None


def latest_time(schedule: Recurring, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The last time that `schedule` came, `at` included, in UTC; None when it has not come yet."""
    last = _last(schedule, zone)
    until = at if last is None else min(at, last)
    local = until.astimezone(zone)
    set_back = (local.replace(fold=0).utcoffset() or timedelta(0)) - (local.utcoffset() or timedelta(0))
    wall = local.replace(tzinfo=None) + set_back  # while an hour repeats, all of it has been on the wall before
    for time in _walls_back(schedule, wall):
        if schedule.begins is not None and time < schedule.begins:
            return None
        if (instant := first_instant(time, zone)) <= until:
            return instant
    return None


def walls_from(schedule: Recurring, wall: datetime) -> Iterator[datetime]:
    """The times on the wall of `schedule` from the minute of `wall` on, ascending, its end aside."""
    wall = max(wall, schedule.begins or wall)
    day, start = wall.date(), bisect_left(schedule.minutes, 60 * wall.hour + wall.minute)
    for _ in range(_FAR):
        if schedule.comes_on(day):
            yield from (_time(day, minute) for minute in schedule.minutes[start:])
        day, start = day + _DAY, 0


def _walls_back(schedule: Recurring, wall: datetime) -> Iterator[datetime]:
    """The times on the wall of `schedule` up to and with the minute of `wall`, descending, its beginning aside."""
    day, stop = wall.date(), bisect_right(schedule.minutes, 60 * wall.hour + wall.minute)
    for _ in range(_FAR):
        if schedule.comes_on(day):
            yield from (_time(day, minute) for minute in reversed(schedule.minutes[:stop]))
        day, stop = day - _DAY, len(schedule.minutes)


def _last(schedule: Recurring, zone: ZoneInfo) -> datetime | None:
    ends = schedule.ends
    return ends if ends is None or ends.tzinfo is not None else first_instant(ends, zone)


def _time(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001 - on the wall of whichever zone
