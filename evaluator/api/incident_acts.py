"""What people do with incidents over HTTP: acknowledge, put off, escalate and so on.

Whether something is possible is asked beforehand, of the same rules that the machine goes by; then it is done, and the answer
is the incident as it is now. Acknowledging what one has acknowledged, or noting a thing twice, is possible: who repeats a
request need not fear it. With `If-Match` an action is for the climb that its sender has seen: when the incident has begun again
since, it is refused (412) rather than done to something new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.endpoints import NotDoneError, answer, at, bad, check_author, missing
from evaluator.api.idempotency import Remembered
from evaluator.api.incident_shown import shown_incident
from evaluator.api.v2 import bodies
from evaluator.api.view import View
from evaluator.core.durations import parse_duration
from evaluator.core.incidents.acting import why_not
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.records import IncidentRecord

CLI = "evaluator-cli"
"""Begins the user agent of the command line."""

LONGEST_NOTE = 8000


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody does. by: key of a person, or any name. duration, until: of an acknowledgement or a snooze.

    note: why, or the text of a note. label: of a label. to: of an assignment. level: of an escalation, the last one seen.
    """

    by: str = ""
    duration: str = ""
    until: datetime | None = None
    note: str = ""
    label: str = ""
    to: str = ""
    level: int | None = None


DEED = msgspec.json.Decoder(Deed)

_DOES: Mapping[Action, str] = {
    Action.ACK: "Acknowledge an incident, for `duration` if given; again by the owner: for as long anew.",
    Action.UNACK: "Let go of an incident: its ladder begins anew.",
    Action.SNOOZE: "Put an incident off for `duration` or `until`.",
    Action.ESCALATE: "Let the next level fire at once; with `level`, only if that is still the last one that fired.",
    Action.ASSIGN: "Make an incident somebody's, `to`.",
    Action.RESOLVE: "Resolve an incident although its alerts may fire.",
    Action.NOTE: "Write a `note` into the timeline.",
    Action.LABEL: "Say whether an incident was worth it: `label`.",
}

_TAKES: Mapping[Action, frozenset[str]] = {
    Action.ACK: frozenset({"duration", "until", "note"}),
    Action.UNACK: frozenset({"note"}),
    Action.SNOOZE: frozenset({"duration", "until", "note"}),
    Action.ESCALATE: frozenset({"note", "level"}),
    Action.ASSIGN: frozenset({"to", "note"}),
    Action.RESOLVE: frozenset({"note"}),
    Action.NOTE: frozenset({"note"}),
    Action.LABEL: frozenset({"label"}),
}


def routes(view: View, remembered: Remembered) -> list[Route]:
    """A route for each action."""
    return [_route(view, action, remembered) for action in Action]


def _route(view: View, action: Action, remembered: Remembered) -> Route:
    async def endpoint(view: View, request: Request) -> Response:
        body = await body_of(view, request)

        async def done() -> Response:
            return await _act(view, request, action, body)

        return await remembered.once(request, body, view.now, done)

    endpoint.__doc__ = _DOES[action]
    return at(view, f"incidents/{{id}}/{action}", endpoint, "POST")


async def body_of(view: View, request: Request) -> bytes:
    """The bytes of a body of JSON; none at all is an empty object. Raises RefusedError."""
    if request.headers.get("content-length", "") == "0" or "content-type" not in request.headers:
        return b"{}"
    return bytes(await bodies.raw(view, request))


async def _act(view: View, request: Request, action: Action, body: bytes) -> Response:
    number = number_of(request)
    deed = bodies.decode(body, DEED)
    _check(view, action, deed)
    record = view.machine.incidents.table.get(number)
    if record is None:
        raise await _not_at_hand(view, number)
    acted = _acted(view, request, record, action, deed)
    why = why_not(record, acted, view.now)
    if why:
        raise NotDoneError(400 if action is Action.SNOOZE and record.open else 409, "not_possible", why)
    await view.submit(acted)
    record = view.machine.incidents.table.get(number, record)
    return answer(shown_incident(view, record), headers={"ETag": tag(record)})


