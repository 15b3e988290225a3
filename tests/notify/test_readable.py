"""The messages for somebody who was asleep, in each service's markup: whole, within its bounds, and harmless."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from typing import Any
from urllib.parse import unquote_plus

import pytest

from evaluator.core.incidents.records import IncidentState
from evaluator.core.labels import Labels
from evaluator.core.receivers.chat import DiscordSettings, MsTeamsV2Settings, TelegramSettings
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.phones import NtfySettings, TwilioSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.records import Chase, NotifiedAlert
from evaluator.core.settings import Secret
from evaluator.notify import mail
from evaluator.notify.exchange import Request
from evaluator.notify.msteamsv2 import MOST_BYTES
from evaluator.notify.picture import MOST
from evaluator.notify.receivers import HTTP_RECEIVERS
from evaluator.notify.rendered import render
from evaluator.notify.sheet import Sheet
from tests.notify.contract import EXTERNAL_URL, PACKAGED
from tests.notify.scenes import alert, curved, row

HOSTILE = "<script>x</script> <!channel> @everyone @channel [a](javascript:b) *x*\r\nBcc: a@b.c\x1b[2J\u202e"


def readable(name: str) -> str:
    return f'{{{{ template "readable.{name}" . }}}}'


TITLE = readable("title")
HOOK = Secret("https://chat.example.org/hook")
SERVICES: Mapping[str, Any] = {
    "slack": SlackSettings(HOOK, title=TITLE, text=readable("mrkdwn")),
    "telegram": TelegramSettings("https://t.example.org", Secret("1:a"), chat_id=-5, message=readable("telegram.html")),
    "teams": MsTeamsV2Settings(HOOK, title=TITLE, text=readable("teams")),
    "discord": DiscordSettings(HOOK, title=TITLE, message=readable("markdown")),
    "ntfy": NtfySettings("https://ntfy.example.org", "ops", title=TITLE, message=readable("text")),
    "sms": TwilioSettings("AC1", ("+4912345",), sender="+4954321", body=readable("short")),
}
MAIL = EmailSettings(
    "ops@example.org",
    "me@example.org",
    ("mail.example.org", 587),
    headers=(("Subject", TITLE),),
    html=readable("html"),
    text=readable("text"),
)


def sheet(*alerts: NotifiedAlert) -> Sheet:
    record = row(*alerts, integration="ops/any[0]")
    told = record.notification
    annotations = PACKAGED.annotations(told)
    notification = render(record, annotations, EXTERNAL_URL)
    return Sheet(notification, PACKAGED.renderer(told, annotations), render_html=PACKAGED.html_renderer(told, annotations))


def sent(service: str, *alerts: NotifiedAlert) -> tuple[str, Sheet]:
    """The first request's body, and what it was made from."""
    made = sheet(*alerts)
    request = next(HTTP_RECEIVERS[type(SERVICES[service])](made, SERVICES[service]))
    assert isinstance(request, Request)
    return request.body.decode(), made


def hostile() -> NotifiedAlert:
    told = alert("a", evil=HOSTILE, severity=HOSTILE)
    texts = tuple((name, HOSTILE) for name in ("summary", "description", "runbook_url"))
    return curved(replace(told, annotations=replace(told.annotations, expanded=texts), why=HOSTILE, generator_url=HOSTILE))


@pytest.mark.parametrize("service", SERVICES)
def test_no_template_fails_and_all_is_said(service: str) -> None:
    body, made = sent(service, curved(alert("a")), replace(alert("b"), known=True), alert("c", resolved=True))
    assert made.failed == ()
    assert "Latency" in body
    assert "HighLatency" in body


