"""A time interval in words: `22:00 to 06:00, friday to monday, Europe/Berlin`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evaluator.core.muting.interval_texts import MONTHS, WEEKDAYS
from evaluator.core.muting.intervals import Ranges, TimeInterval


def in_words(interval: TimeInterval) -> str:
    """Everything that has to hold, separated by commas."""
    parts = [*_parts(interval)]
    return ", ".join([*(parts or ["always"]), interval.location])


def _parts(interval: TimeInterval) -> Iterator[str]:
    yield from _ranges(interval.times, _time)
    yield from _ranges(interval.weekdays, lambda number: WEEKDAYS[number])
    yield from _ranges(interval.days_of_month, lambda number: f"day {number}" if number > 0 else f"day {number} from the end")
    yield from _ranges(interval.months, lambda number: MONTHS[(number - 1) % 12])
    yield from _ranges(interval.years, str)


def _ranges(ranges: Ranges, name: Callable[[int], str]) -> Iterator[str]:
    if ranges is not None:
        each = (name(begin) if begin == end else f"{name(begin)} to {name(end)}" for begin, end in ranges)
        yield " or ".join(each) or "never"


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
