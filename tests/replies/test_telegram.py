"""Buttons of a Telegram bot."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
import pytest

from evaluator.core.incidents.actions import NOISE
from evaluator.core.incidents.records import IncidentState
from evaluator.core.replies import NO_REPLIES, ReplyButton
from evaluator.replies.telegram import distrust
from tests.replies.office import TELEGRAM_TOKEN, Office, furnished

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
HEADER = "X-Telegram-Bot-Api-Secret-Token"

_numbers = count(1)


async def post(office: Office, update: Any, token: str = TELEGRAM_TOKEN) -> httpx.Response:
    """An update."""
    return await office.client.post("/replies/telegram", json=update, headers={HEADER: token})


async def press(office: Office, data: str, user: int = 100200300, update: int = 0) -> dict[str, Any]:
    """A button; gives the call that answers it."""
    query = {"id": "77", "from": {"id": user, "username": "ana_r"}, "data": data, "message": {"message_id": 5}}
    answer = await post(office, {"update_id": update or next(_numbers), "callback_query": query})
    assert answer.status_code == 200, answer.text
    call: dict[str, Any] = answer.json() if answer.content else {}
    return call


@pytest.mark.parametrize(
    ("header", "believed"), [("token", True), ("", False), ("Token", False), ("token ", False), ("ü", False)]
)
def test_the_token_has_to_be_the_same(header: str, believed: bool) -> None:
    assert (distrust(header, "token") == "") is believed
    assert distrust("", "") != ""


async def test_who_is_not_believed_changes_nothing() -> None:
    office = Office().fires("Down")
    query = {"id": "77", "from": {"id": 100200300}, "data": ReplyButton.ACK.callback(office.page())}
    answer = await post(office, {"callback_query": query}, "guess")
    assert (answer.status_code, office.story(), office.fates) == (401, [], [("telegram", "unverified")])


async def test_a_closed_door_is_not_there() -> None:
    assert (await post(Office(furnished(replies=NO_REPLIES)), {})).status_code == 404


@pytest.mark.parametrize(
    ("button", "state", "said"),
    [
        (ReplyButton.ACK, ACKED, "Incident 1 is yours until 02:01 CET. Down api"),
        (ReplyButton.SNOOZE, SNOOZED, "Incident 1 is put off until 02:01 CET. Down api"),
        (ReplyButton.ESCALATE, TRIGGERED, "Incident 1: backup is being told. Down api"),
    ],
)
async def test_buttons(button: ReplyButton, state: IncidentState, said: str) -> None:
    office = Office().fires("Down")
    data = button.callback(office.page())
    assert len(data.encode()) <= 64
    call = {"method": "answerCallbackQuery", "callback_query_id": "77", "text": said, "show_alert": False}
    assert await press(office, data) == call
    assert office.incident().state is state
    assert [(one.by, one.via, one.source) for one in office.moments()] == [
        ("ana", "telegram", "192.0.2.1, test, ana_r 100200300")
    ]


@pytest.mark.parametrize("button", [one for one in ReplyButton if one.label])
async def test_a_button_says_what_it_was_worth(button: ReplyButton) -> None:
    office = Office().fires("Down").ends("Down")
    data = button.callback(office.page())
    assert len(data.encode()) <= 64
    call = await press(office, data)
    assert call["text"].startswith(f"Incident 1 is labelled: {button.label.replace('_', ' ')}. Down")
    assert (office.incident().noise, office.story()) == (button.label, ["labelled ana telegram"])


def test_there_is_a_button_for_each_label() -> None:
    assert tuple(one.label for one in ReplyButton if one.label) == NOISE


async def test_strangers_and_what_is_not_possible_have_to_be_read() -> None:
    """A short notice would be gone before anybody has seen it."""
    office = Office().fires("Down")
    stranger = await press(office, ReplyButton.ACK.callback(office.page()), user=5)
    assert stranger["text"].startswith('I do not know who you are. Somebody has to write telegram: "5"')
    unknown = await press(office, ReplyButton.ACK.callback("0" * 16))
    assert unknown["text"] == "Nobody knows this message any more. Look at the newest one."
    assert (stranger["show_alert"], unknown["show_alert"]) == (True, True)
    assert office.story() == []


async def test_an_update_counts_once() -> None:
    office = Office().fires("Down")
    for _ in range(2):
        await press(office, ReplyButton.ESCALATE.callback(office.page()), update=9)
        office.wait("1s")
    assert (office.incident().level, office.fates[-1]) == (1, ("telegram", "idle"))


async def test_what_could_not_be_kept_may_come_again() -> None:
    office = Office().fires("Down")
    office.broken = "the store refuses"
    data = ReplyButton.ACK.callback(office.page())
    assert "Nothing was changed" in (await press(office, data, update=8))["text"]
    office.broken = ""
    assert (await press(office, data, update=8))["text"].startswith("Incident 1 is yours")


@pytest.mark.parametrize("update", [{"message": {"text": "hello"}}, {}, {"callback_query": 5}])
async def test_other_updates_are_taken_and_left_alone(update: Any) -> None:
    answer = await post(Office(), update)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_other_buttons_are_answered_with_nothing() -> None:
    """Telegram shows that it waits until it is answered."""
    assert (await press(Office(), "somebody:else"))["text"] == ""
    assert (await post(Office(), [])).status_code == 400
