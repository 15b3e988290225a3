"""Reading a cron expression; what it may say stands in `cron`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.recurrence.cron import LAST, Cron

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>[0-9]{1,4}))?")
_NTH = re.compile(r"(\w+?)(?:#([1-5])|(l))")
_NUMBER = re.compile(r"[0-9]{1,4}")
_CALENDAR_CYCLE = 28 * 365 + 7  # days after which the same dates fall on the same weekdays, within a century


@frozen
class _Field:
    """One of the five. low, high: what `*` stands for. top: the largest number that may be written.

    names: for the numbers from `low` on. round: whether ranges may go round.
    """

    name: str
    low: int
    high: int
    top: int
    names: tuple[str, ...] = ()
    round: bool = False

    def read(self, text: str) -> frozenset[int]:
        """Every number that a list of items stands for. Raises ValueError."""
        return frozenset(number for item in text.split(",") for number in self._item(item))

    def _item(self, item: str) -> Iterator[int]:
        match = _ITEM.fullmatch(item)
        if match is None or (match["first"] == "*" and match["last"]):
            raise ValueError(f'{self.name} "{item}" is not understood; write *, A, A-B or any of them with /STEP')
        step = int(match["step"] or 1)
        if step == 0:
            raise ValueError(f'{self.name} "{item}": a step of 0 never moves on')
        first, last = self._ends(match)
        size = self.high - self.low + 1
        if first > last and not self.round:
            raise ValueError(f'{self.name} "{item}" ends before it begins; write two ranges')
        stop = last + size if first > last else last
        return ((number - self.low) % size + self.low for number in range(first, stop + 1, step))

    def _ends(self, match: re.Match[str]) -> tuple[int, int]:
        if match["first"] == "*":
            return self.low, self.high
        first = self.number(match["first"])
        if match["last"]:
            return first, self.number(match["last"])
        return first, max(first, self.high) if match["step"] else first

    def number(self, text: str) -> int:
        """A number or a name. Raises ValueError when there is no such one in this field."""
        if text in self.names:
            return self.names.index(text) + self.low
        if _NUMBER.fullmatch(text) is None:
            known = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
            raise ValueError(f'{self.name} "{text}" is not understood; write {self.low} to {self.top}{known}')
        if not self.low <= int(text) <= self.top:
            raise ValueError(f"{self.name} {text} is out of range {self.low} to {self.top}")
        return int(text)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MINUTE = _Field("minute", 0, 59, 59)
_HOUR = _Field("hour", 0, 23, 23)
_DAY_OF_MONTH = _Field("day of the month", 1, 31, 31)
_MONTH = _Field("month", 1, 12, 12, _MONTHS, round=True)
_WEEKDAY = _Field("weekday", 0, 6, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"), round=True)


def parse_cron(text: str) -> Cron:
    """Read five fields or a nickname, in upper or lower case.

    Raises ValueError when it is none, or when the days that it names do not exist, such as the 30th of February.
    """
    fields = NICKNAMES.get(text.strip().lower(), text.lower()).split()
    if len(fields) != 5:
        known = ", ".join(NICKNAMES)
        raise ValueError(f'"{text}" is no schedule; write minute, hour, day of the month, month and weekday, or one of {known}')
    cron = _read(text, *fields)
    if not _ever_comes(cron):
        raise ValueError(f'"{text}" never comes; no month that it names has such a day')
    return cron


def _read(text: str, minute: str, hour: str, day: str, month: str, weekday: str) -> Cron:
    minutes, hours = _MINUTE.read(minute), _HOUR.read(hour)
    weekdays, nth = _read_weekdays(weekday)
    return Cron(
        text,
        minutes=tuple(60 * hour + minute for hour in sorted(hours) for minute in sorted(minutes)),
        days=_read_days(day),
        months=_MONTH.read(month),
        weekdays=weekdays,
        nth=nth,
        both=day.startswith("*") or weekday.startswith("*"),
    )


def _read_days(text: str) -> frozenset[int]:
    items = text.split(",")
    numbers = [item for item in items if item != "l"]
    last = frozenset({LAST}) if len(numbers) < len(items) else frozenset[int]()
    return last | (_DAY_OF_MONTH.read(",".join(numbers)) if numbers else frozenset())


def _read_weekdays(text: str) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    plain, nth = [], set()
    for item in text.split(","):
        match = _NTH.fullmatch(item)
        if match is None:
            plain.append(item)
        else:
            nth.add((_WEEKDAY.number(match[1]) % 7, int(match[2] or LAST)))
    return (_WEEKDAY.read(",".join(plain)) if plain else frozenset()), frozenset(nth)


def _ever_comes(cron: Cron) -> bool:
    first = date(2000, 1, 1)
    return any(cron.comes_on(first + timedelta(days=number)) for number in range(_CALENDAR_CYCLE))
