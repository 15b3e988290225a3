"""PagerDuty's webhooks: what is believed, what comes of it, and what does not go round in circles."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import httpx
import pytest

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.replies import NO_REPLIES
from evaluator.replies.pagerduty import distrust
from tests.replies.office import FORMER_SECRET, PAGERDUTY_SECRET, Office, furnished

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
ANA, BO = (
    {"id": "PANA", "summary": "Ana Ruiz", "type": "user_reference"},
    {"id": "PBO", "summary": "B.", "type": "user_reference"},
)
EVE = {"id": "PEVE", "summary": "Eve", "type": "user_reference"}
OURS = {"id": "PINT", "summary": "Events API V2", "type": "inbound_integration_reference"}
KEY = sha256(b"incident:1").hexdigest()

_numbers = count()


def signature(body: bytes, *secrets: str) -> str:
    """As PagerDuty writes it."""
    return ",".join("v1=" + hmac.new(secret.encode(), body, "sha256").hexdigest() for secret in secrets)


def event(kind: str, agent: dict[str, str] | None, at: datetime, ident: str = "", **more: Any) -> bytes:
    """A webhook. more: of the incident."""
    incident = {"id": "PT4KHLK", "type": "incident", "incident_key": KEY, "status": "triggered", **more}
    found = {
        "id": ident or f"01{next(_numbers)}",
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "agent": agent,
        "client": None,
        "data": incident,
    }
    return json.dumps({"event": found}).encode()


async def post(office: Office, body: bytes, header: str | None = None) -> httpx.Response:
    """Deliver it."""
    headers = {"X-PagerDuty-Signature": signature(body, PAGERDUTY_SECRET) if header is None else header}
    return await office.client.post("/replies/pagerduty", content=body, headers=headers)


async def happens(office: Office, kind: str, agent: dict[str, str] | None = BO, ago: float = 0, **more: Any) -> str:
    """Something happens there; gives what has become of it here."""
    answer = await post(office, event(kind, agent, office.now - timedelta(seconds=ago), **more))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


# -- what is believed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "believed"),
    [
        (signature(b"body", "a"), True),
        (signature(b"body", "b"), True),
        (signature(b"body", "x", "a"), True),
        (signature(b"body", "x", "y", "b").replace(",", ", "), True),
        (signature(b"body", "x"), False),
        (signature(b"bodx", "a"), False),
        (signature(b"body", "a")[:-1], False),
        (signature(b"body", "a").replace("v1=", "v2="), False),
        (signature(b"body", *["x"] * 30, "a"), False),
        ("", False),
        ("v1=", False),
        ("v1=ü", False),
    ],
)
def test_one_of_the_signatures_has_to_be_of_one_of_the_secrets(header: str, believed: bool) -> None:
    """While a secret is replaced there are two of each. Nobody makes us compare thousands."""
    assert (distrust(b"body", header, ["a", "b"]) == "") is believed


async def test_who_is_not_believed_changes_nothing() -> None:
    office = Office().fires("Down")
    answer = await post(office, event("acknowledged", BO, office.now), signature(b"", PAGERDUTY_SECRET))
    assert (answer.status_code, office.story(), office.fates) == (401, [], [("pagerduty", "unverified")])


async def test_a_former_secret_still_counts() -> None:
    office = Office().fires("Down")
    body = event("acknowledged", BO, office.now)
    assert (await post(office, body, signature(body, FORMER_SECRET))).status_code == 200
    assert office.incident().state is ACKED


async def test_a_closed_door_is_not_there() -> None:
    office = Office(furnished(replies=NO_REPLIES))
    assert (await post(office, b"{}")).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": 1}', b'{"event": {"agent": {"type": "user_reference"}}}', b"\xff"]
)
async def test_what_cannot_be_read_is_said(body: bytes) -> None:
    assert (await post(Office(), body)).status_code == 400


# -- what comes of it -------------------------------------------------------------------------------------------------


async def test_what_somebody_does_there_is_done_here() -> None:
    """Whose deed it is follows from the table, or from the name; whoever is not known is named as there."""
    office = Office().fires("Down")
    assert await happens(office, "acknowledged", BO) == "done"
    assert (office.incident().state, office.incident().owner) == (ACKED, "bo")
    office.wait("1s")
    assert await happens(office, "unacknowledged", EVE) == "done"
    assert office.incident().state is TRIGGERED
    office.wait("1s")
    assert await happens(office, "reassigned", BO, assignees=[ANA, BO]) == "done"
    assert office.incident().owner == "ana"
    office.wait("1s")
    assert await happens(office, "delegated", ANA, assignees=[EVE]) == "done"
    office.wait("1s")
    assert await happens(office, "resolved", ANA) == "done"
    assert office.incident().state is RESOLVED
    assert office.story() == [
        "acked bo pagerduty",
        "unacked Eve pagerduty",
        "assigned bo pagerduty",
        "note ana pagerduty",
        "resolved ana pagerduty",
    ]
    assert office.moments()[3].detail == "assigned to Eve in PagerDuty"


@pytest.mark.parametrize("agent", [OURS, None, {"id": "PSVC", "type": "service_reference", "summary": "billing"}, {}])
@pytest.mark.parametrize("kind", ["acknowledged", "unacknowledged", "resolved", "reassigned", "triggered"])
async def test_what_nobody_did_is_not_done(kind: str, agent: dict[str, str] | None) -> None:
    """What we told PagerDuty comes back as the deed of our integration; timeouts are nobody's."""
    office = Office().fires("Down")
    assert await happens(office, kind, agent, assignees=[ANA]) == "idle"
    assert office.story() == []