@pytest.mark.parametrize("service", ["slack", "telegram", "teams", "discord", "ntfy"])
@pytest.mark.parametrize(("state", "word"), [(IncidentState.TRIGGERED, "acknowledge"), (IncidentState.ACKED, "incident")])
def test_what_somebody_is_chased_for_leads_to_its_incident(service: str, state: IncidentState, word: str) -> None:
    body, made = sent(service, replace(alert("a"), chase=Chase(12, state)), alert("b"))
    assert made.failed == ()
    assert body.count(f"{EXTERNAL_URL}/incidents/12") == 1
    assert word in body


def test_a_mail_leads_to_the_incident() -> None:
    built = mail.build(sheet(replace(alert("a"), chase=Chase(12, IncidentState.TRIGGERED))), MAIL)
    assert isinstance(built, mail.Mail)
    parts = [part.get_payload(decode=True) for part in message_from_bytes(built.message).walk()]
    text, page = [part.decode() for part in parts if isinstance(part, bytes)]
    assert f"acknowledge: {EXTERNAL_URL}/incidents/12" in text
    assert f'href="{EXTERNAL_URL}/incidents/12"' in page
    assert ">Acknowledge</a>" in page


@pytest.mark.parametrize("service", SERVICES)
def test_hostile_labels_are_text(service: str) -> None:
    body, made = sent(service, hostile(), replace(hostile(), known=True))
    assert made.failed == ()
    shown = unquote_plus(body) if service == "sms" else json.dumps(json.loads(body), ensure_ascii=False)
    assert [
        each for each in ("\\u001b", "\x1b", "\u202e", *(["<!channel"] if service == "slack" else [])) if each in shown
    ] == []
    if service == "telegram":
        text = json.loads(body)["text"]
        assert set(re.findall(r"</?(\w+)", text)) == {"b", "a", "code"}
    if service == "discord":
        assert json.loads(body)["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("service", SERVICES)
def test_a_megabyte_in_every_label_is_bounded(service: str) -> None:
    huge = "x" * 1_000_000
    told = alert("a", more=huge)
    told = replace(told, annotations=replace(told.annotations, expanded=(("summary", huge), ("description", huge))))
    body, made = sent(service, curved(told))
    assert made.failed == ()
    assert len(body) < 40_000


def test_hostile_labels_are_text_in_mails() -> None:
    built = mail.build(sheet(hostile(), replace(hostile(), known=True)), MAIL)
    assert isinstance(built, mail.Mail)
    assert built.recipients == ("ops@example.org",)
    message = message_from_bytes(built.message)
    assert "Bcc" not in message
    for part in message.walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            said = content.decode()
            assert [each for each in ("\x1b", "\u202e", 'href="javascript') if each in said] == []
            assert part.get_content_subtype() == "plain" or "<script" not in said


def test_teams_shows_pictures_of_the_first_curves() -> None:
    body, _ = sent("teams", alert("a"), *(curved(alert(f"b{number}")) for number in range(5)))
    card = json.loads(body)["attachments"][0]["content"]["body"]
    pictures = [one for one in card if one["type"] == "Image"]
    assert len(pictures) == MOST
    assert card[2] == {"type": "TextBlock", "text": "Latency is high on b0", "isSubtle": True, "size": "Small", "wrap": True}
    assert pictures[0]["altText"] == "the value of Latency is high on b0"
    assert base64.b64decode(pictures[0]["url"].removeprefix("data:image/png;base64,")).startswith(b"\x89PNG")


def test_pictures_for_teams_yield_to_words() -> None:
    told = [curved(alert(f"b{number}", why="x" * 180, more="y" * 180, else_="z" * 180)) for number in range(10)]
    texts = [replace(one, annotations=replace(one.annotations, expanded=(("description", "d" * 990),))) for one in told]
    body, _ = sent("teams", *[replace(one, labels=_longer(one.labels)) for one in texts])
    assert len(body.encode()) <= MOST_BYTES
    assert body.count('"Image"') < MOST


def _longer(labels: Labels) -> Labels:
    return Labels({**labels, **{f"label{number}": "v" * 190 for number in range(12)}})
