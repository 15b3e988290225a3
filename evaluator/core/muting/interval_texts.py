"""The pieces of a time interval as they stand in a configuration file: `22:00`, `monday:friday`, `-3:-1`.

What is accepted is what Alertmanager accepts, and four things more: times, weekdays and months may go round (see `intervals`),
and days from the end of a month are counted right, so that `28:-1` is a range. With `wrap=False` nothing may go round, and the
refusal is Alertmanager's. One thing is accepted less: a range of months that holds no month (`13`), which there means "never".
"""

from __future__ import annotations

import re

from evaluator.core.muting.intervals import Range

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_TIME = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9]))|24:00")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_MIDNIGHT = 24 * 60
_SHORTEST_MONTH = 28


def parse_times(start: str, end: str, wrap: bool = True) -> Range:
    """Minutes since midnight from two times of day, `HH:MM`; only the end may be 24:00.

    Raises ValueError. A range up to 00:00 ends at midnight and does not go round.
    """
    if not start or not end:
        raise ValueError("both start_time and end_time must be given")
    first, last = _minutes(start), _minutes(end)
    if first == _MIDNIGHT:
        raise ValueError("start_time cannot be 24:00; the day begins at 00:00")
    if first == last:
        raise ValueError(f"start_time and end_time are both {start}; leave `times` out for the whole day")
    if first > last and not wrap:
        raise ValueError("start_time cannot be equal or greater than end_time")
    return first, last or _MIDNIGHT


def parse_weekdays(text: str, wrap: bool = True) -> Range:
    """Numbers of weekdays, Sunday 0, from a full English name or two with a colon between. Raises ValueError."""
    begin, end = (_weekday(name) for name in _bounds(text))
    if begin > end and not wrap:
        raise ValueError("start day cannot be before end day; the week begins on sunday")
    return begin, end


def parse_days_of_month(text: str) -> Range:
    """Days of the month, negative from its end. Raises ValueError, also when the range is empty in a month of 28 days."""
    begin, end = (_day(number) for number in _bounds(text))
    if begin < 0 < end:
        raise ValueError("end day must be negative if start day is negative")
    if _in_short_month(begin) > _in_short_month(end):
        raise ValueError(f"end day {end} is always before start day {begin} in a month of {_SHORTEST_MONTH} days")
    return begin, end


def parse_months(text: str, wrap: bool = True) -> Range:
    """Numbers of months from full English names or numbers.

    Raises ValueError. Numbers beyond the year are accepted where the range also holds a month, as in `0:12`.
    """
    begin, end = (_month(name) for name in _bounds(text))
    if begin > end and not (wrap and begin <= 12 and end >= 1):
        raise ValueError(f"end month {end} is before start month {begin}")
    if begin <= end and (end < 1 or begin > 12):
        raise ValueError(f"{text} holds no month; they are numbered from 1 to 12")
    return begin, end


def parse_years(text: str) -> Range:
    """Years. Raises ValueError."""
    begin, end = (_number(year, "year") for year in _bounds(text))
    if begin > end:
        raise ValueError(f"end year {end} is before start year {begin}")
    return begin, end


def _minutes(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"couldn't parse timestamp {text}, invalid format; write HH:MM from 00:00 to 24:00")
    return _MIDNIGHT if match[1] is None else 60 * int(match[1]) + int(match[2])


def _bounds(text: str) -> tuple[str, str]:
    begin, colon, end = text.partition(":")
    if ":" in end:
        raise ValueError(f"couldn't parse range {text}, invalid format; write BEGIN:END")
    return begin.lower(), end.lower() if colon else begin.lower()


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"{name} is not a valid weekday; write its full English name")
    return WEEKDAYS.index(name)


def _month(name: str) -> int:
    if name in MONTHS:
        return MONTHS.index(name) + 1
    return _number(name, "month")


def _day(text: str) -> int:
    day = _number(text, "day of the month")
    if not 1 <= abs(day) <= 31:
        raise ValueError(f"{day} is not a valid day of the month: out of range; write 1 to 31, or -1 to -31 from its end")
    return day


def _number(text: str, noun: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text} is not a valid {noun}")
    return int(text)


def _in_short_month(day: int) -> int:
    return day if day > 0 else _SHORTEST_MONTH + day + 1