async def test_what_is_so_already_is_not_done_again() -> None:
    office = Office().fires("Down")
    office.happen(Acted(Action.ACK, 1, "bo", "cli"))
    assert await happens(office, "acknowledged", BO) == "idle"
    assert await happens(office, "reassigned", ANA, assignees=[BO]) == "idle"
    office.happen(Acted(Action.UNACK, 1, "bo", "cli"))
    assert await happens(office, "unacknowledged", BO) == "idle"
    office.happen(Acted(Action.RESOLVE, 1, "bo", "cli"))
    assert await happens(office, "resolved", BO) == "idle"
    assert await happens(office, "acknowledged", BO) == "impossible"
    assert [line for line in office.story() if "pagerduty" in line] == []


async def test_events_count_once_and_in_their_order() -> None:
    """PagerDuty repeats them for two days, and does not keep their order."""
    office = Office().fires("Down").wait("1m")
    assert await happens(office, "acknowledged", BO, ident="E1") == "done"
    office.wait("1s")
    assert await happens(office, "unacknowledged", BO, ident="E2") == "done"
    assert await happens(office, "acknowledged", BO, ident="E1") == "idle"
    assert await happens(office, "acknowledged", BO, ago=30, ident="E0") == "idle"
    assert office.incident().state is TRIGGERED


async def test_what_could_not_be_kept_may_come_again() -> None:
    office = Office().fires("Down")
    office.broken = "the store refuses: disk full"
    body = event("acknowledged", BO, office.now)
    assert (await post(office, body)).status_code == 503
    office.broken = ""
    assert (await post(office, body)).json()["outcome"] == "done"


async def test_an_incident_is_known_by_its_key_and_by_those_of_its_groups() -> None:
    """What an ordinary receiver told PagerDuty of the alert group leads to the incident of its alerts."""
    office = Office().fires("Down")
    (group,) = office.machine.dispatch.groups.values()
    assert await happens(office, "acknowledged", BO, incident_key="somebody else's") == "idle"
    assert await happens(office, "acknowledged", BO, incident_key=sha256(group.key.encode()).hexdigest()) == "done"


async def test_other_events_are_taken_and_left_alone() -> None:
    office = Office().fires("Down")
    for kind in ("annotated", "priority_updated", "responder.added", "reopened", "escalated"):
        assert await happens(office, kind) == "idle"
    assert (await post(office, b'{"event": {"id": "1", "event_type": "pagey.ping", "data": {}}}')).status_code == 200
    assert office.story() == []
