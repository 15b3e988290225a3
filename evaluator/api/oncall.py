"""Who is on call: now, at another instant, and over the weeks to come.

Times without an offset are UTC. The past can be asked about as well: as the configuration has it now, with the overrides that
people made then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.native import answer
from evaluator.api.view import View
from evaluator.core.oncall.oncall import OnCall, Schedule, gaps, on_call, shifts
from evaluator.core.oncall.people import Duty
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]
MOST_WEEKS = 53


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1/oncall`."""

    def at(path: str, make: Callable[[View, Request], list[Json]]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return answer(make(view, request))
            except ValueError as error:
                body = {"status": "error", "errorType": "bad_data", "error": str(error)}
                return Response(msgspec.json.encode(body), 400, media_type="application/json")

        endpoint.__doc__ = make.__doc__
        return Route(f"/api/evaluator/v1/{path}", endpoint)

    return [at("oncall", _at), at("oncall/calendar", _calendar)]


def _at(view: View, request: Request) -> list[Json]:
    """Who is on call in each schedule at `at`, by default now, and until when; `schedule` chooses one."""
    instant = _instant(request, "at", view.now)
    return [_now(view, schedule, instant) for schedule in _chosen(view.settings.duty, request)]


def _calendar(view: View, request: Request) -> list[Json]:
    """Shifts and uncovered stretches of each schedule for `weeks` (4) from `from`, by default now; `schedule` chooses one."""
    start = _instant(request, "from", view.now)
    stop = start + timedelta(weeks=_weeks(request))
    return [_weekly(view, schedule, start, stop) for schedule in _chosen(view.settings.duty, request)]


def _now(view: View, schedule: Schedule, at: datetime) -> Json:
    duty, made = view.settings.duty, view.machine.overrides.of(schedule.name)
    found = on_call(schedule, at, duty.absences, made)
    ahead = shifts(schedule, at, at + timedelta(weeks=MOST_WEEKS), duty.absences, made)
    then = next((shift for shift in ahead if shift.on_call.people != found.people), None)
    return {
        "schedule": schedule.name,
        "at": rfc3339(at),
        **_who(found, duty),
        "until": rfc3339(then.start) if then is not None else None,
        "next": _who(then.on_call, duty)["people"] if then is not None else [],
    }


def _weekly(view: View, schedule: Schedule, start: datetime, stop: datetime) -> Json:
    duty, made = view.settings.duty, view.machine.overrides.of(schedule.name)
    away = duty.absences
    return {
        "schedule": schedule.name,
        "timeZone": schedule.zone.key,
        "shifts": [
            {"from": rfc3339(one.start), "to": rfc3339(one.end), **_who(one.on_call, duty)}
            for one in shifts(schedule, start, stop, away, made)
        ],
        "uncovered": [{"from": rfc3339(begin), "to": rfc3339(end)} for begin, end in gaps(schedule, start, stop, away, made)],
    }


def _who(found: OnCall, duty: Duty) -> Json:
    names = {person.key: person.name for person in duty.people}
    return {"people": [{"key": key, "name": names.get(key, key)} for key in found.people], "why": found.why}


def _chosen(duty: Duty, request: Request) -> Iterator[Schedule]:
    wanted = request.query_params.get("schedule")
    if wanted is not None and all(one.name != wanted for one in duty.schedules):
        known = ", ".join(one.name for one in duty.schedules) or "none"
        raise ValueError(f'no schedule is called "{wanted}"; those of the configuration: {known}')
    return (one for one in duty.schedules if wanted in (None, one.name))


def _instant(request: Request, name: str, now: datetime) -> datetime:
    text = request.query_params.get(name)
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ValueError(f'{name}: not a time: "{text}"; write it as 2026-03-02T09:00Z') from None
    if not 1970 < at.year < 2200:
        raise ValueError(f'{name}: "{text}" is too far away')
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _weeks(request: Request) -> int:
    text = request.query_params.get("weeks", "4")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WEEKS:
        raise ValueError(f'weeks: a whole number from 1 to {MOST_WEEKS}, not "{text}"')
    return int(text)
