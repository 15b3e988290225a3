"""Reading an RRULE: `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2`, with `RRULE:` in front or without, and a line with DTSTART before it.

`DTSTART:20260106T220000` is on the clocks of the window's own zone. It says when the schedule begins, and whatever the rule
leaves open: the time of day, and the day. Without it a rule says both itself, and has always come.

What makes no sense for a window is refused rather than guessed: rules that come every hour or more often, days of the year and
numbers of weeks, and dates to add or to leave out. Each refusal says what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import islice

from evaluator.core.recurrence.recurring import walls_from
from evaluator.core.recurrence.rrule import Period, RRule

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KEYS = (
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYMONTH",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
    "WKST",
)
_INSTANT = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_NUMBER = re.compile(r"[+-]?\d{1,3}")
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_MOST = 10_000

Parts = Mapping[str, str]


def is_rrule(text: str) -> bool:
    """Whether somebody meant an RRULE."""
    return "FREQ=" in text.upper() or text.strip().upper().startswith(("RRULE", "DTSTART"))


def parse_rrule(text: str) -> RRule:
    """Read a rule, in upper or lower case. Raises ValueError when it is none, or never comes."""
    begins, parts = _split(text.upper())
    rule = _with_end(_read(" ".join(text.split()), begins, parts), parts)
    first = next(walls_from(rule, datetime(2000, 1, 1)), None)  # noqa: DTZ001 - on the wall
    if first is None:
        raise ValueError(f'"{rule.text}" never comes; no period has such a day')
    if rule.ends is not None and rule.ends.replace(tzinfo=None) < first and rule.begins is not None:
        raise ValueError(f'"{rule.text}" never comes; it ends before it begins')
    return rule


def _split(text: str) -> tuple[datetime | None, Parts]:
    """When it begins, and the parts of the rule by their names."""
    begins, rules = None, []
    for line in text.split():
        name, colon, value = line.partition(":")
        if name.startswith("DTSTART"):
            begins = _begins(name, value)
        elif not colon or name == "RRULE":
            rules.append(value if colon else line)
        else:
            raise ValueError(f"{name} is not understood; write DTSTART:… and one RRULE:…")
    if len(rules) != 1:
        raise ValueError("one rule is needed, such as RRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=2")
    return begins, _parts(rules[0])


def _begins(name: str, value: str) -> datetime:
    if name != "DTSTART" or value.endswith("Z"):
        raise ValueError("DTSTART is on the clocks of `location`; write it without a zone, as in DTSTART:20260106T220000")
    found = _instant("DTSTART", value)
    if found.second:
        raise ValueError(f"DTSTART {value} has seconds; schedules come at whole minutes")
    return found


def _parts(rule: str) -> Parts:
    parts: dict[str, str] = {}
    for part in filter(None, rule.split(";")):
        key, _, value = part.partition("=")
        if key not in _KEYS:
            raise ValueError(f"{key} is not understood in an RRULE; known are {', '.join(_KEYS)}")
        if key in parts or not value:
            raise ValueError(f"{key} stands there {'twice' if key in parts else 'without a value'}")
        parts[key] = value
    return parts


def _read(text: str, begins: datetime | None, parts: Parts) -> RRule:
    if parts.get("FREQ") not in set(Period):
        known = ", ".join(Period)
        raise ValueError(f"FREQ={parts.get('FREQ', '')} is not understood; write {known}, and BYHOUR for several times a day")
    if parts.get("BYSECOND", "0") != "0":
        raise ValueError("BYSECOND is not understood; schedules come at whole minutes")
    rule = RRule(
        text=text,
        period=Period(parts["FREQ"]),
        minutes=_minutes(begins, parts),
        interval=_natural("INTERVAL", parts, 1),
        months=_numbers("BYMONTH", parts, 1, 12),
        days=_numbers("BYMONTHDAY", parts, 1, 31, backwards=True),
        weekdays=frozenset(_weekdays(parts)),
        positions=_numbers("BYSETPOS", parts, 1, 366, backwards=True),
        week_start=_week_start(parts),
        begins=begins,
    )
    _check(rule)
    return _completed(rule)


def _check(rule: RRule) -> None:
    """Raises ValueError for what the RFC forbids, or what cannot be meant."""
    if rule.interval > 1 and rule.begins is None:
        raise ValueError("INTERVAL needs to know from when to count; add a line such as DTSTART:20260106T220000")
    if rule.period is Period.WEEKLY and rule.days:
        raise ValueError("BYMONTHDAY is not for FREQ=WEEKLY; write FREQ=MONTHLY, or FREQ=DAILY with BYDAY")
    if rule.period in (Period.DAILY, Period.WEEKLY) and any(number for _, number in rule.weekdays):
        raise ValueError(f"a number before a weekday is not for FREQ={rule.period}; write FREQ=MONTHLY or FREQ=YEARLY")
    if rule.positions and (len(rule.minutes) > 1 or not (rule.months or rule.days or rule.weekdays)):
        raise ValueError("BYSETPOS chooses among days; it needs BYDAY, BYMONTHDAY or BYMONTH, and one time of day")


def _completed(rule: RRule) -> RRule:
    """With the days that the RFC takes from the beginning where a rule names none."""
    if rule.period is Period.DAILY or rule.days or rule.weekdays:
        return rule
    if rule.begins is None:
        key = "BYDAY" if rule.period is Period.WEEKLY else "BYMONTHDAY or BYDAY"
        raise ValueError(f"the rule names no day; add {key}, or a line such as DTSTART:20260106T220000")
    day = rule.begins.date()
    if rule.period is Period.WEEKLY:
        return replace(rule, weekdays=frozenset({(day.weekday(), 0)}))
    months = frozenset({day.month}) if rule.period is Period.YEARLY and not rule.months else rule.months
    return replace(rule, months=months, days=frozenset({day.day}))


def _with_end(rule: RRule, parts: Parts) -> RRule:
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other; remove one")
    if "UNTIL" in parts:
        return replace(rule, ends=_instant("UNTIL", parts["UNTIL"], last=True))
    if "COUNT" not in parts:
        return rule
    if rule.begins is None:
        raise ValueError("COUNT needs to know from when to count; add a line such as DTSTART:20260106T220000")
    count = _natural("COUNT", parts, _MOST)
    return replace(rule, ends=next(islice(walls_from(rule, rule.begins), count - 1, None), None))


# -- values -----------------------------------------------------------------------------------------------------------


def _instant(key: str, text: str, last: bool = False) -> datetime:
    """A day or a time, on the wall unless it ends with Z. last: of a day alone its end, not its beginning."""
    match = _INSTANT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        clock = match[2] or ("235959" if last else "000000")
        found = datetime.strptime(match[1] + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007 - on the wall
        return found.replace(tzinfo=UTC) if match[3] else found
    except ValueError:
        raise ValueError(
            f'{key} "{text}" is no time; write it as in {key}={"20261231" if last else "20260106T220000"}'
        ) from None


def _minutes(begins: datetime | None, parts: Parts) -> tuple[int, ...]:
    """Of the day on which it comes."""
    start = begins.time() if begins is not None else time()
    if begins is None and "BYHOUR" not in parts:
        raise ValueError("the rule names no time of day; add BYHOUR, or a line such as DTSTART:20260106T220000")
    hours = _numbers("BYHOUR", parts, 0, 23) or {start.hour}
    minutes = _numbers("BYMINUTE", parts, 0, 59) or {start.minute}
    return tuple(60 * hour + minute for hour in sorted(hours) for minute in sorted(minutes))


def _numbers(key: str, parts: Parts, low: int, high: int, backwards: bool = False) -> frozenset[int]:
    """The numbers of a list. backwards: negative ones count from the end."""
    found = set()
    for item in parts[key].split(",") if key in parts else ():
        number = int(item) if _NUMBER.fullmatch(item) else None
        if number is None or not low <= (abs(number) if backwards else number) <= high:
            also = f" or -{high} to -{low}" if backwards else ""
            raise ValueError(f"{key} {item} is out of range {low} to {high}{also}")
        found.add(number)
    return frozenset(found)


def _natural(key: str, parts: Parts, default: int) -> int:
    text = parts.get(key, str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise ValueError(f"{key} {text} is out of range 1 to {_MOST}")
    return int(text)


def _weekdays(parts: Parts) -> Iterator[tuple[int, int]]:
    for item in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        match = _BY_DAY.fullmatch(item)
        number = int(match[1] or 0) if match else 0
        if match is None or (match[1] and not 1 <= abs(number) <= 53):
            raise ValueError(f"BYDAY {item} is not understood; write MO to SU, and for one in a month 2TU or -1FR")
        yield _WEEKDAYS.index(match[2]), number


def _week_start(parts: Parts) -> int:
    text = parts.get("WKST", "MO")
    if text not in _WEEKDAYS:
        raise ValueError(f"WKST {text} is not understood; write MO to SU")
    return _WEEKDAYS.index(text)
