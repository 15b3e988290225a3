"""Time intervals: office hours, weekends, the last days of a quarter; they mute a route or keep it awake.

An element (`TimeInterval`) holds when each of its parts holds; a part that is absent always holds, a part that is there but
empty never does. A named interval holds when any of its elements does. Everything is read off the wall clock of the
element's zone, to the minute: a half-hour that a zone skips never comes, an hour that it repeats counts both times. This is
Alertmanager's rule, and so are days of the month: negative ones count from the month's end, a range that begins after the
month's last day does not occur in it, and an end beyond it is the last day.

Where Alertmanager refuses a range that ends before it begins, here it goes round: 22:00 to 06:00, friday to monday, november
to february. A night belongs to the day on which it begins. So `weekdays: [friday]` with 22:00 to 06:00 is one night, from
Friday 22:00 until Saturday 06:00, and not also the first six hours of Friday; days of the month, months and years are asked
about that same day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.zones import Stretch, load_zone, stretches

Range = tuple[int, int]
Ranges = tuple[Range, ...] | None

HORIZON = timedelta(days=731)  # how far ahead a change is looked for; a leap year and the one after
_DAY = timedelta(days=1)


@frozen
class TimeInterval:
    """One element. Each part is a choice of ranges, or None when it does not matter.

    times: minutes since midnight, 0 to 1440, begin inclusive, end exclusive. The other ranges include both ends:
    weekdays: 0 is Sunday, 6 Saturday. days_of_month: 1 to 31, or -31 to -1 from the end. months: 1 to 12. years: as written.
    times, weekdays and months go round when they end before they begin. location: IANA name of the zone whose clocks count.
    Raises ValueError when the zone is unknown.
    """

    times: Ranges = None
    weekdays: Ranges = None
    days_of_month: Ranges = None
    months: Ranges = None
    years: Ranges = None
    location: str = "UTC"
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", load_zone(self.location))

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks count."""
        return self._zone

    def contains(self, at: datetime) -> bool:
        """Whether `at` lies in this element."""
        local = at.astimezone(self._zone)
        if self.times is None:
            return self.covers(local.date())
        minute = 60 * local.hour + local.minute
        return any(self._holds(span, minute, local.date()) for span in self.times)

    def _holds(self, span: Range, minute: int, today: date) -> bool:
        begin, end = span
        if begin < end:
            return begin <= minute < end and self.covers(today)
        return (minute >= begin and self.covers(today)) or (minute < end and self.covers(today - _DAY))

    def covers(self, day: date) -> bool:
        """Whether the parts other than `times` hold on `day`."""
        return (
            _within(self.years, day.year)
            and _within_circle(self.months, day.month)
            and _within_circle(self.weekdays, day.isoweekday() % 7)
            and _within_month(self.days_of_month, day)
        )

    def edges(self, day: date) -> tuple[int, ...]:
        """The minutes of `day` at which a wall clock that runs evenly may pass into or out of this element, in order."""
        yesterday, today = self.covers(day - _DAY), self.covers(day)
        if self.times is None:
            return (0,) if yesterday != today else ()
        if not (yesterday or today):
            return ()
        return tuple(sorted({minute for span in self.times for minute in span}))


@frozen
class NamedInterval:
    """What routes refer to by name: any of its elements will do; without elements it never holds."""

    name: str
    intervals: tuple[TimeInterval, ...] = ()

    def contains(self, at: datetime) -> bool:
        """Whether `at` lies in any element."""
        return any(interval.contains(at) for interval in self.intervals)

    def next_change(self, at: datetime) -> datetime | None:
        """See `next_change`."""
        return next_change(self.intervals, at)


@frozen
class ClockMute:
    """Why a route is quiet at a time of day. active: its active intervals are all over, rather than a mute interval on.

    names: the mute intervals that hold, or all the active intervals, of which none does.
    """

    active: bool
    names: tuple[str, ...]


def clock_mute(mute: Iterable[NamedInterval], active: Iterable[NamedInterval], at: datetime) -> ClockMute | None:
    """Whether a route with these intervals is quiet at `at`; active intervals are asked first, and one reason is given."""
    awake = tuple(active)
    if awake and not any(interval.contains(at) for interval in awake):
        return ClockMute(True, tuple(interval.name for interval in awake))
    names = tuple(interval.name for interval in mute if interval.contains(at))
    return ClockMute(False, names) if names else None


def next_change(intervals: Iterable[TimeInterval], at: datetime) -> datetime | None:
    """The first instant after `at`, in UTC, at which these elements, taken together, begin to hold or cease to.

    None when nothing changes within `HORIZON`; ask again then.
    """
    elements = tuple(intervals)
    before = any(element.contains(at) for element in elements)
    for instant in merge(*(_boundaries(element, at) for element in elements)):
        if any(element.contains(instant) for element in elements) != before:
            return instant
    return None


def _boundaries(element: TimeInterval, at: datetime) -> Iterator[datetime]:
    """Every instant after `at` at which `element` may begin or cease to hold, in order: edges, and shifts of the clock."""
    for stretch in stretches(element.zone, at, at + HORIZON):
        if stretch.begins > at:
            yield stretch.begins
        yield from _edges(element, stretch)


def _edges(element: TimeInterval, stretch: Stretch) -> Iterator[datetime]:
    day, last = (stretch.begins + stretch.offset).date(), (stretch.ends + stretch.offset).date()
    while day <= last:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - stretch.offset
        for minute in element.edges(day):
            instant = midnight + timedelta(minutes=minute)
            if stretch.begins < instant < stretch.ends:
                yield instant
        day += _DAY


def _within(ranges: Ranges, number: int) -> bool:
    return ranges is None or any(begin <= number <= end for begin, end in ranges)


def _within_circle(ranges: Ranges, number: int) -> bool:
    if ranges is None:
        return True
    return any(begin <= number <= end if begin <= end else number >= begin or number <= end for begin, end in ranges)


def _within_month(ranges: Ranges, day: date) -> bool:
    if ranges is None:
        return True
    length = monthrange(day.year, day.month)[1]
    return any(_from_start(begin, length) <= day.day <= _from_start(end, length) for begin, end in ranges)


def _from_start(number: int, length: int) -> int:
    """A day of the month that may be counted from the month's end, counted from its start; may lie outside of the month."""
    return number if number > 0 else length + number + 1
