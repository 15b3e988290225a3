"""PagerDuty's webhooks, version 3: what people do with an incident there is done with ours.

The two know each other by the key that our messages were sent under. Only what a person did counts: what we told PagerDuty
comes back as the deed of an integration, and what PagerDuty does by itself (a timeout, its own escalation) is nobody's deed.
What is so already is not done again, so nothing can go round in circles.

Webhooks come late, twice and in any order: PagerDuty tries for two days. Each event counts once, and none that is older than
the newest of its incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.neutral import one_line
from evaluator.core.replies import PagerdutyReplies
from evaluator.core.settings import Settings
from evaluator.replies.bodies import Json, came_from, json_object, member, read_body, text_at
from evaluator.replies.desk import Desk, Fate, Outcome, Way, act
from evaluator.replies.doors import closed, refused, revealed
from evaluator.replies.seen import Seen

REMEMBERED = timedelta(days=3)
MOST_SIGNATURES = 20
_PERSON = "user"  # how the types of those begin who are people
_MOST_OF_A_NAME = 100


@frozen
class Deed:
    """What somebody did in PagerDuty. agent, to: id and name of users; to: whom it was given to. key: of our messages."""

    event: str
    kind: str
    at: datetime
    agent: tuple[str, str]
    key: str
    to: tuple[str, str]


def distrust(body: bytes, header: str, secrets: Sequence[str]) -> str:
    """Why a request is not believed to be PagerDuty's; empty when it is. header: one signature for each secret it has."""
    given = [one.strip() for one in header.split(",")[:MOST_SIGNATURES]]
    wanted = [f"v1={digest(secret.encode(), body, 'sha256').hex()}" for secret in secrets]
    true = [compare_digest(one.encode(errors="replace"), our.encode()) for one in given for our in wanted]
    return "" if any(true) else "X-PagerDuty-Signature does not match: is this the secret of that webhook subscription?"


def read_deed(body: bytes) -> Deed | None:
    """What a webhook tells of; None when it is no deed of a person. Raises ValueError when it cannot be read."""
    event = member(json_object(body), "event")
    if not isinstance(event, dict):
        raise ValueError("event is missing")
    if not text_at(event, "agent", "type").startswith(_PERSON):
        return None
    assignees = member(event, "data", "assignees")
    first = assignees[0] if isinstance(assignees, list) and assignees else None
    return Deed(
        text_at(event, "id"),
        text_at(event, "event_type"),
        _instant(text_at(event, "occurred_at")),
        _user(member(event, "agent")),
        text_at(event, "data", "incident_key"),
        _user(first),
    )


class PagerdutyDoor:
    """Takes in what PagerDuty brings."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen = Seen(REMEMBERED)
        self._newest: dict[int, datetime] = {}

    async def post(self, request: Request) -> Response:
        """PagerDuty's webhooks, version 3."""
        door = self._desk.settings.replies.pagerduty
        if door is None:
            return closed()
        body = await read_body(request)
        secrets = [revealed(one) for one in (door.secret, door.former) if one is not None]
        why = distrust(body, request.headers.get("x-pagerduty-signature", ""), secrets)
        if why:
            return refused(self._desk, Way.PAGERDUTY, why)
        outcome = await self._take(read_deed(body), door, request)
        self._desk.answered(Way.PAGERDUTY, outcome.fate)
        said = {"outcome": str(outcome.fate), "text": outcome.text}
        return Response(msgspec.json.encode(said), media_type="application/json")

    async def _take(self, deed: Deed | None, door: PagerdutyReplies, request: Request) -> Outcome:
        if deed is None:
            return Outcome(Fate.IDLE, "Nobody did that.")
        record = self._meant(deed.key)
        if record is None:
            return Outcome(Fate.IDLE, "That is no incident of ours.")
        if self._seen.has(deed.event, self._desk.now) or deed.at < self._newest.get(record.number, deed.at):
            return Outcome(Fate.IDLE, "That is known, or was undone since.")
        acted = acted_of(deed, record, door, self._desk.settings, came_from(request))
        outcome = Outcome(Fate.IDLE, "It is so already.") if acted is None else await act(self._desk, acted)
        self._remember(deed, record)
        return outcome

    def _remember(self, deed: Deed, record: IncidentRecord) -> None:
        """What could not be kept is not remembered, so that it can come again."""
        self._seen.add(deed.event, self._desk.now)
        known = {one.number for one in self._desk.incidents()}
        self._newest = {number: at for number, at in self._newest.items() if number in known}
        self._newest[record.number] = deed.at

    def _meant(self, key: str) -> IncidentRecord | None:
        """The incident that was told under this key, by itself or with an alert group of its alerts; the newest of several."""
        found = [record for record in self._desk.incidents() if key in self._keys(record)]
        return max(found, key=lambda record: (record.open, record.number), default=None)

    def _keys(self, record: IncidentRecord) -> set[str]:
        """Keys as they are sent: digests of what a group is called."""
        return {sha256(key.encode()).hexdigest() for key in self._desk.group_keys(record)}


def acted_of(deed: Deed, record: IncidentRecord, door: PagerdutyReplies, settings: Settings, source: str) -> Acted | None:
    """What is to be done with our incident; None when it is so already, or nothing."""
    by = _who(deed.agent, door, settings)
    noted = Acted(Action.NOTE, record.number, by, str(Way.PAGERDUTY), source)
    match deed.kind:
        case "incident.acknowledged":
            known = by in record.ackers and record.state is IncidentState.ACKED
            return None if known else replace(noted, action=Action.ACK)
        case "incident.unacknowledged":
            held = record.state in (IncidentState.ACKED, IncidentState.SNOOZED)
            return replace(noted, action=Action.UNACK) if held else None
        case "incident.resolved":
            return replace(noted, action=Action.RESOLVE, text="in PagerDuty") if record.open else None
        case "incident.reassigned" | "incident.delegated" if deed.to[1]:
            return _assigned(noted, _who(deed.to, door, settings), record, settings)
    return None


def _assigned(noted: Acted, to: str, record: IncidentRecord, settings: Settings) -> Acted | None:
    """Whoever is no person of ours cannot be given anything here; that it was done there is worth a note."""
    if to not in {person.key for person in settings.duty.people}:
        return replace(noted, text=f"assigned to {to} in PagerDuty")
    return replace(noted, action=Action.ASSIGN, to=to) if to != record.owner else None


def _who(user: tuple[str, str], door: PagerdutyReplies, settings: Settings) -> str:
    """Key of the person: by the table, else by the name if one person has it; else the name as PagerDuty knows it."""
    ident, name = user
    if ident in door.users:
        return door.users[ident]
    called = [person.key for person in settings.duty.people if person.name.casefold() == name.casefold()]
    return called[0] if len(called) == 1 else one_line(name or ident, _MOST_OF_A_NAME) or "somebody in PagerDuty"


def _user(found: Json | None) -> tuple[str, str]:
    return text_at(found, "id"), text_at(found, "summary") or text_at(found, "name")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"occurred_at is no instant: {text[:40]}") from None
    if at.tzinfo is None:
        raise ValueError("occurred_at has no zone")
    return at
