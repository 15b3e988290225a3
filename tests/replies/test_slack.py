"""Slack's buttons and slash commands: what is believed, what comes of it, and who is told."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.replies import NO_REPLIES, ReplyButton
from evaluator.replies.slack import SlackDoor, distrust
from tests.local_server import LocalServer, Reply
from tests.replies.office import BASE, SLACK_SECRET, TEAM, Office, furnished

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
LATER = "https://hooks.slack.com/actions/T01/1/2"


class Slack:
    """The service, as far as it comes to our door. patience: of the door."""

    def __init__(self, office: Office, patience: float = 2.0) -> None:
        self.office = office
        app = Starlette(routes=[Route("/replies/slack", SlackDoor(office.desk, patience).post, methods=["POST"])])
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("192.0.2.7", 1)), base_url=BASE)

    def signed(self, body: bytes, secret: str = SLACK_SECRET, ago: float = 0) -> dict[str, str]:
        """The headers that Slack adds."""
        stamp = str(int(self.office.now.timestamp() - ago))
        made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256").hexdigest()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Slackbot 1.0"}
        return {**kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}

    async def post(self, form: dict[str, str], **more: Any) -> httpx.Response:
        """A form, signed."""
        body = urlencode(form).encode()
        return await self.client.post("/replies/slack", content=body, headers=self.signed(body, **more))

    async def command(self, text: str, user: str = "U01ANA", team: str = TEAM, **more: Any) -> str:
        """`/oncall …`; what the answer says to whoever typed it."""
        names = {"command": "/oncall", "text": text, "user_id": user, "user_name": "ana.r", "team_id": team}
        answer = await self.post({**names, "response_url": LATER}, **more)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["response_type"], told["replace_original"]) == ("ephemeral", False)
        return str(told["text"])

    async def press(
        self, button: str, page: str, user: str = "U01ANA", team: str = TEAM, later: str = "", attachment: bool = False
    ) -> httpx.Response:
        """A button of a message."""
        name = "name" if attachment else "action_id"
        payload = {
            "type": "interactive_message" if attachment else "block_actions",
            "team": {"id": team, "domain": "example"},
            "user": {"id": user, "name": "ana.r"},
            "actions": [{name: button, "value": page, "type": "button"}],
            "response_url": later,
        }
        return await self.post({"payload": json.dumps(payload)})


@asynccontextmanager
async def afterwards() -> AsyncIterator[tuple[LocalServer, Any]]:
    """Where answers lead that come later; gives the server, and what waits for the next one's text."""

    async with LocalServer(Reply(body=b"ok")) as server:

        async def told() -> str:
            await server.next_request()
            request = server.requests[-1]
            assert request.method == "POST"
            return str(json.loads(request.body)["text"])

        yield server, told


# -- what is believed -------------------------------------------------------------------------------------------------

NOW = datetime.fromtimestamp(1531420618, UTC)
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d1"
    b"0d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_the_example_of_slacks_documentation_is_believed() -> None:
    assert distrust(BODY, "1531420618", SIGNATURE, SLACK_SECRET, NOW) == ""


@pytest.mark.parametrize(
    ("body", "stamp", "signature", "secret", "why"),
    [
        (BODY + b" ", "1531420618", SIGNATURE, SLACK_SECRET, "does not match"),
        (BODY, "1531420619", SIGNATURE, SLACK_SECRET, "does not match"),
        (BODY, "1531420618", SIGNATURE[:-1] + "4", SLACK_SECRET, "does not match"),
        (BODY, "1531420618", SIGNATURE.upper(), SLACK_SECRET, "does not match"),
        (BODY, "1531420618", SIGNATURE.removeprefix("v0="), SLACK_SECRET, "does not match"),
        (BODY, "1531420618", "", SLACK_SECRET, "does not match"),
        (BODY, "1531420618", "v0=ü", SLACK_SECRET, "does not match"),
        (BODY, "1531420618", SIGNATURE, "", "does not match"),
        (BODY, "", SIGNATURE, SLACK_SECRET, "Timestamp is missing"),
        (BODY, "-1", SIGNATURE, SLACK_SECRET, "Timestamp is missing"),
        (BODY, "9" * 400, SIGNATURE, SLACK_SECRET, "Timestamp is missing"),
        (BODY, "1531420317", SIGNATURE, SLACK_SECRET, "older than five minutes"),
        (BODY, "1531420919", SIGNATURE, SLACK_SECRET, "older than five minutes"),
    ],
)
def test_anything_else_is_not(body: bytes, stamp: str, signature: str, secret: str, why: str) -> None:
    """One byte, one second, one letter off; no signature, no time, a time that is five minutes away."""
    assert why in distrust(body, stamp, signature, secret, NOW)


