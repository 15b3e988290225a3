"""Cron schedules: `30 2 * * mon-fri` in a zone, as pure functions from one instant to the next.

Five fields: minute, hour, day of the month, month, weekday. Each takes `*`, numbers, ranges, lists and steps; months and
weekdays also take the first three letters of their English names, and their ranges may go round (`fri-mon`); 7 is Sunday like
0. Beyond classic cron there is what maintenance is really scheduled by: `L` is the last day of the month, `tue#2` the second
Tuesday, `friL` the last Friday. `@daily` and its kin stand for five fields.

As in every cron since Vixie's, a day must satisfy both day fields when one of them begins with `*`, and either of them
otherwise: `0 0 13 * fri` is every 13th and every Friday.

Schedules are read off the wall clock of a zone, and each time on the wall counts once, where crons differ: a time that
daylight saving skips comes at the first instant after the gap (and only once, however many times were skipped with it), and
a time that comes twice counts the first time only. So what begins at 02:30 begins on every day of the year, once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.zones import first_instant

LAST = -1
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule; `cron_texts.parse_cron` makes it, and sees to it that it comes again and again.

    text: as written. minutes: of the day on which it comes, ascending. days: of the month, `LAST` for its last. weekdays:
    0 is Sunday. nth: weekday and which one in the month, `LAST` for the last. both: whether a day must satisfy days and
    weekdays, rather than one of them.
    """

    text: str
    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    nth: frozenset[tuple[int, int]]
    both: bool

    def comes_on(self, day: date) -> bool:
        """Whether the schedule comes at all on `day`."""
        if day.month not in self.months:
            return False
        of_month, of_week = self._in_month(day), self._in_week(day)
        return (of_month and of_week) if self.both else (of_month or of_week)

    def _in_month(self, day: date) -> bool:
        return day.day in self.days or (LAST in self.days and day.day == monthrange(day.year, day.month)[1])

    def _in_week(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if weekday in self.weekdays or (weekday, (day.day + 6) // 7) in self.nth:
            return True
        return (weekday, LAST) in self.nth and day.day + 7 > monthrange(day.year, day.month)[1]


def next_after(cron: Cron, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time that `cron` comes strictly after `after`, in UTC."""
    wall = after.astimezone(zone).replace(tzinfo=None)
    return next(instant for time in _upward(cron, wall) if (instant := first_instant(time, zone)) > after)


def latest_at(cron: Cron, zone: ZoneInfo, at: datetime) -> datetime:
    """The last time that `cron` came, `at` included, in UTC."""
    local = at.astimezone(zone)
    set_back = (local.replace(fold=0).utcoffset() or timedelta(0)) - (local.utcoffset() or timedelta(0))
    wall = local.replace(tzinfo=None) + set_back  # while an hour repeats, all of it has been on the wall before
    return next(instant for time in _downward(cron, wall) if (instant := first_instant(time, zone)) <= at)


def _upward(cron: Cron, wall: datetime) -> Iterator[datetime]:
    """The times on the wall of `cron` from the minute of `wall` on, ascending and without end."""
    day, start = wall.date(), bisect_left(cron.minutes, 60 * wall.hour + wall.minute)
    while True:
        if cron.comes_on(day):
            yield from (_time(day, minute) for minute in cron.minutes[start:])
        day, start = day + _DAY, 0


def _downward(cron: Cron, wall: datetime) -> Iterator[datetime]:
    """The times on the wall of `cron` up to and with the minute of `wall`, descending and without end."""
    day, stop = wall.date(), bisect_right(cron.minutes, 60 * wall.hour + wall.minute)
    while True:
        if cron.comes_on(day):
            yield from (_time(day, minute) for minute in reversed(cron.minutes[:stop]))
        day, stop = day - _DAY, len(cron.minutes)


def _time(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001 - on the wall of whichever zone
