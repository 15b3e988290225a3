"""Slack messages, and what its answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.records import NotifiedAlert
from evaluator.core.settings import Secret, SlackField, SlackSettings
from evaluator.notify import slack
from evaluator.notify.compatibility import as_alertmanager
from evaluator.notify.exchange import Accepted, Answer, Refused
from evaluator.notify.sheet import Sheet
from tests.notify.scenes import AT, PlainTexts, alert, rendered

GOLDEN = Path(__file__).parent / "golden"
HOOK = Secret("https://hooks.slack.com/services/T0/B0/x")
TEXTS = {
    "username": "{{ me }}",
    "color": "{{ color }}",
    "title": "{{ title }}",
    "title_link": "https://alerts.example.org",
    "pretext": "",
    "text": "",
    "fallback": "{{ title }}",
    "footer": "",
    "callback_id": "",
    "icon_emoji": "",
    "icon_url": "",
}
GOOD = PlainTexts(me="Evaluator", color="danger", title="[FIRING:1] HighLatency")
SETTINGS = {
    "plain": SlackSettings(HOOK, **TEXTS),
    "everything": SlackSettings(
        HOOK,
        channel="#ops",
        username="{{ me }}",
        icon_emoji=":fire:",
        icon_url="https://example.org/icon.png",
        link_names=True,
        message_text="<!here> {{ title }}",
        color="{{ color }}",
        title="{{ title }}",
        title_link="https://alerts.example.org",
        pretext="before",
        text="the *text*",
        fallback="short",
        callback_id="call",
        footer="the end",
        image_url="https://example.org/graph.png",
        thumb_url="https://example.org/thumb.png",
        fields=(SlackField("Severity", "page"), SlackField("Title", "{{ title }}", short=False)),
        short_fields=True,
        mrkdwn_in=("text",),
    ),
}


def message(settings: SlackSettings, texts: PlainTexts = GOOD, *alerts: NotifiedAlert) -> dict[str, Any]:
    body = slack.build(Sheet(rendered(*alerts, integration="ops/slack[0]"), texts.render), settings).body
    return dict(json.loads(body))


@pytest.mark.parametrize("name", SETTINGS)
def test_bodies_are_the_golden_ones(name: str) -> None:
    request = slack.build(Sheet(rendered(integration="ops/slack[0]"), GOOD.render), SETTINGS[name])
    assert request.body == (GOLDEN / f"slack_{name}.json").read_bytes()
    assert request.url == HOOK


@pytest.mark.parametrize(("length", "kept"), [(1024, "t" * 1024), (1025, "t" * 1023 + "…"), (2000, "t" * 1023 + "…")])
def test_a_title_ends_at_1024_characters(length: int, kept: str) -> None:
    (attachment,) = message(SETTINGS["plain"], PlainTexts(me="", color="", title="t" * length))["attachments"]
    assert attachment["title"] == kept


def test_a_failing_template_gives_the_whole_notification_and_says_so() -> None:
    """What rendered well stays; the receipt tells which template failed."""
    settings = SlackSettings(HOOK, **(TEXTS | {"text": "{{ nobody }}"}))
    sheet = Sheet(rendered(integration="ops/slack[0]"), GOOD.render)
    request = slack.build(sheet, settings)
    (attachment,) = json.loads(request.body)["attachments"]
    assert attachment["title"] == "[FIRING:1] HighLatency"
    assert attachment["text"].startswith("A template of this receiver failed (text: line 1, column 1: no such name")
    for part in ('instance="a:9090"', 'job="api"', "Latency is high on a:9090", "https://run.book/latency", "FIRING"):
        assert part in attachment["text"]
    assert sheet.failed == (("template_error", "text: line 1, column 1: no such name in {{ nobody }}"),)


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if text] + ["message_text", "channel"])
@pytest.mark.parametrize("resolved", [False, True])
def test_whichever_template_fails_the_page_is_complete(name: str, resolved: bool) -> None:
    settings = SlackSettings(HOOK, **(TEXTS | {name: "{{ nobody }}"}))
    (attachment,) = message(settings, GOOD, alert("a:9090", resolved=resolved))["attachments"]
    assert attachment["title"]
    assert attachment["fallback"]
    assert attachment["color"] in {"good", "danger"}
    assert "Latency is high on a:9090" in attachment["text"]


def test_colour_follows_the_status_when_its_template_fails() -> None:
    (attachment,) = message(SETTINGS["plain"], PlainTexts(), alert("a:9090", resolved=True))["attachments"]
    assert attachment["color"] == "good"


def test_templates_that_render_to_nothing_give_no_blank_message() -> None:
    (attachment,) = message(SETTINGS["plain"], PlainTexts(me="", color="", title=" \n"))["attachments"]
    assert "Latency is high on a:9090" in attachment["text"]


def test_the_plain_notification_cannot_call_a_channel() -> None:
    (attachment,) = message(SETTINGS["plain"], PlainTexts(), alert("<!channel> & <@U1>"))["attachments"]
    assert "<" not in attachment["text"]
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt;" in attachment["text"]


def test_the_plain_notification_stays_within_what_slack_accepts() -> None:
    many = [alert(f"{'&' * 190}{n}", pad="&" * 200) for n in range(60)]
    (attachment,) = message(SETTINGS["plain"], PlainTexts(), *many)["attachments"]
    assert len(attachment["text"]) <= slack.MOST_OF_A_PLAIN_TEXT


JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        (200, {}, b"ok", Accepted()),
        (200, {"content-type": "text/html"}, b"ok", Accepted()),
        (200, {}, b"ok\n", Refused("answered without `ok`: ok", permanent=True)),
        (200, {}, b"", Refused("answered without `ok`", permanent=True)),
        (200, {}, b"<html>\nLog in", Refused("answered without `ok`: <html> / Log in", permanent=True)),
        (200, JSON, b'{"ok":true}', Accepted()),
        (200, JSON, b'{"ok":true,"ts":"1.2","channel":"C1"}', Accepted((("channel", "C1"), ("ts", "1.2")))),
        (200, JSON, b'{"ok":true,"ts":12,"channel":null}', Accepted()),
        (200, JSON, b'{"ok":false,"error":"no_text"}', Refused("Slack says no_text", permanent=True)),
        (200, JSON, b'{"ok":false,"error":"rate_limited"}', Refused("Slack says rate_limited", limited=True)),
        (200, JSON, b'{"ok":false,"error":"ratelimited"}', Refused("Slack says ratelimited", limited=True)),
        (200, JSON, b'{"ok":"true"}', Refused("Slack says not ok", permanent=True)),
        (200, JSON, b"[]", Refused("Slack says not ok", permanent=True)),
        (200, JSON, b'{"ok":', Refused('answered with broken JSON: {"ok":')),
        (200, JSON, b"\xff", Refused("answered with broken JSON: \ufffd")),
        (400, {}, b"invalid_payload", Refused("answered 400 Bad Request: invalid_payload", permanent=True)),
        (403, JSON, b'{"ok":false}', Refused('answered 403 Forbidden: {"ok":false}', permanent=True)),
        (404, {}, b"no_service", Refused("answered 404 Not Found: no_service", permanent=True)),
        (429, {"retry-after": "30"}, b"", Refused("answered 429 Too Many Requests", retry_after=30.0)),
        (500, {}, b"", Refused("answered 500 Internal Server Error")),
    ],
)
def test_answers(status: int, headers: dict[str, str], body: bytes, outcome: Accepted | Refused) -> None:
    assert slack.read(Answer(status, headers, body, AT)) == outcome


def test_alertmanager_gives_up_when_slack_is_told_too_much() -> None:
    """Also where that is said in JSON rather than by 429; what was garbled on its way is tried again, there as here."""
    answers = (b'{"ok":false,"error":"rate_limited"}', b'{"ok":')
    read = [slack.read(Answer(200, {**JSON, "retry-after": "30"}, body, AT)) for body in answers]
    taken = [as_alertmanager(one, SlackSettings(HOOK), 200) for one in read if isinstance(one, Refused)]
    assert [(one.permanent, one.retry_after) for one in taken] == [(True, None), (False, None)]


def test_an_answer_that_was_cut_short_is_no_success() -> None:
    assert slack.read(Answer(200, {}, b"ok", AT, whole=False)) == Refused("the answer was cut short")


@given(st.binary(max_size=200), st.sampled_from([{}, JSON]))
def test_no_answer_is_too_strange_to_be_read(body: bytes, headers: dict[str, str]) -> None:
    assert isinstance(slack.read(Answer(200, headers, body, AT)), Accepted | Refused)
