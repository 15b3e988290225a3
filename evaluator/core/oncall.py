"""Who is on call at an instant: a pure function of the configuration and of the overrides that people made.

Of the layers of a schedule the last one that is active and names somebody who is available counts. Overrides come after: one
replaces a person by another while it lasts, or puts somebody on call, or takes somebody off. When nobody is left, the fallback
is on call. Whoever is away is not available, wherever the name comes from; a fallback is named even so, for somebody must be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from evaluator.core.calendars import Calendar
from evaluator.core.rotations import Layer


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody cannot be reached from `start` until just before `end`."""

    start: datetime
    end: datetime

    def at(self, at: datetime) -> bool:
        """Whether it is so at an instant."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Override:
    """For a while another person. replace: who is stood in for, or empty. stand_in: who is on call, or empty for nobody."""

    start: datetime
    end: datetime
    replace: str = ""
    stand_in: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """coverage: when somebody has to be on call; None is always."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    fallback: tuple[str, ...] = ()
    coverage: Calendar | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """people: on call, the first of them first. why: `layer 2`, `override: dentist`, `fallback` or `nobody`."""

    people: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time in which the same people are on call for the same reason."""

    start: datetime
    end: datetime
    on_call: OnCall


Absences = Mapping[str, tuple[Away, ...]]


def on_call(schedule: Schedule, at: datetime, away: Absences, made: Iterable[Override] = ()) -> OnCall:
    """Who is on call. away: by person. made: overrides beyond those of the configuration; the later one counts."""
    people, why = _of_layers(schedule, at, away)
    for override in (*schedule.overrides, *made):
        if override.start <= at < override.end and not _away(override.stand_in, at, away):
            changed = _overridden(people, override)
            if changed != people:
                people, why = changed, f"override: {override.reason}" if override.reason else "override"
    if people:
        return OnCall(people, why)
    if not schedule.fallback:
        return OnCall((), "nobody")
    available = tuple(person for person in schedule.fallback if not _away(person, at, away))
    return OnCall(available or schedule.fallback, "fallback")


def shifts(
    schedule: Schedule, start: datetime, stop: datetime, away: Absences, made: Iterable[Override] = ()
) -> Iterator[Shift]:
    """Who is on call from `start` until `stop`: shifts that follow each other without a gap."""
    made = tuple(made)
    begin, current = start, on_call(schedule, start, away, made)
    for at in sorted({at for at in _boundaries(schedule, start, stop, away, made) if start < at < stop}):
        then = on_call(schedule, at, away, made)
        if then != current:
            yield Shift(begin, at, current)
            begin, current = at, then
    if begin < stop:
        yield Shift(begin, stop, current)


def gaps(
    schedule: Schedule, start: datetime, stop: datetime, away: Absences, made: Iterable[Override] = ()
) -> Iterator[tuple[datetime, datetime]]:
    """When nobody is on call although somebody has to be."""
    for shift in shifts(schedule, start, stop, away, made):
        if shift.on_call.people:
            continue
        if schedule.coverage is None:
            yield shift.start, shift.end
            continue
        for begin, end in schedule.coverage.between(shift.start, shift.end):
            yield max(begin, shift.start), min(end, shift.end)


def _of_layers(schedule: Schedule, at: datetime, away: Absences) -> tuple[tuple[str, ...], str]:
    for number in range(len(schedule.layers), 0, -1):
        person = schedule.layers[number - 1].person(at, schedule.zone)
        if person is not None and not _away(person, at, away):
            return (person,), f"layer {number}"
    return (), "nobody"


def _overridden(people: tuple[str, ...], override: Override) -> tuple[str, ...]:
    if override.replace and override.replace not in people:
        return people
    kept = [override.stand_in if person == override.replace else person for person in people]
    if not override.replace:
        kept = [override.stand_in]
    return tuple(dict.fromkeys(person for person in kept if person))


def _away(person: str, at: datetime, away: Absences) -> bool:
    return any(absence.at(at) for absence in away.get(person, ()))


def _boundaries(
    schedule: Schedule, start: datetime, stop: datetime, away: Absences, made: Iterable[Override]
) -> Iterator[datetime]:
    for layer in schedule.layers:
        yield from layer.boundaries(start, stop, schedule.zone)
    for override in (*schedule.overrides, *made):
        yield from (override.start, override.end)
    for absences in away.values():
        for absence in absences:
            yield from (absence.start, absence.end)
