"""Maintenance over HTTP: somebody works on a component, on what matchers say, or on everything, and nobody is chased for it.

It mutes nothing: incidents stay in sight and receivers are told as always. Author, reason and end are needed, because what
holds everybody back at night should say who wanted it, why, and until when.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.endpoints import answer, at, bad, check_author, missing
from evaluator.api.idempotency import Remembered
from evaluator.api.incident_acts import body_of, person_key
from evaluator.api.v2 import bodies
from evaluator.api.v2.silences import matcher_bodies
from evaluator.api.view import View
from evaluator.core.durations import parse_duration
from evaluator.core.events import MaintenanceEnded, MaintenanceSet
from evaluator.core.incidents.belonging import COMPONENT
from evaluator.core.incidents.maintenance_terms import wrong_component, wrong_length, wrong_reason
from evaluator.core.incidents.records import Hold, IncidentRecord, MaintenanceRecord
from evaluator.core.labels import Matcher, match_all
from evaluator.core.matchers import parse_matchers
from evaluator.core.timestamps import rfc3339

Json = dict[str, Any]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Maintenance as somebody wants it: of one of component, matchers, everything. starts_at: now, if not given."""

    by: str = ""
    reason: str = ""
    component: str = ""
    matchers: list[str] = []
    everything: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    duration: str = ""


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be otherwise; the rest stays. duration: counted from its beginning, or from now if that is past."""

    by: str = ""
    reason: str = ""
    ends_at: datetime | None = None
    duration: str = ""


CHANGE = msgspec.json.Decoder(Change)
WISH = msgspec.json.Decoder(Wish)


def routes(view: View) -> list[Route]:
    """The routes below `/api/evaluator/v1/maintenance`."""
    remembered = Remembered()

    async def begin(view: View, request: Request) -> Response:
        """Begin or plan maintenance of a component, of what matchers say, or of everything; reason and end are needed."""
        body = await body_of(view, request)

        async def done() -> Response:
            return await _begin(view, bodies.decode(body, WISH))

        return await remembered.once(request, body, view.now, done)

    return [
        at(view, "maintenance", _listing),
        at(view, "maintenance", begin, "POST"),
        at(view, "maintenance/{id}", _end, "DELETE"),
        at(view, "maintenance/{id}", _change, "PATCH"),
    ]


async def _listing(view: View, request: Request) -> Response:
    """What is being worked on, and what is planned, with how many open incidents each holds."""
    found = sorted(view.machine.incidents.maintenance.values(), key=lambda one: (one.starts_at, one.id))
    return answer([shown_maintenance(view, one) for one in found])


async def _begin(view: View, wish: Wish) -> Response:
    record = wanted(view, wish)
    await view.submit(MaintenanceSet(record))
    return answer(shown_maintenance(view, view.machine.incidents.maintenance.get(record.id, record)))


async def _change(view: View, request: Request) -> Response:
    """Let maintenance end at another time, or say better what is done. Whoever does so answers for it from then on."""
    change = bodies.decode(await body_of(view, request), CHANGE)
    known = _known(view, request)
    check_author(change.by, "works")
    _check_reason(change.reason or known.reason)
    ends_at = known.ends_at
    if change.duration or bodies.given(change.ends_at) is not None:
        ends_at = _ends_at(change, max(known.starts_at, view.now))
    _check_length(max(known.starts_at, view.now), ends_at)
    author = person_key(view, change.by) if change.by else known.author
    record = replace(known, ends_at=ends_at, reason=change.reason or known.reason, author=author)
    await view.submit(MaintenanceSet(record))
    return answer(shown_maintenance(view, view.machine.incidents.maintenance.get(record.id, record)))


def _known(view: View, request: Request) -> MaintenanceRecord:
    name = str(request.path_params["id"])
    known = view.machine.incidents.maintenance.get(name)
    if known is None:
        raise missing(f"there is no maintenance {name}; it may be over")
    return known


async def _end(view: View, request: Request) -> Response:
    """End maintenance, or take back what is planned."""
    known = _known(view, request)
    await view.submit(MaintenanceEnded(known.id))
    return answer({**shown_maintenance(view, known), "state": "over", "ends_at": rfc3339(view.now)})


def shown_maintenance(view: View, one: MaintenanceRecord) -> Json:
    """matchers: none is everything. holds: numbers of the open incidents that it holds now."""
    return {
        "id": one.id,
        "state": "active" if one.on(view.now) else "pending" if one.starts_at > view.now else "over",
        "component": one.component,
        "matchers": list(matcher_bodies(one.matchers)),
        "starts_at": rfc3339(one.starts_at),
        "ends_at": rfc3339(one.ends_at),
        "author": one.author,
        "reason": one.reason,
        "holds": [record.number for record in held_by(view, one)],
    }


def held_by(view: View, one: MaintenanceRecord) -> list[IncidentRecord]:
    """The open incidents whose alerts this maintenance is of."""
    if not one.on(view.now):
        return []
    incidents = view.machine.incidents
    held = [record for record in incidents.table.values() if record.open and Hold.MAINTENANCE in record.holds]
    return [
        record
        for record in held
        if any(match_all(one.matchers, alert.labels) for alert in incidents.alerts_of(record) if alert.firing)
    ]


def wanted(view: View, wish: Wish) -> MaintenanceRecord:
    """The maintenance that is asked for. Raises NotDoneError."""
    check_author(wish.by, "works")
    _check_reason(wish.reason)
    starts_at = max(bodies.given(wish.starts_at) or view.now, view.now)
    ends_at = _ends_at(wish, starts_at)
    _check_length(starts_at, ends_at)
    matchers = _matchers(view, wish)
    return MaintenanceRecord(str(uuid4()), matchers, starts_at, ends_at, person_key(view, wish.by), wish.reason, wish.component)


def _check_reason(reason: str) -> None:
    if wrong := wrong_reason(reason):
        raise bad(f"reason: {wrong}")


def _check_length(starts_at: datetime, ends_at: datetime) -> None:
    if wrong := wrong_length(starts_at, ends_at):
        raise bad(wrong)


def _matchers(view: View, wish: Wish) -> tuple[Matcher, ...]:
    if sum((bool(wish.component), bool(wish.matchers), wish.everything)) != 1:
        raise bad("say what is worked on: a component, matchers, or everything")
    if wish.component:
        _known_component(view, wish.component)
        return (Matcher(COMPONENT, wish.component),)
    try:
        read = (parse_matchers(text, view.settings.matcher_mode).matchers for text in wish.matchers)
        return tuple(matcher for found in read for matcher in found)
    except ValueError as error:
        raise bad(f'matchers: {error}; write them as team="db"') from None


def _known_component(view: View, name: str) -> None:
    if wrong := wrong_component(name, view.settings.ladders.components):
        raise bad(f"component: {wrong}")


def _ends_at(wish: Wish | Change, starts_at: datetime) -> datetime:
    if bool(wish.duration) == (bodies.given(wish.ends_at) is not None):
        raise bad("say when it ends: either ends_at, or a duration such as 2h")
    at = bodies.given(wish.ends_at)
    if at is not None:
        return at
    try:
        return starts_at + parse_duration(wish.duration)
    except (ValueError, OverflowError) as error:
        raise bad(f"duration: {error}; write one such as 2h") from None