async def test_who_is_not_believed_changes_nothing() -> None:
    office = Office().fires("Down")
    slack = Slack(office)
    form = {"command": "/oncall", "text": "ack 1", "user_id": "U01ANA", "team_id": TEAM}
    for more in ({"secret": "guess"}, {"ago": 301.0}, {"ago": -301.0}):
        assert (await slack.post(form, **more)).status_code == 401
    assert (await slack.client.post("/replies/slack", data=form)).status_code == 401
    assert office.story() == []
    assert office.fates == [("slack", "unverified")] * 4


async def test_what_was_signed_counts_once() -> None:
    """Whoever has recorded a request cannot send it again, not even within the five minutes."""
    office = Office().fires("Down")
    slack = Slack(office)
    body = urlencode({"command": "/oncall", "text": "ack 1", "user_id": "U01ANA", "team_id": TEAM}).encode()
    headers = slack.signed(body)
    assert (await slack.client.post("/replies/slack", content=body, headers=headers)).json()["text"].startswith("Incident 1")
    office.happen(Acted(Action.UNACK, 1, "bo", "cli"))
    again = await slack.client.post("/replies/slack", content=body, headers=headers)
    assert (again.status_code, again.content) == (200, b"")
    assert office.incident().state is TRIGGERED


async def test_another_workspace_may_not_answer() -> None:
    office = Office().fires("Down")
    assert await Slack(office).command("ack 1", team="T99") == "This workspace is not the one that may answer here."
    assert (office.story(), office.fates) == ([], [("slack", "stranger")])


async def test_whoever_is_no_person_of_ours_is_told_how_to_become_one() -> None:
    office = Office().fires("Down")
    said = await Slack(office).command("ack 1", user="U66EVE")
    assert said.startswith("I do not know who you are. Somebody has to write `slack: U66EVE`")
    assert office.story() == []


async def test_a_closed_door_is_not_there() -> None:
    office = Office(furnished(replies=NO_REPLIES))
    answer = await Slack(office).post({"command": "/oncall"})
    assert (answer.status_code, answer.text) == (404, "Not Found\n")


async def test_what_is_too_large_is_not_read() -> None:
    answer = await Slack(Office()).client.post("/replies/slack", content=b"a" * 300_000)
    assert answer.status_code == 413


async def test_what_cannot_be_read_is_said() -> None:
    office = Office()
    body = b"payload=%7Bnope"
    headers = Slack(office).signed(body)
    answer = await office.client.post("/replies/slack", content=body, headers=headers)
    assert (answer.status_code, office.fates) == (400, [("slack", "unreadable")])
    assert answer.text.startswith("not JSON")


# -- slash commands ---------------------------------------------------------------------------------------------------


async def test_a_command_is_answered_at_once_to_whoever_typed_it() -> None:
    office = Office().fires("Down")
    slack = Slack(office)
    assert await slack.command("ack 1") == "Incident 1 is yours until 02:01 CET. Down api"
    assert await slack.command("note 1 <!channel> & co") == "Incident 1: noted."
    assert (await slack.command("")).startswith("ack 12 · unack 12")
    assert (await slack.command("make coffee")).startswith("ack 12 · unack 12")
    assert await slack.command("who <!channel>") == "No schedule is called &lt;!channel&gt;; there are primary."
    acked, noted = office.moments()
    assert (acked.by, acked.via, acked.source) == ("ana", "slack", "192.0.2.7, Slackbot 1.0, ana.r U01ANA in T01")
    assert noted.detail == "<!channel> & co"


async def test_what_cannot_be_kept_is_said_to_whoever_typed() -> None:
    office = Office().fires("Down")
    office.broken = "the store refuses: disk full"
    said = await Slack(office).command("ack 1")
    assert said == "Nothing was changed: the store refuses: disk full. Try again, or call somebody."
    assert office.fates == [("slack", "unavailable")]


