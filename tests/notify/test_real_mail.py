"""The same alerts by mail from a real Alertmanager: envelope, headers and parts are ours, but for the departures named here."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from evaluator.core.receivers.general import EmailSettings
from evaluator.core.records import Notification, NotifiedAlert
from evaluator.notify import mail
from evaluator.notify.exchange import Accepted
from evaluator.notify.sheet import Sheet
from evaluator.notify.smtp import send
from evaluator.templating import NotificationTexts, notification_data
from tests.notify.mail_server import Post, Taken, mail_server
from tests.notify.test_real_alertmanager import BINARY, alertmanager, alerts, ours, post

pytestmark = [pytest.mark.realtime, pytest.mark.skipif(BINARY is None, reason="no Alertmanager on the PATH")]

HTML = (
    '<p title="{{ .CommonLabels.team }}">{{ range .Alerts }}<a href="{{ .Annotations.runbook }}&x={{ .Labels.instance }}">'
    "{{ .Annotations.summary }}</a> {{ .Status }}<br>{{ end }}</p>"
)
TEXT = "{{ range .Alerts }}{{ .Labels.alertname }} {{ .Annotations.summary }}\n{{ end }}"
SUBJECT = "{{ .Status | toUpper }} é {{ .CommonLabels.team }} {{ .CommonLabels.alertname }}"
SETTINGS = EmailSettings(
    'Ben <b@example.org>, c@example.org, "Dan, D" <d@example.org>',
    "Aline <a@example.org>",
    ("", 0),
    hello="h.org",
    headers=(("Subject", SUBJECT), ("Reply-To", "r@example.org"), ("X-Team", "{{ .CommonLabels.team }}")),
    html=HTML,
    text=TEXT,
    require_tls=False,
)
OURS_ALONE = {"Auto-Submitted", "X-Auto-Response-Suppress", "List-Id"}
"""Headers that keep absence notes from answering, and by which programs sort."""
OF_EACH_MAIL = {"Message-Id", "Date", "Content-Type"}
"""Names and times of a mail; where its parts part."""


def config(host: str, port: int) -> str:
    return f"""
global: {{smtp_from: "{SETTINGS.sender}", smtp_smarthost: "{host}:{port}", smtp_require_tls: false, smtp_hello: h.org}}
route: {{receiver: ops, group_by: [alertname, team], group_wait: 1h}}
receivers:
  - name: ops
    email_configs:
      - to: {json.dumps(SETTINGS.to)}
        headers: {json.dumps(dict(SETTINGS.headers))}
        html: {json.dumps(HTML)}
        text: {json.dumps(TEXT)}
        send_resolved: true
"""


async def theirs(folder: Path, told: tuple[NotifiedAlert, ...]) -> tuple[Taken, str]:
    taken = Post()
    async with mail_server(taken) as (host, port):
        path = folder / "alertmanager.yml"
        path.write_text(config(host, port))
        async with alertmanager(path) as url:
            await post(url, told)
            async with asyncio.timeout(10):
                await taken.arrived.wait()
    return taken.taken[0], url


async def our_own(told: tuple[NotifiedAlert, ...], url: str) -> Taken:
    rendered = replace(ours(told, url), receiver="ops")
    notification = Notification("ops", "ops/email[0]", "", rendered.group_labels, "", told, told[0].starts_at)
    data = notification_data(notification, [dict(alert.annotations.expanded or ()) for alert in told], url)
    texts = NotificationTexts()
    sheet = Sheet(rendered, lambda text: texts.render(text, data), render_html=lambda text: texts.render_html(text, data))
    taken = Post()
    async with mail_server(taken) as address:
        built = mail.build(sheet, SETTINGS)
        assert isinstance(built, mail.Mail)
        assert isinstance(await send(built, replace(SETTINGS, smarthost=address), 5.0), Accepted)
    return taken.taken[0]


def parsed(taken: Taken) -> EmailMessage:
    message = message_from_bytes(taken.content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def names(message: EmailMessage) -> set[str]:
    return {name.title() for name in message}


def parts(message: EmailMessage) -> list[tuple[str, str]]:
    return [(part.get_content_type(), part.get_content().replace("\r\n", "\n").rstrip("\n")) for part in message.iter_parts()]


def test_a_mail_is_that_of_a_real_alertmanager_but_for_named_departures(tmp_path: Path) -> None:
    told = alerts(datetime.now(UTC))
    their_own, url = asyncio.run(theirs(tmp_path, told))
    mine = asyncio.run(our_own(told, url))
    assert (mine.sender, mine.recipients, mine.hello) == (their_own.sender, their_own.recipients, their_own.hello)
    here, there = parsed(mine), parsed(their_own)
    assert names(here) - names(there) == OURS_ALONE
    assert names(there) - names(here) == set()
    for name in names(there) - OF_EACH_MAIL:
        assert str(here[name]) == str(there[name]), name
    assert here.get_content_type() == there.get_content_type() == "multipart/alternative"
    assert parts(here) == parts(there)
