"""What all doors have in common: whatever comes in is answered, and what is wrong with us is said."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.http import Secret
from evaluator.core.replies import (
    MailReplies,
    PagerdutyReplies,
    Replies,
    ReplyButton,
    SlackReplies,
    TelegramReplies,
    TwilioReplies,
)
from tests.effort import examples
from tests.replies import test_pagerduty, test_twilio
from tests.replies.office import MAIL_SECRET, MAIL_SERVER, PAGERDUTY_SECRET, TEAM, TELEGRAM_TOKEN, Office, furnished
from tests.replies.test_slack import Slack

NAMES = st.sampled_from(
    [
        *("payload", "actions", "action_id", "value", "team", "user", "id", "name", "type", "response_url"),
        *("event", "event_type", "agent", "data", "occurred_at", "incident_key", "assignees", "summary"),
        *("callback_query", "from", "update_id", "raw", "email"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), below, max_size=4),
    max_leaves=12,
)
BODIES = st.binary(max_size=200) | st.dictionaries(NAMES, JSON, max_size=6).map(lambda found: json.dumps(found).encode())


def signed(office: Office, path: str, body: bytes) -> dict[str, str]:
    """What the service would add."""
    match path:
        case "slack":
            return Slack(office).signed(body)
        case "pagerduty":
            return {"X-PagerDuty-Signature": test_pagerduty.signature(body, PAGERDUTY_SECRET)}
        case "telegram":
            return {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_TOKEN}
        case "mail":
            return {"Authorization": f"Bearer {MAIL_SECRET}"}
    return {"X-Twilio-Signature": test_twilio.signature(test_twilio.URL, {})}


@pytest.mark.parametrize("path", ["slack", "pagerduty", "twilio", "telegram", "mail"])
@settings(max_examples=examples(12))
@given(body=BODIES)
def test_whatever_comes_in_is_answered(path: str, body: bytes) -> None:
    """Also when it is signed: no error of ours, and nothing happens by chance."""
    office = Office().fires("Down")
    before = office.incident()

    async def post() -> int:
        headers = {"Content-Type": "application/json", **signed(office, path, body)}
        return (await office.client.post(f"/replies/{path}", content=body, headers=headers)).status_code

    assert asyncio.run(post()) in (200, 400, 401)
    assert office.incident() == before


PAYLOADS = st.fixed_dictionaries({"actions": JSON, "team": JSON, "user": JSON}, optional={"response_url": JSON, "type": JSON})


@settings(max_examples=examples(12))
@given(payload=PAYLOADS, button=st.sampled_from(ReplyButton), page=st.text(max_size=20))
def test_any_payload_of_slack_is_answered(payload: dict[str, Any], button: ReplyButton, page: str) -> None:
    office = Office()
    actions = [{"action_id": str(button), "value": page}]
    user = {"id": "U01ANA"}
    shapes = (payload, {**payload, "actions": actions}, {"actions": actions, "team": {"id": TEAM}, "user": user})

    async def post(found: dict[str, Any]) -> int:
        body = urlencode({"payload": json.dumps(found)}).encode()
        headers = Slack(office).signed(body)
        return (await office.client.post("/replies/slack", content=body, headers=headers)).status_code

    for shape in shapes:
        assert asyncio.run(post(shape)) == 200


async def test_a_secret_that_cannot_be_read_closes_its_door(tmp_path: Path) -> None:
    """And it is read each time, so putting it there opens the door again."""
    file = tmp_path / "slack.key"
    office = Office(furnished(replies=Replies(slack=SlackReplies(Secret(path=file))))).fires("Down")
    slack = Slack(office)
    body = urlencode({"command": "/oncall", "text": "list", "user_id": "U01ANA"}).encode()
    answer = await office.client.post("/replies/slack", content=body, headers=slack.signed(body))
    assert (answer.status_code, office.fates) == (503, [("slack", "unavailable")])
    assert answer.text == "nothing was changed: a secret of this door cannot be read\n"
    file.write_text("new\n")
    answer = await office.client.post("/replies/slack", content=body, headers=slack.signed(body, secret="new"))
    assert answer.json()["text"] == "1 Down api (critical, triggered)"


async def test_an_empty_secret_opens_nothing(tmp_path: Path) -> None:
    """A file that somebody has emptied is no secret that everybody knows."""
    file = tmp_path / "key"
    file.write_text("\n")
    empty = Secret(path=file)
    emptied = Replies(
        SlackReplies(empty),
        PagerdutyReplies(empty),
        TwilioReplies(empty),
        TelegramReplies(empty),
        MailReplies("oncall@in.example.org", empty, MAIL_SERVER),
    )
    office = Office(furnished(replies=emptied))
    slack = Slack(office)
    for path, headers in {
        "slack": slack.signed(b"", secret=""),
        "pagerduty": {"X-PagerDuty-Signature": test_pagerduty.signature(b"", "")},
        "twilio": {"X-Twilio-Signature": test_twilio.signature(test_twilio.URL, {}, "")},
        "telegram": {"X-Telegram-Bot-Api-Secret-Token": ""},
        "mail": {"Authorization": "Bearer "},
    }.items():
        assert (await office.client.post(f"/replies/{path}", content=b"", headers=headers)).status_code == 503, path
