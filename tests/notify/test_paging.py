"""Pages and mails: the very requests, and what is cut, clamped and left out to fit what the services take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from evaluator.core.http import Authorization, HttpSettings, Secret
from evaluator.core.receivers.general import EmailSettings
from evaluator.core.receivers.paging import (
    PAGERDUTY_DETAILS,
    IncidentioSettings,
    OpsgenieResponder,
    OpsgenieSettings,
    PagerdutyImage,
    PagerdutyLink,
    PagerdutySettings,
    PushoverSettings,
    VictoropsSettings,
)
from evaluator.core.records import NotifiedAlert
from evaluator.notify import mail, pagerduty, pagerduty_v1
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.receivers import HTTP_RECEIVERS
from evaluator.notify.rendered import render
from evaluator.notify.sheet import Sheet
from tests.notify.contract import EXTERNAL_URL, PACKAGED
from tests.notify.scenes import AT, alert, finished, row

GOLDEN = Path(__file__).parent / "golden"
KEY = Secret("k3y")
LONG = "é" * 30_000
PAGERDUTY = PagerdutySettings("https://events.pagerduty.com/v2/enqueue", KEY)
PAGERDUTY_V1 = replace(PAGERDUTY, routing_key=None, service_key=KEY)
OPSGENIE = OpsgenieSettings("https://api.opsgenie.com/", KEY)
VICTOROPS = VictoropsSettings("https://alert.victorops.com/alert/", KEY, "ops")
PUSHOVER = PushoverSettings(Secret("us3r"), Secret("t0ken"))
INCIDENTIO = IncidentioSettings(
    Secret("https://api.incident.io/v2/alert_events/alertmanager/1"),
    HttpSettings(authorization=Authorization("Bearer", KEY)),
)
FULL: dict[str, Any] = {
    "pagerduty": replace(
        PAGERDUTY,
        details=(*PAGERDUTY_DETAILS, ("team", "{{ .CommonLabels.team }}"), ("deep", ("1", "true", "{{ .Status }}"))),
        images=(PagerdutyImage("https://a/b.png", "alt", "https://a"), PagerdutyImage(alt="no picture")),
        links=(PagerdutyLink("https://a/?x&y", "runbook"), PagerdutyLink(text="no link")),
        severity=" Warning ",
        class_="latency",
        component="{{ .CommonLabels.job }}",
        group="web",
    ),
    "pagerduty_v1": replace(PAGERDUTY_V1, details=(*PAGERDUTY_DETAILS, ("team", "{{ .CommonLabels.team }}"))),
    "opsgenie": replace(
        OPSGENIE,
        details=(("runbook", "{{ .CommonAnnotations.runbook }}"),),
        entity="{{ .CommonLabels.job }}",
        responders=(
            OpsgenieResponder("teams", name="web, ops,"),
            OpsgenieResponder("user", username="ann"),
            OpsgenieResponder("user"),
        ),
        actions="restart, drain",
        tags="web , {{ .CommonLabels.severity }}, prod",
        note="n",
        priority="P2",
        update_alerts=True,
    ),
    "victorops": replace(VICTOROPS, message_type="WARNING", custom_fields=(("team", "{{ .CommonLabels.team }}"),)),
    "pushover": replace(PUSHOVER, url_title="t", device="d", sound="s", ttl=timedelta(hours=1), html=True),
    "incidentio": INCIDENTIO,
}
MIXED = (alert("a:9090"), alert("b:9090", resolved=True, why="rule removed"))
OVER = (alert("a:9090", resolved=True), alert("b:9090", resolved=True))


def sheet(*alerts: NotifiedAlert) -> Sheet:
    record = row(*alerts)
    annotations = [finished(told) for told in record.notification.alerts]
    notification = render(record, annotations, EXTERNAL_URL)
    texts = PACKAGED.renderer(record.notification, annotations)
    return Sheet(notification, texts, render_html=PACKAGED.html_renderer(record.notification, annotations))


def requests_of(settings: Any, told: Sheet) -> list[Request]:
    """All requests to a service that takes each of them."""
    conversation = HTTP_RECEIVERS[type(settings)](told, settings)
    requests: list[Request] = []
    try:
        requests.append(next(conversation))
        while True:
            answer = Answer(202, {}, b"{}", AT)
            requests.append(conversation.send(answer))
    except StopIteration as end:
        outcome = end.value
    assert isinstance(outcome, Accepted)
    return requests


def shown(requests: Sequence[Request]) -> str:
    """With secrets, so that these are held still, too."""
    blocks = []
    for one in requests:
        head = [f"{one.method} {one.url.reveal()}", *(f"{name}: {value}" for name, value in one.headers)]
        blocks.append("\n".join([*head, "", one.body.decode().rstrip("\n"), ""]))
    return "\n".join(blocks)


def body(settings: Any, *alerts: NotifiedAlert) -> Any:
    """Of the first request, as values."""
    request = requests_of(settings, sheet(*alerts))[0]
    text = request.body.decode()
    return dict(parse_qsl(text)) if isinstance(settings, PushoverSettings) else json.loads(text)


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("state", ["firing", "resolved"])
def test_requests_are_the_golden_ones(name: str, state: str) -> None:
    """Of a group of which one alert fires and one is over, and of one that is over; with default texts."""
    told = sheet(*(MIXED if state == "firing" else OVER))
    assert shown(requests_of(FULL[name], told)) == (GOLDEN / f"{name}_{state}.txt").read_text()


@pytest.mark.parametrize("state", ["firing", "resolved"])
def test_mails_are_the_golden_ones(state: str) -> None:
    """To the byte; of what stands in the page there are tests of its own."""
    settings = EmailSettings(
        "ann@example.org, Ben <ben@example.org>",
        "alerts@example.org",
        ("smtp.example.org", 587),
        headers=(("X-Team", "{{ .CommonLabels.team }}"),),
        html='<p>{{ template "__subject" . }}</p>',
        thread_by_date="none",
    )
    built = mail.build(sheet(*(MIXED if state == "firing" else OVER)), settings)
    assert not isinstance(built, Refused)
    assert built.recipients == ("ann@example.org", "ben@example.org")
    assert built.message.replace(b"\r\n", b"\n") == (GOLDEN / f"email_{state}.eml").read_bytes()


# -- PagerDuty --------------------------------------------------------------------------------------------------------


def test_pagerdutys_texts_are_cut() -> None:
    long = replace(PAGERDUTY, description=LONG, source=LONG, class_=LONG, component=LONG, group=LONG, client=LONG)
    payload = body(long)["payload"]
    cut = "é" * 1023 + "…"
    assert [payload[name] for name in ("summary", "source", "class", "component", "group")] == [cut] * 5
    assert body(replace(PAGERDUTY_V1, description=LONG))["description"] == cut


@pytest.mark.parametrize(
    ("written", "sent"), [("critical", "critical"), (" INFO", "info"), ("page", "error"), ("", "error"), ("warn", "error")]
)
def test_a_severity_that_pagerduty_does_not_know_is_an_error(written: str, sent: str) -> None:
    assert body(replace(PAGERDUTY, severity=written))["payload"]["severity"] == sent


@pytest.mark.parametrize(("settings", "name"), [(PAGERDUTY, "custom_details"), (PAGERDUTY_V1, "details")])
def test_details_beyond_what_pagerduty_takes_give_way(settings: PagerdutySettings, name: str) -> None:
    """They say that they did, and what fires."""
    (request,) = requests_of(replace(settings, details=(("all", "x" * 600_000),)), sheet())
    assert len(request.body) < pagerduty.MOST_BYTES
    told = json.loads(request.body)
    found = told.get("payload", told)[name]
    assert "512000 bytes" in found["error"]
    assert "Latency is high on a:9090" in found["notification"]


def test_version_1_has_an_address_of_its_own() -> None:
    (request,) = requests_of(replace(PAGERDUTY_V1, url="https://eu.example.org/v2/enqueue"), sheet())
    assert request.url.reveal() == pagerduty_v1.URL


# -- OpsGenie ---------------------------------------------------------------------------------------------------------


def test_opsgenies_texts_are_cut() -> None:
    told = body(replace(OPSGENIE, message=LONG, description=LONG, note=LONG))
    assert told["message"] == "é" * 129 + "…"
    assert (len(told["description"]), len(told["note"])) == (15_000, 25_000)


def test_opsgenies_details_are_bounded_together() -> None:
    details = body(replace(OPSGENIE, details=tuple((f"d{number:02}", LONG) for number in range(20))))["details"]
    assert max(map(len, details.values())) == 1000
    assert sum(map(len, (*details, *details.values()))) <= 8000


@pytest.mark.parametrize("written", ["a, b", " a ,b, ", "a,,b"])
def test_opsgenies_tags_are_trimmed(written: str) -> None:
    assert body(replace(OPSGENIE, tags=written))["tags"] == ["a", "b"]


# -- VictorOps --------------------------------------------------------------------------------------------------------


def test_victorops_texts_are_cut() -> None:
    told = body(replace(VICTOROPS, state_message=LONG, custom_fields=(("a", LONG),)))
    assert {len(told["state_message"]), len(told["a"])} == {20_480}


@pytest.mark.parametrize(
    ("written", "over", "sent"),
    [("INFO", False, "INFO"), ("warning", False, "CRITICAL"), ("", False, "CRITICAL"), ("INFO", True, "RECOVERY")],
)
def test_victorops_types(written: str, over: bool, sent: str) -> None:
    assert body(replace(VICTOROPS, message_type=written), alert("a", resolved=over))["message_type"] == sent


def test_victorops_keys_are_quoted_in_the_url() -> None:
    (request,) = requests_of(replace(VICTOROPS, api_key=Secret("a/b"), routing_key="{{ .Status }}/x?y"), sheet())
    assert request.url.reveal() == "https://alert.victorops.com/alert/a%2Fb/firing%2Fx%3Fy"


# -- Pushover ---------------------------------------------------------------------------------------------------------


def test_pushovers_texts_are_cut() -> None:
    told = body(replace(PUSHOVER, title=LONG, message=LONG, url=LONG, url_title=LONG))
    assert [len(told[name]) for name in ("title", "message", "url", "url_title")] == [250, 1024, 512, 100]


def test_a_page_too_long_for_pushover_is_text() -> None:
    """A tag that is cut in two would be read as text, and all behind it."""
    told = body(replace(PUSHOVER, html=True, message="<b>x</b>" * 200))
    assert "html" not in told
    assert "Latency is high on a:9090" in told["message"]


@pytest.mark.parametrize(
    ("priority", "retry", "expire", "sent"),
    [
        ("2", 60, 3600, {"priority": "2", "retry": "60", "expire": "3600"}),
        ("7", 5, 86_400, {"priority": "2", "retry": "30", "expire": "10800"}),
        ("-9", 60, 3600, {"priority": "-2"}),
        ("1", 60, 3600, {"priority": "1"}),
        ("high", 60, 3600, {"priority": "0"}),
    ],
)
def test_pushovers_priorities_are_clamped(priority: str, retry: int, expire: int, sent: dict[str, str]) -> None:
    """Pushover refuses what is beyond, and nobody is told."""
    settings = replace(PUSHOVER, priority=priority, retry=timedelta(seconds=retry), expire=timedelta(seconds=expire))
    told = body(settings)
    assert {name: told[name] for name in ("priority", "retry", "expire") if name in told} == sent


# -- incident.io ------------------------------------------------------------------------------------------------------


def test_as_many_alerts_go_to_incidentio_as_fit() -> None:
    alerts = [alert(f"host-{number}", pad="x" * 20_000) for number in range(40)]
    (request,) = requests_of(INCIDENTIO, sheet(*alerts))
    told = json.loads(request.body)
    assert len(request.body) <= 512 * 1024
    assert (len(told["alerts"]), told["truncatedAlerts"]) == (20, 20)


def test_a_single_alert_that_is_too_large_for_incidentio_is_shortened() -> None:
    (request,) = requests_of(INCIDENTIO, sheet(alert("a", pad="x" * 600_000)))
    assert len(json.loads(request.body)["alerts"][0]["labels"]["pad"]) == 1000
