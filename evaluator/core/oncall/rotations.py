"""People who take turns, as a pure function of the instant: there is no stored pointer that could be wrong.

Hand-offs are times on the wall: `every week on Monday at 09:00` stays at 09:00 when the clocks change, and that week is an hour
longer or shorter. The one whose turn it is follows from how many hand-offs have passed since the first one, so the past and
the future can be shown, and a change of the list can be reviewed before it is made.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.oncall.calendars import Span, openings
from evaluator.core.zones import first_instant


class Unit(StrEnum):
    """In which a turn is measured."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@frozen
class Layer:
    """A rotation and when it is active.

    rotation: people, in the order of their turns. every, unit: how long a turn is. handoff: time of day at which turns change;
    weekday: on which day (Monday is 0), for turns of weeks. start: the day on or after which the first turn begins, or, for
    turns of months, that day of the month (its last where a month is shorter). active: empty is always.
    """

    rotation: tuple[str, ...]
    every: int
    unit: Unit
    start: date
    handoff: time = time(0)
    weekday: int | None = None
    active: tuple[Span, ...] = ()

    def turn(self, number: int, zone: ZoneInfo) -> datetime:
        """When a turn begins, counted from 0, in UTC."""
        return first_instant(self._wall(number), zone)

    def number(self, at: datetime, zone: ZoneInfo) -> int:
        """Which turn it is at an instant; negative before the first."""
        number = self._guess(at.astimezone(zone).replace(tzinfo=None))
        while self.turn(number + 1, zone) <= at:
            number += 1
        while self.turn(number, zone) > at:
            number -= 1
        return number

    def person(self, at: datetime, zone: ZoneInfo) -> str | None:
        """Whose turn it is; None before the first turn, and while the layer is not active."""
        number = self.number(at, zone)
        if number < 0 or not self.is_active(at, zone):
            return None
        return self.rotation[number % len(self.rotation)]

    def is_active(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the layer says anything at an instant."""
        return not self.active or any(begin <= at < end for begin, end in openings(self.active, zone, at, at))

    def boundaries(self, start: datetime, stop: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Every instant between two others at which somebody else's turn, or an active span, begins or ends."""
        number = max(0, self.number(start, zone))
        while (turn := self.turn(number, zone)) < stop:
            yield turn
            number += 1
        for begin, end in openings(self.active, zone, start, stop):
            yield from (begin, end)

    @property
    def _base(self) -> datetime:
        ahead = 0 if self.weekday is None else (self.weekday - self.start.weekday()) % 7
        return datetime.combine(self.start + timedelta(days=ahead), self.handoff)

    def _wall(self, number: int) -> datetime:
        """When a turn begins, on the wall."""
        base, steps = self._base, number * self.every
        match self.unit:
            case Unit.HOUR:
                return base + timedelta(hours=steps)
            case Unit.DAY:
                return base + timedelta(days=steps)
            case Unit.WEEK:
                return base + timedelta(weeks=steps)
        months = base.year * 12 + base.month - 1 + steps
        year, month = divmod(months, 12)
        return base.replace(year=year, month=month + 1, day=min(base.day, monthrange(year, month + 1)[1]))

    def _guess(self, wall: datetime) -> int:
        """About which turn it is; a shift of the clocks may make it one off."""
        base = self._base
        if self.unit is Unit.MONTH:
            return ((wall.year - base.year) * 12 + wall.month - base.month) // self.every
        length = {Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}[self.unit]
        return (wall - base) // (length * self.every)
