"""Texts into times by Go's reference layouts; the counterpart of `times.format_time`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.quote import quoted
from evaluator.templating.go.times import LAYOUT, MONTHS, WEEKDAYS, Time

_SHORT_MONTHS: Final = tuple(name[:3] for name in MONTHS)
_OFFSET: Final = r"[+-]\d\d:?(?:\d\d)?:?(?:\d\d)?"


def _one_of(names: tuple[str, ...]) -> str:
    return "(?i:" + "|".join(names) + ")"


_PATTERNS: Final[Mapping[str, tuple[str, str]]] = {
    "2006": ("year", r"\d{4}"),
    "06": ("short_year", r"\d\d"),
    "January": ("month_name", _one_of(MONTHS)),
    "Jan": ("month_name", _one_of(_SHORT_MONTHS)),
    "1": ("month", r"\d\d?"),
    "01": ("month", r"\d\d"),
    "Monday": ("", _one_of(WEEKDAYS)),
    "Mon": ("", _one_of(tuple(name[:3] for name in WEEKDAYS))),
    "2": ("day", r"\d\d?"),
    "_2": ("day", r" ?\d\d?"),
    "02": ("day", r"\d\d"),
    "002": ("year_day", r"\d{3}"),
    "__2": ("year_day", r" {0,2}\d{1,3}"),
    "15": ("hour", r"\d\d?"),
    "3": ("hour", r"\d\d?"),
    "03": ("hour", r"\d\d"),
    "4": ("minute", r"\d\d?"),
    "04": ("minute", r"\d\d"),
    "5": ("second", r"\d\d?(?:[.,]\d+)?"),
    "05": ("second", r"\d\d(?:[.,]\d+)?"),
    "PM": ("half", "AM|PM"),
    "pm": ("half", "am|pm"),
    "MST": ("", "[A-Z]{3,5}|UTC"),
}


@lru_cache(maxsize=256)
def _reader(layout: str) -> re.Pattern[str]:
    pieces: list[str] = []
    seen: set[str] = set()
    last = 0
    for match in LAYOUT.finditer(layout):
        name, pattern = _PATTERNS.get(match[0], _unlisted(match[0]))
        group = f"(?P<{name}>{pattern})" if name and name not in seen else f"(?:{pattern})"
        seen.add(name)
        pieces += [re.escape(layout[last : match.start()]), group]
        last = match.end()
    return re.compile("".join(pieces) + re.escape(layout[last:]), re.ASCII)


def _unlisted(token: str) -> tuple[str, str]:
    if token[0] in ".,":
        return "fraction", r"[.,]\d+" if token[1] == "0" else r"(?:[.,]\d+)?"
    return "offset", f"Z|{_OFFSET}" if token[0] == "Z" else _OFFSET


def parse_time(layout: str, text: str) -> Time:
    """Read a time; what the layout does not hold is January 1 of the year 0 in Go, here of the year 1. UTC by default.

    Raises CallFailed.
    """
    match = _reader(layout).fullmatch(text)
    if match is None:
        raise CallFailed(f"parsing time {quoted(text)} as {quoted(layout)}: cannot parse it")
    try:
        return Time(_read({name: value for name, value in match.groupdict().items() if value}))
    except (ValueError, OverflowError):
        raise CallFailed(f"parsing time {quoted(text)}: out of range") from None


def _read(found: Mapping[str, str]) -> datetime:
    seconds = float(found.get("second", "0").replace(",", ".")) + float("0" + found.get("fraction", "").replace(",", "."))
    start = datetime(
        _year(found), _month(found), int(found.get("day", "1")), _hour(found), int(found.get("minute", "0")), tzinfo=UTC
    )
    if "year_day" in found:
        start += timedelta(days=int(found["year_day"]) - 1)
    if seconds >= 60:
        raise ValueError("second out of range")
    return (start + timedelta(seconds=seconds)).replace(tzinfo=_zone(found.get("offset", "Z")))


def _year(found: Mapping[str, str]) -> int:
    if "short_year" in found:
        short = int(found["short_year"])
        return short + (1900 if short >= 69 else 2000)
    return int(found.get("year", "1"))


def _month(found: Mapping[str, str]) -> int:
    if "month_name" in found:
        return _SHORT_MONTHS.index(found["month_name"][:3].title()) + 1
    return int(found.get("month", "1"))


def _hour(found: Mapping[str, str]) -> int:
    hour = int(found.get("hour", "0"))
    match found.get("half", "").upper():
        case "PM" if hour < 12:
            return hour + 12
        case "AM" if hour == 12:
            return 0
    return hour


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    digits = offset[1:].replace(":", "").ljust(6, "0")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
    return timezone(-delta if offset[0] == "-" else delta)
