"""Hours of the week: when an office is open, when a night shift is on duty.

A span is read off the wall clock of a zone. One that ends before it begins goes on past midnight and belongs to the day on
which it begins: `Mon-Thu 22:00-06:00` is four nights, the last of which ends on Friday morning. Where a clock shows a time
twice, a span that begins then begins the first time, and one that ends then ends the second time; a time that is skipped is the
first instant after the gap. So two spans that meet on the wall may overlap for an hour once a year, and never leave one out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.zones import first_instant

_DAY = timedelta(days=1)


@frozen
class Span:
    """Hours of some days of the week. days: Monday is 0. begin, end: minutes since midnight; an end of 1440 is midnight."""

    days: frozenset[int]
    begin: int
    end: int

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The two instants between which the span that begins on `day` lasts, in UTC; None when there is none."""
        if day.weekday() not in self.days:
            return None
        last = day if self.end > self.begin else day + _DAY
        return first_instant(_wall(day, self.begin), zone), last_instant(_wall(last, self.end), zone)


@frozen
class Calendar:
    """When something is open. except_: days on which no span begins."""

    zone: ZoneInfo
    spans: tuple[Span, ...]
    except_: frozenset[date] = frozenset()

    def open_at(self, at: datetime) -> bool:
        """Whether it is open at an instant."""
        return any(begin <= at < end for begin, end in self.between(at, at + timedelta(microseconds=1)))

    def between(self, start: datetime, stop: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The openings that touch a stretch of time, each whole, in the order of days; they may overlap."""
        for begin, end in openings(self.spans, self.zone, start, stop, self.except_):
            if begin < stop and end > start:
                yield begin, end


def openings(
    spans: tuple[Span, ...], zone: ZoneInfo, start: datetime, stop: datetime, except_: frozenset[date] = frozenset()
) -> Iterator[tuple[datetime, datetime]]:
    """What the spans are in terms of instants, for every day that may matter between two instants."""
    day, last = start.astimezone(zone).date() - _DAY, stop.astimezone(zone).date()
    while day <= last:
        for span in () if day in except_ else spans:
            opening = span.on(day, zone)
            if opening is not None:
                yield opening
        day += _DAY


def last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks of `zone` last show `wall` (naive), in UTC; for one that is skipped, the first instant after the gap."""
    instant = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else first_instant(wall, zone)


def _wall(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - on the wall of whichever zone
