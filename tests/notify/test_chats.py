"""Chats: the very requests, what is remembered between them, and what hostile labels come to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evaluator.core.http import Secret
from evaluator.core.receivers.chat import (
    DiscordSettings,
    MsTeamsSettings,
    MsTeamsV2Settings,
    TelegramSettings,
    WebexSettings,
    WechatSettings,
)
from evaluator.core.receivers.mattermost import MattermostField, MattermostPriority, MattermostSettings
from evaluator.core.receivers.rocketchat import RocketchatAction, RocketchatField, RocketchatSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import Pairs
from evaluator.notify import mattermost, telegram, wechat
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.receivers import HTTP_RECEIVERS, Conversation
from evaluator.notify.sheet import Sheet
from tests.notify.scenes import AT, PlainTexts, rendered

GOLDEN = Path(__file__).parent / "golden"
HOOK = Secret("https://chat.example.org/hook")
TEXTS = PlainTexts(title="[FIRING:1] HighLatency", text="Latency <is> high")
EACH: dict[str, Any] = {
    "discord": DiscordSettings(HOOK, content="<@&7>", title="{{ title }}", message="{{ text }}", username="me"),
    "telegram": TelegramSettings("https://t.example.org", Secret("1:a"), chat_id=-5, message_thread_id=3, message="{{ text }}"),
    "msteams": MsTeamsSettings(HOOK, title="{{ title }}", summary="short", text="{{ text }}"),
    "msteamsv2": MsTeamsV2Settings(HOOK, title="{{ title }}", text="{{ text }}"),
    "webex": WebexSettings("https://w.example.org", "room", message="{{ text }}"),
    "mattermost": MattermostSettings(
        HOOK,
        channel="ops",
        username="me",
        text="{{ text }}",
        fallback="short",
        color="danger",
        title="{{ title }}",
        title_link="https://a",
        fields=(MattermostField("Team", "web", short=True),),
        card="# card",
        priority=MattermostPriority("URGENT", requested_ack=True, persistent_notifications=True),
    ),
    "rocketchat": RocketchatSettings(
        "https://r.example.org",
        Secret("t"),
        Secret("u"),
        channel="#ops",
        color="red",
        title="{{ title }}",
        title_link="https://a",
        text="{{ text }}",
        fields=(RocketchatField("Team", "web"),),
        emoji="",
        icon_url="",
        actions=(RocketchatAction(text="Look", url="https://a", msg_in_chat_window=True),),
    ),
}


def sheet(receipt: Pairs = (), **memory: str) -> Sheet:
    return Sheet(replace(rendered(), receipt=receipt), TEXTS.render, dict(memory))


def first(settings: Any, receipt: Pairs = ()) -> Request:
    return next(HTTP_RECEIVERS[type(settings)](sheet(receipt), settings))


@pytest.mark.parametrize("name", EACH)
def test_bodies_are_the_golden_ones(name: str) -> None:
    assert first(EACH[name]).body == (GOLDEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize(
    ("settings", "receipt", "method", "url"),
    [
        (DiscordSettings(HOOK, message="m"), (("id", "7"),), "POST", "https://chat.example.org/hook"),
        (DiscordSettings(HOOK, message="m", update_message=True), (), "POST", "https://chat.example.org/hook?wait=true"),
        (
            DiscordSettings(Secret("https://d/w/1?thread_id=2"), message="m", update_message=True),
            (("id", "7"),),
            "PATCH",
            "https://d/w/1/messages/7?thread_id=2",
        ),
        (
            DiscordSettings(HOOK, message="m", update_message=True),
            (("id", "../x"),),
            "POST",
            "https://chat.example.org/hook?wait=true",
        ),
        (
            TelegramSettings("https://t", Secret("1:a"), message="m", update_message=True),
            (("message_id", "7"),),
            "POST",
            "https://t/bot1:a/editMessageText",
        ),
        (
            WebexSettings("https://w/messages", "r", message="m", update_message=True),
            (("id", "a/b"),),
            "PUT",
            "https://w/messages/a%2Fb",
        ),
        (
            SlackSettings(Secret("https://s/api/chat.postMessage"), text="m", update_message=True),
            (("channel", "C"), ("ts", "1.2")),
            "POST",
            "https://s/api/chat.update",
        ),
    ],
)
def test_where_a_message_is_posted_and_where_it_is_edited(settings: Any, receipt: Pairs, method: str, url: str) -> None:
    request = first(settings, receipt)
    assert (request.method, request.url.reveal()) == (method, url)


@pytest.mark.parametrize(
    ("priority", "sent"),
    [
        (MattermostPriority("important", True, True), {"priority": "important", "requested_ack": True}),
        (MattermostPriority("standard", True, True), {"priority": "standard"}),
        (MattermostPriority("dire", True, True), {"priority": "standard"}),
        (MattermostPriority("", True, True), None),
    ],
)
def test_mattermost_gets_no_priority_that_it_refuses(priority: MattermostPriority, sent: dict[str, Any] | None) -> None:
    request = mattermost.build(sheet(), replace(EACH["mattermost"], priority=priority))
    assert json.loads(request.body).get("priority") == sent


@pytest.mark.parametrize(("text", "chat"), [("-1007\n", -1007), ("@ops_channel", "@ops_channel")])
def test_telegrams_chat_may_stand_in_a_file(text: str, chat: int | str, tmp_path: Path) -> None:
    file = tmp_path / "chat"
    file.write_text(text)
    assert (
        json.loads(first(TelegramSettings("https://t", Secret("1:a"), chat_id_file=file, message="m")).body)["chat_id"] == chat
    )


def test_what_telegram_cannot_read_goes_out_plainly() -> None:
    told = telegram.tell(sheet(), TelegramSettings("https://t", Secret("1:a"), chat_id=1, message="<b>torn", parse_mode="HTML"))
    next(told)
    plain = json.loads(told.send(answer(b'{"description":"Bad Request: can\'t parse entities"}', 400)).body)
    assert "parse_mode" not in plain
    assert "Latency is high on a:9090" in plain["text"]


def answer(body: bytes, status: int = 200) -> Answer:
    return Answer(status, {}, body, AT)


WECHAT = WechatSettings("https://q/cgi-bin/", Secret("s3cret"), "corp", message="m")
TOKEN = answer(b'{"errcode":0,"access_token":"new","expires_in":7200}')
SENT = answer(b'{"errcode":0}')


def play(told: Conversation, *answers: Answer) -> tuple[list[str], Accepted | Refused]:
    """The addresses that were asked, and what came of it."""
    asked = [next(told).url.reveal()]
    for one in answers:
        try:
            asked.append(told.send(one).url.reveal())
        except StopIteration as end:
            return asked, end.value
    raise AssertionError("the conversation goes on")


ASKING = "https://q/cgi-bin/gettoken?corpid=corp&corpsecret=s3cret"
SENDING = "https://q/cgi-bin/message/send?access_token="


def test_a_token_is_fetched_once_and_kept_while_it_holds() -> None:
    page = sheet()
    assert play(wechat.tell(page, WECHAT), TOKEN, SENT) == ([ASKING, SENDING + "new"], Accepted())
    assert play(wechat.tell(page, WECHAT), SENT) == ([SENDING + "new"], Accepted())
    page.memory["until"] = (AT - timedelta(seconds=1)).isoformat()
    assert play(wechat.tell(page, WECHAT), TOKEN, SENT)[0] == [ASKING, SENDING + "new"]


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_stale_token_is_replaced_within_the_attempt(code: int) -> None:
    page = sheet(access_token="old", until=(AT + timedelta(hours=1)).isoformat())
    stale = answer(b'{"errcode":%d}' % code)
    assert play(wechat.tell(page, WECHAT), stale, TOKEN, SENT) == ([SENDING + "old", ASKING, SENDING + "new"], Accepted())