def number_of(request: Request) -> int:
    """The incident that the path names. Raises NotDoneError."""
    text = str(request.path_params["id"])
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise missing(f"there is no incident {text}")
    return int(text)


def tag(record: IncidentRecord) -> str:
    """What `If-Match` is compared with."""
    return f'"{record.epoch}"'


def source_of(request: Request) -> tuple[str, str]:
    """By which way a request comes, and from where: address and client."""
    client = request.headers.get("user-agent", "")
    address = request.client.host if request.client else ""
    return ("cli" if client.startswith(CLI) else "api"), " ".join(part for part in (address, client) if part)[:200]


def _acted(view: View, request: Request, record: IncidentRecord, action: Action, deed: Deed) -> Acted:
    epoch = _epoch(request, record)
    via, source = source_of(request)
    until = bodies.given(deed.until)
    duration = _span(deed.duration) if deed.duration else None
    if action is Action.ACK and until is not None:
        duration, until = until - view.now, None
    text = deed.label if action is Action.LABEL else deed.note
    by = person_key(view, deed.by)
    return Acted(action, record.number, by, via, source, epoch, deed.level, until, duration, text, deed.to)


def person_key(view: View, text: str) -> str:
    """The key of the person who is called so, or has that mail address; any other name as it is."""
    people, wanted = view.settings.duty.people, text.strip().casefold()
    if any(person.key == text.strip() for person in people):
        return text.strip()
    found = [one.key for one in people if wanted in (one.name.casefold(), one.contacts.get("email", "").casefold())]
    return found[0] if len(found) == 1 else text.strip()


def _epoch(request: Request, record: IncidentRecord) -> int | None:
    """The climb that the sender has seen. Raises NotDoneError when it is another one now."""
    wanted = request.headers.get("if-match", "*").strip()
    if wanted == "*":
        return None
    tags = [one.strip().removeprefix("W/") for one in wanted.split(",")]
    if tag(record) not in tags:
        seen = ", ".join(tags)
        raise NotDoneError(412, "begun_again", f"the incident has begun again since (epoch {record.epoch}, you saw {seen})")
    return record.epoch


def _check(view: View, action: Action, deed: Deed) -> None:
    """Whether the body makes sense for the action. Raises NotDoneError."""
    check_author(deed.by)
    given = {name for name in ("duration", "until", "note", "label", "to", "level") if getattr(deed, name) not in ("", None)}
    if odd := sorted(given - _TAKES[action]):
        raise bad(f"{odd[0]}: {action} does not take it")
    if deed.duration and deed.until is not None:
        raise bad("duration and until both say when it ends; give one of them")
    until = bodies.given(deed.until)
    if until is not None and until <= view.now:
        raise bad("until: it must be ahead")
    if len(deed.note) > LONGEST_NOTE:
        raise bad(f"note: at most {LONGEST_NOTE} characters")
    _check_own(view, action, deed)


def _check_own(view: View, action: Action, deed: Deed) -> None:
    """What one action alone needs."""
    match action:
        case Action.SNOOZE if not deed.duration and deed.until is None:
            raise bad("duration: say for how long, as in 1h, or until when")
        case Action.NOTE if not deed.note.strip():
            raise bad("note: write something")
        case Action.LABEL if deed.label not in NOISE:
            raise bad(f"label: one of {', '.join(NOISE)}")
        case Action.ASSIGN if deed.to not in {person.key for person in view.settings.duty.people}:
            known = ", ".join(person.key for person in view.settings.duty.people) or "none"
            raise bad(f'to: nobody is called "{deed.to}"; people of the configuration: {known}')
    if deed.duration and _span(deed.duration) <= timedelta(0):
        raise bad("duration: it must be longer than nothing")


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise bad(f"duration: {error}; write one such as 1h30m") from None


async def _not_at_hand(view: View, number: int) -> NotDoneError:
    """Why nothing can be done with an incident that the machine does not know."""
    if await view.incident(number) is None:
        return missing(f"there is no incident {number}")
    return NotDoneError(409, "not_possible", f"incident {number} was over long ago; nothing can be done with it any more")
