"""Overrides of schedules: listed, made by people, taken back.

An instant without an offset is on the clocks of the schedule, as in the configuration. What an override comes to is found out
by asking the schedule twice, with it and without: one that changes nothing is made all the same, and whoever made it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.endpoints import answer, at, bad, missing
from evaluator.api.v2 import bodies
from evaluator.api.view import View
from evaluator.core.durations import parse_duration
from evaluator.core.events import OverrideEnded, OverrideSet
from evaluator.core.oncall.oncall import Override, Schedule, shifts
from evaluator.core.oncall.oncall_texts import parse_instant
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from", "with_": "with"}):
    """An override as somebody wants it. from: now, if not given. duration: in place of `to`."""

    schedule: str = ""
    from_: str = ""
    to: str = ""
    duration: str = ""
    replace: str = ""
    with_: str = ""
    reason: str = ""
    createdBy: str = ""  # noqa: N815


WISH = msgspec.json.Decoder(Wish)


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1/oncall/overrides`."""
    return [
        at(view, "oncall/overrides", _listing),
        at(view, "oncall/overrides", _make, "POST"),
        at(view, "oncall/overrides/{id}", _take_back, "DELETE"),
    ]


async def _listing(view: View, request: Request) -> Response:
    """Overrides that last or are to come, those of the configuration first; `schedule` chooses, `over` adds past ones."""
    wanted = request.query_params.get("schedule")
    over = request.query_params.get("over") == "true"
    found = [*_written(view), *(shown(view, record) for record in made(view))]
    return answer([one for one in found if wanted in (None, one["schedule"]) and (over or one["state"] != "over")])


async def _make(view: View, request: Request) -> Response:
    """Make an override: somebody takes over from `from` until `to`, or for a `duration`; `remarks` say what is odd about it."""
    wish = await bodies.read(view, request, WISH)
    schedule = _schedule(view, wish.schedule)
    override = _override(view, schedule, wish)
    remarks = list(_remarks(view, schedule, override))
    record = OverrideRecord(str(uuid4()), schedule.name, override, wish.createdBy)
    await view.submit(OverrideSet(record))
    return answer({**shown(view, view.machine.overrides.table.get(record.id, record)), "remarks": remarks})


async def _take_back(view: View, request: Request) -> Response:
    """Take an override back; one that has begun ends now."""
    name = str(request.path_params["id"])
    record = next((one for one in made(view) if one.id == name), None)
    if record is None:
        raise missing(f"there is no override {name} that a person made; those of the configuration are edited there")
    await view.submit(OverrideEnded(name))
    left = view.machine.overrides.table.get(name)
    return answer(shown(view, left) if left is not None else {})


def made(view: View) -> list[OverrideRecord]:
    """The overrides that people made, in the order of their beginnings."""
    found = (record for record in view.machine.overrides.table.values() if not record.source)
    return sorted(found, key=lambda record: (record.override.start, record.id))


def shown(view: View, record: OverrideRecord) -> Json:
    """One that a person made."""
    return _shown(view, record.id, record.schedule, record.override, record.author)


def _written(view: View) -> Iterator[Json]:
    for schedule in view.settings.duty.schedules:
        for override in schedule.overrides:
            yield _shown(view, None, schedule.name, override, "")


def _shown(view: View, name: str | None, schedule: str, override: Override, author: str) -> Json:
    state = "over" if override.end <= view.now else "pending" if override.start > view.now else "active"
    return {
        "id": name,
        "schedule": schedule,
        "state": state,
        "from": rfc3339(override.start),
        "to": rfc3339(override.end),
        "replace": override.replace,
        "with": override.stand_in,
        "reason": override.reason,
        "createdBy": author,
        "configured": name is None,
    }


def _schedule(view: View, name: str) -> Schedule:
    found = next((one for one in view.settings.duty.schedules if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in view.settings.duty.schedules) or "none"
        raise bad(f'no schedule is called "{name}"; those of the configuration: {known}')
    return found


def _override(view: View, schedule: Schedule, wish: Wish) -> Override:
    """The override that is asked for. Raises NotDoneError."""
    if not wish.createdBy:
        raise bad("createdBy: say who makes it; somebody may want to ask")
    if not wish.replace and not wish.with_:
        raise bad("it would change nothing; say whom to replace, with whom, or both")
    for key, name in (("replace", wish.replace), ("with", wish.with_)):
        _person(view, key, name)
    start = _instant("from", wish.from_, schedule) if wish.from_ else view.now
    end = _end(wish, start, schedule)
    if end <= start:
        raise bad("it ends before it begins; exchange from and to")
    if end <= view.now:
        raise bad("it would be over already; let it end later")
    return Override(start, end, wish.replace, wish.with_, wish.reason)


def _person(view: View, key: str, name: str) -> None:
    known = [person.key for person in view.settings.duty.people]
    if name and name not in known:
        raise bad(f'{key}: nobody is called "{name}"; people of the configuration: {", ".join(known) or "none"}')


def _end(wish: Wish, start: datetime, schedule: Schedule) -> datetime:
    if bool(wish.to) == bool(wish.duration):
        raise bad("say when it ends: either to, or a duration such as 8h")
    if wish.to:
        return _instant("to", wish.to, schedule)
    try:
        return start + parse_duration(wish.duration)
    except (ValueError, OverflowError) as error:
        raise bad(f"duration: {error}; write one such as 8h") from None


def _instant(key: str, text: str, schedule: Schedule) -> datetime:
    try:
        found = parse_instant(text, schedule.zone)
    except (ValueError, OverflowError) as error:
        raise bad(f"{key}: {error}") from None
    if not 1970 < found.year < 2200:
        raise bad(f'{key}: "{text}" is too far away')
    return found


def _remarks(view: View, schedule: Schedule, override: Override) -> Iterator[str]:
    """What somebody who makes it should know."""
    duty, known = view.settings.duty, view.machine.overrides.of(schedule.name)
    for absence in duty.absences.get(override.stand_in, ()):
        if absence.start < override.end and absence.end > override.start:
            yield f"{override.stand_in} is away from {rfc3339(absence.start)} to {rfc3339(absence.end)}, and not on call then"
    before, after = (
        [one.on_call.people for one in shifts(schedule, override.start, override.end, duty.absences, more)]
        for more in (known, (*known, override))
    )
    if before == after:
        who = f"{override.replace} is not on call then" if override.replace else f"{override.stand_in} is on call then anyhow"
        yield f"it changes nothing: {who}"
