"""What a group's message and its thread are told, and pictures beside it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from evaluator.core.events import Delivered
from evaluator.core.http import Authorization, HttpSettings, Secret
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.chat import TelegramSettings, WebexSettings
from evaluator.core.receivers.rocketchat import RocketchatSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import NotifiedAlert, Pairs
from evaluator.notify.delivery import Deliverer
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.receivers import HTTP_RECEIVERS
from evaluator.notify.sheet import Sheet
from tests.local_server import LocalServer, Received, Reply
from tests.notify.scenes import AT, PlainTexts, alert, curved, rendered, row

GOLDEN = Path(__file__).parent / "golden"
TOKEN = HttpSettings(authorization=Authorization("Bearer", Secret("xoxb-1")))
SLACK = SlackSettings(Secret("https://s/api/chat.postMessage"), TOKEN, channel="#ops", thread=True)
ROOT = (("channel", "C0"), ("ts", "0.1"))
TEXTS = PlainTexts(title="Down", text="down")
WORDS = {"title": "{{ title }}", "text": "{{ text }}", "fallback": "f", "color": "danger"}
SILENT = dict.fromkeys(("username", "title_link", "pretext", "footer", "callback_id", "icon_emoji", "icon_url"), "")
FRESH, OLD, OVER = alert("a:9090"), replace(alert("b:9090"), known=True), alert("c:9090", resolved=True)


def answer(body: bytes = b"", status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, body, AT)


POSTED = answer(b'{"ok":true,"channel":"C0","ts":"0.9"}')
PLACE = answer(b'{"ok":true,"upload_url":"https://files.slack.com/u/1","file_id":"F1"}')


def talk(
    settings: Any, answers: Sequence[Answer], *alerts: NotifiedAlert, known: Pairs = (), memory: dict[str, str] | None = None
) -> tuple[list[Request], Accepted | Refused]:
    """The requests of one attempt, and what came of it; the last answer is given again when there are no more."""
    given = replace(settings, **WORDS, **SILENT) if isinstance(settings, SlackSettings) else settings
    sheet = Sheet(replace(rendered(*alerts), receipt=known), TEXTS.render, {} if memory is None else memory)
    told, requests, left = HTTP_RECEIVERS[type(settings)](sheet, given), [], list(answers)
    try:
        requests.append(next(told))
        while True:
            requests.append(told.send(left.pop(0) if len(left) > 1 else left[0]))
    except StopIteration as end:
        return requests, end.value


def bodies(requests: Sequence[Request]) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in requests]


@pytest.mark.parametrize(
    ("settings", "known", "member", "value"),
    [
        (SLACK, ROOT, "thread_ts", "0.1"),
        (
            TelegramSettings("https://t", Secret("1:a"), message="m", thread=True),
            (("message_id", "7"),),
            "reply_parameters",
            None,
        ),
        (WebexSettings("https://w/messages", "r", message="m", thread=True), (("id", "a"),), "parentId", "a"),
        (
            RocketchatSettings("https://r", Secret("t"), Secret("u"), title="t", text="m", thread=True),
            (("message", "m1"),),
            "tmid",
            "m1",
        ),
    ],
)
def test_later_notifications_are_replies_to_the_first(settings: Any, known: Pairs, member: str, value: Any) -> None:
    good = answer(
        b'{"ok":true,"success":true,"message":{"_id":"x"},"id":"x","ts":"0.9","channel":"C9","result":{"message_id":9}}'
    )
    (first,), posted = talk(settings, [good], FRESH)
    assert member not in json.loads(first.body)
    assert isinstance(posted, Accepted)
    (later,), told = talk(settings, [good], FRESH, known=known)
    expected = {"message_id": 7, "allow_sending_without_reply": True} if value is None else value
    assert json.loads(later.body)[member] == expected
    assert told == Accepted(known)


@pytest.mark.parametrize(("alerts", "shown"), [((FRESH, OLD), True), ((OLD, OVER), False), ((OLD,), False)])
def test_only_what_begins_to_fire_is_shown_in_the_channel_too(alerts: Sequence[NotifiedAlert], shown: bool) -> None:
    (request,), _ = talk(SLACK, [POSTED], *alerts, known=ROOT)
    assert json.loads(request.body)["reply_broadcast"] is shown
    rocket = RocketchatSettings("https://r", Secret("t"), Secret("u"), title="t", text="m", thread=True)
    (request,), _ = talk(rocket, [answer(b'{"success":true}')], *alerts, known=(("message", "m1"),))
    assert json.loads(request.body).get("tmshow", False) is shown


@pytest.mark.parametrize(("alerts", "requests"), [((FRESH, OLD), 2), ((OLD, OVER), 2), ((OLD,), 1)])
def test_with_both_the_message_is_edited_and_news_are_told_below(alerts: Sequence[NotifiedAlert], requests: int) -> None:
    sent, told = talk(replace(SLACK, update_message=True), [POSTED], *alerts, known=ROOT)
    assert [request.url.reveal() for request in sent] == ["https://s/api/chat.update", "https://s/api/chat.postMessage"][
        :requests
    ]
    assert [body.get("thread_ts") for body in bodies(sent)] == [None, "0.1"][:requests]
    assert told == Accepted(ROOT if requests == 2 else (("channel", "C0"), ("ts", "0.9")))


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_follow_in_the_thread_of_the_message() -> None:
    """The bytes go where Slack wants them, and the token does not; the receipt is that of the message."""
    sent, told = talk(SLACK, [POSTED, PLACE, answer(), answer(b'{"ok":true}')], curved(FRESH))
    assert told == Accepted((("channel", "C0"), ("ts", "0.9")))
    posted, place, bytes_, share = sent
    assert [request.afterwards for request in sent] == [None, told, told, told]
    assert place.url.reveal() == "https://s/api/files.getUploadURLExternal"
    assert parse_qs(place.body.decode()) == {
        "filename": ["curve-1.png"],
        "alt_txt": ["Latency is high on a:9090"],
        "length": [str(len(bytes_.body))],
    }
    assert (bytes_.url.reveal(), bytes_.body[:4]) == ("https://files.slack.com/u/1", b"\x89PNG")
    assert [request.http.authorization is not None for request in sent] == [True, True, False, True]
    assert share.url.reveal() == "https://s/api/files.completeUploadExternal"
    assert posted.body + share.body == (GOLDEN / "slack_pictures.txt").read_bytes()


def test_three_pictures_at_most_of_what_is_news() -> None:
    many = [curved(alert(f"{number}:9090")) for number in range(5)]
    sent, _ = talk(SLACK, [POSTED, *[PLACE, answer()] * 3, answer(b'{"ok":true}')], *many)
    assert len(sent) == 1 + 2 * 3 + 1
    assert len(json.loads(sent[-1].body)["files"]) == 3
    sent, _ = talk(SLACK, [POSTED, PLACE, answer()], curved(OLD), curved(OVER))
    assert json.loads(sent[-1].body)["files"] == [{"id": "F1", "title": "Latency is high on c:9090"}]


def test_a_repeat_that_edits_its_message_shows_no_picture_again() -> None:
    sent, _ = talk(replace(SLACK, update_message=True), [POSTED], curved(OLD), known=ROOT)
    assert len(sent) == 1


def test_an_app_that_may_not_write_files_is_asked_once() -> None:
    memory: dict[str, str] = {}
    answers = [POSTED, answer(b'{"ok":false,"error":"missing_scope"}')]
    assert [len(talk(SLACK, answers, curved(FRESH), memory=memory)[0]) for _ in range(3)] == [2, 1, 1]


@pytest.mark.parametrize("url", [b"http://files.slack.com/u/1", b"file:///etc/passwd", b"", b"7"])
def test_bytes_go_nowhere_but_to_a_place_with_tls(url: bytes) -> None:
    place = answer(b'{"ok":true,"upload_url":"%s","file_id":"F1"}' % url)
    sent, told = talk(SLACK, [POSTED, place], curved(FRESH))
    assert len(sent) == 2
    assert isinstance(told, Accepted)


def test_a_webhook_gets_no_pictures() -> None:
    """It gives no id that they could stand below."""
    hook = SlackSettings(Secret("https://hooks.slack.com/services/T/B/x"))
    sent, _ = talk(hook, [POSTED], curved(FRESH))
    assert len(sent) == 1


class Slow(LocalServer):
    """Slack, which posts at once and has not answered about pictures before `gate` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def reply(self, request: Received) -> Reply:
        if request.target.endswith("chat.postMessage"):
            return Reply(headers={"Content-Type": "application/json"}, body=POSTED.body)
        await self.gate.wait()
        return Reply(headers={"Content-Type": "application/json"}, body=b'{"ok":false}')


def test_a_message_is_delivered_before_its_pictures_are() -> None:
    """A kill meanwhile repeats nothing, for what has arrived has been kept; who closes waits for what has begun."""

    async def run() -> None:
        async with Slow() as server:
            settings = replace(SLACK, api_url=Secret(f"{server.url}/api/chat.postMessage"), **WORDS, **SILENT)
            told = [Receiver("ops", (Integration("slack", 0, True, settings),))]
            postman = Deliverer(told, TEXTS, external_url="", stdout=io.StringIO(), clock=lambda: AT)
            event = await postman.deliver(row(curved(FRESH), integration="ops/slack[0]"))
            assert event == Delivered("0f3c", (("channel", "C0"), ("ts", "0.9")))
            closing = asyncio.create_task(postman.aclose())
            while len(server.requests) < 2:
                await server.next_request()
            assert not closing.done()
            server.gate.set()
            await closing
            assert [request.target for request in server.requests] == [
                "/api/chat.postMessage",
                "/api/files.getUploadURLExternal",
            ]

    asyncio.run(run())
