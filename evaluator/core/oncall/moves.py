"""Who moves when a schedule changes: the stretches of time in which others would be on call than before.

A rotation is a function of the time alone, so to add somebody changes whose turn it is for everybody from then on. That is
better read before the change is made than noticed on a Monday.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from evaluator.core.frozen import frozen
from evaluator.core.oncall.oncall import Absences, Schedule, Shift, on_call, shifts
from evaluator.core.oncall.people import Duty


@frozen
class Move:
    """From `start` until just before `end`, others are on call. before, after: their keys; none where there is no schedule."""

    schedule: str
    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


def moves(former: Duty, duty: Duty, start: datetime, stop: datetime) -> Iterator[Move]:
    """What a change of configuration moves between two instants, schedule by schedule. Overrides made by hand do not count."""
    old, new = ({schedule.name: schedule for schedule in one.schedules} for one in (former, duty))
    for name in dict.fromkeys((*old, *new)):
        yield from _of_schedule(name, (old.get(name), former.absences), (new.get(name), duty.absences), start, stop)


def _of_schedule(
    name: str,
    before: tuple[Schedule | None, Absences],
    after: tuple[Schedule | None, Absences],
    start: datetime,
    stop: datetime,
) -> Iterator[Move]:
    edges = {start, *_changes(*before, start, stop), *_changes(*after, start, stop)}
    pending: Move | None = None
    for begin, end in zip(ordered := sorted(edges), (*ordered[1:], stop), strict=True):
        move = Move(name, begin, end, _people(*before, begin), _people(*after, begin))
        if pending is not None and (pending.before, pending.after) == (move.before, move.after):
            pending = replace(pending, end=end)
            continue
        if pending is not None and pending.before != pending.after:
            yield pending
        pending = move
    if pending is not None and pending.before != pending.after:
        yield pending


def _changes(schedule: Schedule | None, away: Absences, start: datetime, stop: datetime) -> Iterator[datetime]:
    shifted: Iterator[Shift] = iter(()) if schedule is None else shifts(schedule, start, stop, away)
    yield from (shift.start for shift in shifted)


def _people(schedule: Schedule | None, away: Absences, at: datetime) -> tuple[str, ...]:
    return () if schedule is None else on_call(schedule, at, away).people
