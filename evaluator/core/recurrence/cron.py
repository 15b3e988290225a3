"""Cron schedules: `30 2 * * mon-fri` in a zone, as pure functions from one instant to the next.

Five fields: minute, hour, day of the month, month, weekday. Each takes `*`, numbers, ranges, lists and steps; months and
weekdays also take the first three letters of their English names, and their ranges may go round (`fri-mon`); 7 is Sunday like
0. Beyond classic cron there is what maintenance is really scheduled by: `L` is the last day of the month, `tue#2` the second
Tuesday, `friL` the last Friday. `@daily` and its kin stand for five fields.

As in every cron since Vixie's, a day must satisfy both day fields when one of them begins with `*`, and either of them
otherwise: `0 0 13 * fri` is every 13th and every Friday.

What becomes of times that daylight saving skips or repeats is said in `recurring`.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.recurrence.recurring import latest_time, next_time

LAST = -1


@frozen
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

    @property
    def begins(self) -> datetime | None:
        """It has always come."""
        return None

    @property
    def ends(self) -> datetime | None:
        """It goes on for ever."""
        return None

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
    found = next_time(cron, zone, after)
    assert found is not None, "parse_cron sees to it that it comes again and again"
    return found


def latest_at(cron: Cron, zone: ZoneInfo, at: datetime) -> datetime:
    """The last time that `cron` came, `at` included, in UTC."""
    found = latest_time(cron, zone, at)
    assert found is not None, "parse_cron sees to it that it has always come"
    return found
