"""RRULEs, as calendars write them: `FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2;BYHOUR=22`, for what comes at most some times a day.

Periods (days, weeks, months, years) follow one another; every `interval`-th counts, from the one of the beginning on. Of the
days of a period those count that satisfy all that is said about months, days of the month and weekdays, and of these the
ones at the positions that are asked for. It is the arithmetic of RFC 5545, asked the other way round: not "what comes next"
but "does it come on this day". `rrule_texts` reads it and fills in what the RFC takes from the beginning.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from evaluator.core.frozen import frozen

_DAY = timedelta(days=1)


class Period(StrEnum):
    """How long a period is."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@frozen
class RRule:
    """A schedule; see `recurring.Recurring`, whose members it has.

    interval: every how many-th period counts; more than 1 only with `begins`. months: 1 to 12. days: of the month, negative
    ones from its end. weekdays: 0 is Monday, and which one in the month or year, negative from its end, 0 for each. What is
    empty does not matter. positions: which of a period's days, from 1, or from -1 backwards. week_start: 0 is Monday.
    """

    text: str
    period: Period
    minutes: tuple[int, ...]
    interval: int = 1
    months: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    positions: frozenset[int] = frozenset()
    week_start: int = 0
    begins: datetime | None = None
    ends: datetime | None = None

    def comes_on(self, day: date) -> bool:
        """Whether it comes at all on `day`, its beginning and its end aside."""
        if not (self._counts(day) and self._satisfies(day)):
            return False
        return not self.positions or day in _at_positions(self, self._first(day))

    def at_positions(self, first: date) -> frozenset[date]:
        """The days of the period that begins on `first` which stand where they are asked for."""
        days = [day for day in _days(first, _after(self.period, first)) if self._satisfies(day)]
        count = len(days)
        places = (place - 1 if place > 0 else count + place for place in self.positions)
        return frozenset(days[place] for place in places if 0 <= place < count)

    def _counts(self, day: date) -> bool:
        """Whether the period of `day` is one that counts."""
        if self.interval == 1 or self.begins is None:
            return True
        first, origin = self._first(day), self._first(self.begins.date())
        months = 12 * (first.year - origin.year) + first.month - origin.month
        passed = {
            Period.DAILY: (first - origin).days,
            Period.WEEKLY: (first - origin).days // 7,
            Period.MONTHLY: months,
            Period.YEARLY: months // 12,
        }
        return passed[self.period] % self.interval == 0

    def _first(self, day: date) -> date:
        """The first day of the period of `day`."""
        match self.period:
            case Period.DAILY:
                return day
            case Period.WEEKLY:
                return day - (day.weekday() - self.week_start) % 7 * _DAY
            case Period.MONTHLY:
                return day.replace(day=1)
        return day.replace(month=1, day=1)

    def _satisfies(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.days and not self.days & {day.day, day.day - _month_length(day) - 1}:
            return False
        return not self.weekdays or any((day.weekday(), number) in self.weekdays for number in self._numbers(day))

    def _numbers(self, day: date) -> tuple[int, int, int]:
        """Which of its weekday `day` is: 0 for each, counted from the beginning, and from the end, of its month or year."""
        monthly = self.period is Period.MONTHLY or bool(self.months)
        first = day.replace(day=1) if monthly else day.replace(month=1, day=1)
        stop = _after(Period.MONTHLY if monthly else Period.YEARLY, first)
        return 0, (day - first).days // 7 + 1, -(((stop - day).days + 6) // 7)


@lru_cache(maxsize=1024)
def _at_positions(rule: RRule, first: date) -> frozenset[date]:
    return rule.at_positions(first)


def _after(period: Period, first: date) -> date:
    """The first day of the next period, from that of one."""
    match period:
        case Period.DAILY:
            return first + _DAY
        case Period.WEEKLY:
            return first + 7 * _DAY
        case Period.MONTHLY:
            return first + _month_length(first) * _DAY
    return first.replace(year=first.year + 1)


def _month_length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _days(first: date, stop: date) -> list[date]:
    return [first + number * _DAY for number in range((stop - first).days)]
