"""Who is on call at an instant: a pure function of the configuration and of the overrides that people made.

Of the layers of a schedule the last one that is active and names somebody who is available counts. Overrides come after: one
replaces a person by another while it lasts, or puts somebody on call, or takes somebody off. When nobody is left, the fallback
is on call. Whoever is away is not available, wherever the name comes from; a fallback is named even so, for somebody must be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.http import Secret
from evaluator.core.oncall.calendars import Calendar
from evaluator.core.oncall.rotations import Layer


@frozen
class Away:
    """Somebody cannot be reached from `start` until just before `end`."""

    start: datetime
    end: datetime

    def at(self, at: datetime) -> bool:
        """Whether it is so at an instant."""
        return self.start <= at < self.end


@frozen
class Override:
    """For a while another person. replace: who is stood in for, or empty. stand_in: who is on call, or empty for nobody.

    layer: for a shift that was read from a calendar, the number of the layer that says so, from 1; 0 for a real override.
    """

    start: datetime
    end: datetime
    replace: str = ""
    stand_in: str = ""
    reason: str = ""
    layer: int = 0


@frozen
class CalendarLayer:
    """A layer whose shifts stand in a calendar that somebody else keeps, in iCalendar's format.

    What was read from it comes to `on_call` among the overrides, with this layer's number. url, file: where it is, one of
    them. refresh: how often it is read.
    """

    url: Secret | None = None
    file: Path | None = None
    refresh: timedelta = timedelta(minutes=15)

    @property
    def source(self) -> str:
        """Names the calendar without telling where it is."""
        where = (self.url.text, self.url.path) if self.url is not None else (self.file,)
        return sha256("\n".join(map(str, where)).encode()).hexdigest()[:16]


@frozen
class Schedule:
    """coverage: when somebody has to be on call; None is always."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer | CalendarLayer, ...]
    overrides: tuple[Override, ...] = ()
    fallback: tuple[str, ...] = ()
    coverage: Calendar | None = None


@frozen
class OnCall:
    """people: on call, the first of them first. why: `layer 2`, `override: dentist`, `fallback` or `nobody`."""

    people: tuple[str, ...]
    why: str


@frozen
class Shift:
    """A stretch of time in which the same people are on call for the same reason."""

    start: datetime
    end: datetime
    on_call: OnCall


Absences = Mapping[str, tuple[Away, ...]]


def on_call(schedule: Schedule, at: datetime, away: Absences, made: Iterable[Override] = ()) -> OnCall:
    """Who is on call. away: by person. made: overrides beyond those of the configuration; the later one counts."""
    made = tuple(made)
    people, why = _of_layers(schedule, at, away, made)
    for override in (*schedule.overrides, *made):
        if not override.layer and override.start <= at < override.end and not _away(override.stand_in, at, away):
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


def _of_layers(schedule: Schedule, at: datetime, away: Absences, made: Sequence[Override]) -> tuple[tuple[str, ...], str]:
    for number in range(len(schedule.layers), 0, -1):
        named = _named(schedule, number, at, made)
        people = tuple(person for person in named if not _away(person, at, away))
        if people:
            return people, f"layer {number}"
    return (), "nobody"


def _named(schedule: Schedule, number: int, at: datetime, made: Sequence[Override]) -> tuple[str, ...]:
    """Whom a layer names. Of a calendar, everybody whose shift it is, in the order in which the shifts began."""
    layer = schedule.layers[number - 1]
    if isinstance(layer, Layer):
        person = layer.person(at, schedule.zone)
        return () if person is None else (person,)
    on = sorted((one.start, one.stand_in) for one in made if one.layer == number and one.start <= at < one.end)
    return tuple(dict.fromkeys(person for _, person in on))


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
        if isinstance(layer, Layer):
            yield from layer.boundaries(start, stop, schedule.zone)
    for override in (*schedule.overrides, *made):
        yield from (override.start, override.end)
    for absences in away.values():
        for absence in absences:
            yield from (absence.start, absence.end)
