"""Who is on call: now, and over four weeks, drawn as bars on the clocks of each schedule; hours without anybody are red.

A week is as wide as it is long, so the one in which clocks change is drawn like any other, with its midnights where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from evaluator.core.events import OverrideEnded
from evaluator.core.frozen import frozen
from evaluator.core.oncall.oncall import OnCall, Override, Schedule, Shift, gaps, on_call, shifts
from evaluator.core.oncall.override_table import Standing
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.oncall.people import Person
from evaluator.core.view import View
from evaluator.core.zones import first_instant
from evaluator.web.author import names_of
from evaluator.web.rendering import render, root
from evaluator.web.words import parse_instant

WEEKS = 4
WIDE = 1680
"""Units of a drawn week; an hour of an ordinary one is ten."""
NARROWEST_NAMED = 90
TONES = 8
"""Colours of people."""
LOOKED_AHEAD = timedelta(weeks=53)


@frozen
class Bar:
    """A shift, or what is in this week of it. x, width: in units. tone: of the first of the people; None for nobody."""

    x: float
    width: float
    tone: int | None
    names: str
    start: datetime
    end: datetime
    why: str

    @property
    def named(self) -> bool:
        """Whether there is room for a name."""
        return self.width >= NARROWEST_NAMED


@frozen
class Week:
    """days: where each begins, and what it is called. bars: who is on call. holes: where nobody is and somebody should be.

    now: where the present is, if it is in this week.
    """

    days: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]
    holes: tuple[Bar, ...]
    now: float | None


@frozen
class Rota:
    """A schedule as it is shown. until, then: when somebody else is on call, and who. uncovered: hours to come."""

    schedule: Schedule
    who: OnCall
    until: datetime | None
    then: OnCall | None
    weeks: tuple[Week, ...]
    uncovered: tuple[tuple[datetime, datetime], ...]
    calendars: tuple[tuple[int, Standing], ...]


async def oncall(view: View, request: Request) -> Response:
    """Who is on call in each schedule, at `at` if that is given, and over the weeks from there."""
    text, problem, at = request.query_params.get("at", "").strip(), "", view.now
    try:
        at = parse_instant(text) if text else view.now
        if not 1970 < at.year < 2200:
            raise ValueError(f'"{text}" is too far away')
    except ValueError as error:
        problem, at = str(error), view.now
    return render(
        view,
        request,
        "oncall.html",
        400 if problem else 200,
        at=at,
        asked=text,
        problem=problem,
        rotas=[_rota(view, schedule, at) for schedule in view.settings.duty.schedules],
        people=[_person(view, number, person, at) for number, person in enumerate(view.settings.duty.people)],
        overrides=_overrides(view),
        names=names_of(view),
        wide=WIDE,
    )


async def take_back(view: View, request: Request) -> Response:
    """Take an override back."""
    name = str(request.path_params["id"])
    record = view.machine.overrides.table.get(name)
    if record is None or record.source:
        raise HTTPException(404, "There is no such override; it may be over, or stand in the configuration.")
    await view.submit(OverrideEnded(name))
    return RedirectResponse(f"{root(request)}oncall", 303)


def _rota(view: View, schedule: Schedule, at: datetime) -> Rota:
    away, made = view.settings.duty.absences, view.machine.overrides.of(schedule.name)
    who = on_call(schedule, at, away, made)
    then = next((one for one in shifts(schedule, at, at + LOOKED_AHEAD, away, made) if one.on_call.people != who.people), None)
    monday = at.astimezone(schedule.zone).date()
    monday -= timedelta(days=monday.weekday())
    starts = [_midnight(monday + timedelta(weeks=number), schedule.zone) for number in range(WEEKS + 1)]
    return Rota(
        schedule,
        who,
        then.start if then is not None else None,
        then.on_call if then is not None else None,
        tuple(_week(view, schedule, start, stop, at) for start, stop in pairwise(starts)),
        tuple(gaps(schedule, at, starts[-1], away, made)),
        tuple((number, one) for (name, number), one in view.machine.overrides.calendars.items() if name == schedule.name),
    )


def _week(view: View, schedule: Schedule, start: datetime, stop: datetime, at: datetime) -> Week:
    away, made = view.settings.duty.absences, view.machine.overrides.of(schedule.name)
    tones = {person.key: number % TONES for number, person in enumerate(view.settings.duty.people)}
    names = names_of(view)

    def place(when: datetime) -> float:
        return round(WIDE * ((when - start) / (stop - start)), 1)

    def bar(shift: Shift) -> Bar:
        people = shift.on_call.people
        x, end = place(shift.start), place(shift.end)
        tone = tones.get(people[0]) if people else None
        return Bar(
            x, end - x, tone, ", ".join(names.get(key, key) for key in people), shift.start, shift.end, shift.on_call.why
        )

    holes = (bar(Shift(begin, end, OnCall((), "nobody"))) for begin, end in gaps(schedule, start, stop, away, made))
    found = (bar(shift) for shift in shifts(schedule, start, stop, away, made) if shift.on_call.people)
    days = tuple((place(day), name) for day, name in _days(start, stop, schedule.zone))
    return Week(days, tuple(found), tuple(holes), place(at) if start <= at < stop else None)


def _days(start: datetime, stop: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    day = start.astimezone(zone).date()
    while (midnight := _midnight(day, zone)) < stop:
        yield midnight, f"{day:%a %d %b}"
        day += timedelta(days=1)


def _midnight(day: object, zone: ZoneInfo) -> datetime:
    return first_instant(datetime.fromisoformat(str(day)), zone)


def _person(view: View, number: int, person: Person, at: datetime) -> tuple[Person, int, bool, list[str]]:
    """Somebody, their colour, whether they are away, and for which schedules they are on call."""
    away = view.settings.duty.absences
    on = [
        schedule.name
        for schedule in view.settings.duty.schedules
        if person.key in on_call(schedule, at, away, view.machine.overrides.of(schedule.name)).people
    ]
    return person, number % TONES, any(absence.at(at) for absence in person.away), on


def _overrides(view: View) -> list[tuple[str, Override, OverrideRecord | None]]:
    """Those that last or are to come; without a record, those of the configuration."""
    written = [(one.name, override, None) for one in view.settings.duty.schedules for override in one.overrides]
    made = [(one.schedule, one.override, one) for one in view.machine.overrides.table.values() if not one.source]
    found = [one for one in (*written, *made) if one[1].end > view.now]
    return sorted(found, key=lambda one: (one[1].start, one[0]))
