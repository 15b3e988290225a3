"""For how much of the time in which somebody had to be on call somebody was, and could be reached."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.oncall.oncall import Absences, Override, Schedule, shifts

NONE = timedelta(0)


@frozen
class Coverage:
    """Of one schedule. required: the time that is promised; covered: of that, when somebody reachable was on call."""

    schedule: str
    required: timedelta
    covered: timedelta

    @property
    def share(self) -> float | None:
        """None where nothing is promised."""
        return self.covered / self.required if self.required else None


def coverage(
    schedules: Iterable[Schedule],
    start: datetime,
    stop: datetime,
    away: Absences,
    made: Callable[[str], Iterable[Override]],
    reachable: Collection[str],
) -> list[Coverage]:
    """Of each schedule, from `start` until `stop`, as configuration and overrides are now. reachable: people with a contact."""
    return [_of(schedule, start, stop, away, made(schedule.name), reachable) for schedule in schedules]


def _of(
    schedule: Schedule,
    start: datetime,
    stop: datetime,
    away: Absences,
    made: Iterable[Override],
    reachable: Collection[str],
) -> Coverage:
    required = covered = NONE
    for shift in shifts(schedule, start, stop, away, made):
        promised = sum((end - begin for begin, end in _promised(schedule, shift.start, shift.end)), NONE)
        required += promised
        if any(person in reachable for person in shift.on_call.people):
            covered += promised
    return Coverage(schedule.name, required, covered)


def _promised(schedule: Schedule, start: datetime, stop: datetime) -> Iterator[tuple[datetime, datetime]]:
    if schedule.coverage is None:
        yield start, stop
        return
    for begin, end in schedule.coverage.between(start, stop):
        yield max(begin, start), min(end, stop)
