"""The pieces of a schedule as they stand in a configuration file: `1 week`, `Mon 09:00`, `Mon-Fri 09:00-18:00`.

Each raises ValueError with a sentence that says what was expected.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from evaluator.core.oncall.calendars import Span
from evaluator.core.oncall.rotations import Unit
from evaluator.core.zones import first_instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = re.compile(r"([1-9][0-9]{0,2}) *(hour|day|week|month)s?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SPAN = re.compile(r"(?:([A-Za-z, -]+) +)?(\d\d:\d\d)-(\d\d:\d\d)")


def parse_every(text: str) -> tuple[int, Unit]:
    """How long a turn is: a number and a unit."""
    match = _EVERY.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f'not the length of a turn: "{text}"; write one such as 1 week, 2 days, 12 hours, 1 month')
    return int(match[1]), Unit(match[2])


def parse_handoff(text: str) -> tuple[int | None, time]:
    """The day of the week, if one is named (Monday is 0), and the time of day."""
    day, _, clock = text.strip().rpartition(" ")
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f'not a hand-off: "{text}"; write one such as Mon 09:00, or 22:00')
    return (_day(day) if day else None), time(int(match[1]), int(match[2]))


def parse_span(text: str) -> Span:
    """Days of the week (all, when none is named) and hours; `Mon-Thu 22:00-06:00` goes on past midnight."""
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'not hours of a week: "{text}"; write them as Mon-Fri 09:00-18:00')
    days, begin, end = match.groups()
    minutes = _minutes(begin), _minutes(end)
    if minutes[0] == minutes[1] or minutes[0] == 24 * 60:
        raise ValueError(f'"{text}" lasts no time; a whole day is 00:00-24:00')
    return Span(_days(days) if days else frozenset(range(7)), minutes[0], minutes[1] or 24 * 60)


def parse_date(text: str) -> date:
    """A day, `2026-01-05`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'not a day: "{text}"; write it as 2026-01-05') from None


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """An instant, in UTC: RFC 3339, or without an offset on the clocks of `zone`; a day alone is its midnight."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'not a time: "{text}"; write it as 2026-03-02T09:00, or with an offset such as Z') from None
    return at if at.tzinfo is not None else first_instant(at, zone)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin = _day(first)
        end = _day(last) if last else begin
        days.update((begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1))
    return frozenset(days)


def _day(text: str) -> int:
    name = text.strip().lower()[:3]
    full = text.strip().lower()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if name not in DAYS or not (full == name or full in names):
        raise ValueError(f'not a day of the week: "{text.strip()}"; write Mon, Tue, Wed, Thu, Fri, Sat or Sun')
    return DAYS.index(name)


def _minutes(text: str) -> int:
    if text == "24:00":
        return 24 * 60
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f'not a time of day: "{text}"; hours go from 00:00 to 24:00')
    return int(match[1]) * 60 + int(match[2])
