"""The webhook's body, byte for byte, and its URL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.records import NotifiedAlert
from evaluator.core.settings import Secret, WebhookSettings
from evaluator.core.timestamps import rfc3339
from evaluator.notify import webhook
from evaluator.notify.exchange import Refused, Request
from evaluator.notify.go import json_line, quote_meta
from evaluator.notify.rendered import RenderedNotification
from evaluator.notify.sheet import Sheet
from tests.notify.scenes import PlainTexts, alert, rendered

GOLDEN = Path(__file__).parent / "golden"

SCENES = {
    "one_firing": [alert("a:9090")],
    "firing_and_resolved": [alert("a:9090"), alert("b:9090", resolved=True, why="rule removed", age=timedelta(hours=3))],
    "all_resolved": [alert("a:9090", resolved=True), alert("b:9090", resolved=True)],
    "hostile": [alert('<b>&"\\\n\x1b[31m\u2028\x7f', emoji="🔥", greek="λ", empty="")],
}


def built(notification: RenderedNotification, settings: WebhookSettings) -> Request:
    request = webhook.build(Sheet(notification, PlainTexts().render), settings)
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize("scene", SCENES)
def test_bodies_are_the_golden_ones(scene: str) -> None:
    request = built(rendered(*SCENES[scene]), WebhookSettings(Secret("http://bridge")))
    assert request.body == (GOLDEN / f"webhook_{scene}.json").read_bytes()


def test_a_cut_list_is_what_status_and_common_labels_speak_of() -> None:
    """Of a resolved and a firing alert only the first is kept, so the whole is resolved; our own counts know of both."""
    notification = rendered(alert("a:9090", resolved=True), alert("b:9090"))
    body = json.loads(built(notification, WebhookSettings(Secret("http://bridge"), max_alerts=1)).body)
    assert body["status"] == "resolved"
    assert body["commonLabels"]["instance"] == "a:9090"
    assert body["truncatedAlerts"] == 1
    assert (body["evaluator"]["firing"], body["evaluator"]["resolved"]) == (1, 1)


@pytest.mark.parametrize("most", [0, 2, 3])
def test_a_list_that_fits_is_not_cut(most: int) -> None:
    body = webhook.message(rendered(alert("a:9090"), alert("b:9090")), most)
    assert (len(body["alerts"]), body["truncatedAlerts"]) == (2, 0)


def test_every_attempt_carries_the_same_key() -> None:
    request = built(rendered(), WebhookSettings(Secret("http://bridge"), timeout=timedelta(seconds=3)))
    assert dict(request.headers) == {"Content-Type": "application/json", "Idempotency-Key": "0f3c"}
    assert request.timeout == timedelta(seconds=3)


def test_the_url_may_be_a_template() -> None:
    settings = WebhookSettings(Secret("http://bridge/{{ team }}"))
    request = webhook.build(Sheet(rendered(), PlainTexts(team="web").render), settings)
    assert isinstance(request, Request)
    assert request.url.reveal() == "http://bridge/web"


def test_a_url_whose_template_fails_is_refused_without_quoting_it() -> None:
    outcome = webhook.build(
        Sheet(rendered(), PlainTexts().render), WebhookSettings(Secret("http://bridge/s3cr3t/{{ nobody }}"))
    )
    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert "s3cr3t" not in outcome.error


def test_a_url_without_templates_asks_no_template_engine() -> None:
    """A page must not depend on template files that turn out to be broken."""

    def broken(text: str) -> str:
        raise ValueError(f"cannot render {text}")

    assert isinstance(webhook.build(Sheet(rendered(), broken), WebhookSettings(Secret("http://bridge/a"))), Request)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 8, 3, 3, 0, 12, tzinfo=UTC), "2026-08-03T03:00:12Z"),
        (datetime(2026, 8, 3, 3, 0, 12, 500000, tzinfo=UTC), "2026-08-03T03:00:12.5Z"),
        (datetime(2026, 8, 3, 3, 0, 12, 1, tzinfo=UTC), "2026-08-03T03:00:12.000001Z"),
        (datetime(2026, 8, 3, 3, 0, 12, 120300, tzinfo=UTC), "2026-08-03T03:00:12.1203Z"),
        (datetime(2026, 8, 3, 3, 0, 10, tzinfo=timezone(timedelta(hours=2))), "2026-08-03T01:00:10Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (datetime(999, 1, 1, 0, 0, 0, 250000, tzinfo=UTC), "0999-01-01T00:00:00.25Z"),
    ],
)
def test_times_are_printed_as_go_prints_them(time: datetime, text: str) -> None:
    assert rfc3339(time) == text


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("<a href='x'>&", rb'"\u003ca href=' + b"'x'" + rb'\u003e\u0026"'),
        ('"\\/', rb'"\"\\/"'),
        ("\n\r\t\b\f\x00\x1f\x7f", b'"' + rb"\n\r\t\b\f\u0000\u001f" + b'\x7f"'),
        ("\u2028\u2029", rb'"\u2028\u2029"'),
        ("é🔥", '"é🔥"'.encode()),
        ("\ud800", b'"\xef\xbf\xbd"'),
    ],
)
def test_json_is_escaped_as_go_escapes_it(text: str, encoded: bytes) -> None:
    assert json_line(text) == encoded + b"\n"


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))))
def test_json_says_what_was_meant(value: dict[str, str]) -> None:
    assert json.loads(json_line(value)) == value


def test_a_receiver_is_named_as_a_regular_expression() -> None:
    assert quote_meta("ops.web (eu)-1|a^b$[c]{d}*+?\\") == r"ops\.web \(eu\)-1\|a\^b\$\[c\]\{d\}\*\+\?\\"


def test_annotations_are_sorted_by_name() -> None:
    """Go prints maps in the order of the keys; rules keep the order in which they were written."""
    told: NotifiedAlert = alert("a:9090")
    assert list(webhook.message(rendered(told))["alerts"][0]["annotations"]) == ["runbook", "summary"]