async def test_what_takes_long_is_promised_and_told_later() -> None:
    """Slack gives up after three seconds; the deed is done all the same."""
    office = Office().fires("Down")
    office.gate = asyncio.Event()
    async with afterwards() as (server, told):
        names = {"command": "/oncall", "text": "ack 1", "user_id": "U01ANA", "team_id": TEAM}
        answer = await Slack(office, patience=0).post({**names, "response_url": f"{server.url}/later"})
        assert answer.json()["text"] == "One moment …"
        assert office.incident().state is TRIGGERED
        office.gate.set()
        assert await told() == "Incident 1 is yours until 02:01 CET. Down api"
    assert office.incident().state is ACKED


# -- buttons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attachment", [False, True])
@pytest.mark.parametrize(
    ("button", "state", "said"),
    [
        (ReplyButton.ACK, ACKED, "Incident 1 is yours until 02:01 CET. Down api"),
        (ReplyButton.SNOOZE, SNOOZED, "Incident 1 is put off until 02:01 CET. Down api"),
        (ReplyButton.ESCALATE, TRIGGERED, "Incident 1: backup is being told. Down api"),
    ],
)
async def test_buttons(button: ReplyButton, state: IncidentState, said: str, attachment: bool) -> None:
    """Done when Slack hears of it, with nothing in the answer; whoever pressed is told by the other way."""
    office = Office().fires("Down")
    async with afterwards() as (server, told):
        answer = await Slack(office).press(button, office.page(), later=server.url, attachment=attachment)
        assert (answer.status_code, answer.content) == (200, b"")
        assert office.incident().state is state
        assert await told() == said
    assert [(one.by, one.via) for one in office.moments()] == [("ana", "slack")]


async def test_a_button_says_what_it_was_worth() -> None:
    """Of the climb that the message told of, and of no other."""
    office = Office().fires("Down").ends("Down")
    page = office.page()
    async with afterwards() as (server, told):
        await Slack(office).press(ReplyButton.FALSE_POSITIVE, page, later=server.url)
        assert (await told()).startswith("Incident 1 is labelled: false positive. Down")
        assert (office.incident().noise, office.story()) == ("false_positive", ["labelled ana slack"])
        office.fires("Down")
        await Slack(office).press(ReplyButton.USEFUL, page, later=server.url)
        assert await told() == "The incident has begun again since (epoch 2, you saw 1)."


async def test_other_buttons_are_taken_and_left_alone() -> None:
    """Also those that open a link are reported."""
    office = Office().fires("Down")
    for name in ("runbook", "evaluator:resolve", ""):
        assert (await Slack(office).press(name, office.page())).status_code == 200
    assert (office.story(), set(office.fates)) == ([], {("slack", "idle")})


async def test_a_button_of_another_climb_changes_nothing() -> None:
    office = Office().fires("Down")
    page = office.page()
    office.happen(Acted(Action.ACK, 1, "bo", "cli"))
    office.happen(Acted(Action.UNACK, 1, "bo", "cli"))
    async with afterwards() as (server, told):
        await Slack(office).press(ReplyButton.ACK, page, later=server.url)
        assert await told() == "The incident has begun again since (epoch 2, you saw 1)."
        await Slack(office).press(ReplyButton.ACK, "0123456789abcdef", later=server.url)
        assert await told() == "Nobody knows this message any more. Look at the newest one."
    assert office.incident().state is TRIGGERED


async def test_two_presses_escalate_once() -> None:
    office = Office().fires("Down")
    page = office.page()
    async with afterwards() as (server, told):
        for said in ("Incident 1: backup is being told. Down api", "It has moved on to level 1 meanwhile."):
            await Slack(office).press(ReplyButton.ESCALATE, page, later=server.url)
            assert await told() == said
            office.wait("1s")
    assert office.incident().level == 1


async def test_a_stranger_who_presses_is_told_so() -> None:
    office = Office().fires("Down")
    async with afterwards() as (server, told):
        await Slack(office).press(ReplyButton.ACK, office.page(), user="U66EVE", later=server.url)
        assert (await told()).startswith("I do not know who you are.")
    assert office.story() == []


async def test_that_nobody_can_be_told_is_no_trouble() -> None:
    """The address is gone, or none."""
    office = Office().fires("Down")
    slack = Slack(office)
    for later in ("http://127.0.0.1:1/", "ftp://example.org", "http://[", ""):
        assert (await slack.press(ReplyButton.ACK, office.page(), later=later)).status_code == 200
        office.wait("1s")
    await asyncio.sleep(0)
    assert office.incident().state is ACKED
