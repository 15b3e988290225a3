"""What people are told who are chased: the packaged texts of pages, and `.Incident` in texts of one's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.incidents.records import IncidentState, Notice, PageKind
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.templating import NotificationTexts
from evaluator.templating.conversion.packaged import packaged_as_jinja
from evaluator.templating.notification_data import NotificationData, notification_data

AT = datetime(2026, 3, 14, 3, 9, 26, tzinfo=UTC)
TEXTS = NotificationTexts(strict=True)
LABELS = Labels({"alertname": "HighErrorRate", "component": "billing-api", "severity": "critical"})
NOTICE = Notice(
    number=12,
    kind=PageKind.PAGE,
    page="0123456789abcdef",
    state=IncidentState.TRIGGERED,
    severity="critical",
    title="HighErrorRate billing-api",
    epoch=1,
    level=1,
    level_name="backup",
    levels=4,
    opened_at=AT - timedelta(minutes=5),
    whom="bo",
    component="billing-api",
    component_owner="ana",
    runbook="https://runbooks.example.org/billing",
    labels=Labels({"alertname": "HighErrorRate"}),
)


def told(
    notice: Notice | None = NOTICE, *, alerts: int = 1, summary: str = "13.7% of requests fail", **links: str
) -> NotificationData:
    texts = (("summary", summary),)
    over = notice is not None and notice.kind is PageKind.RESOLVED
    one = NotifiedAlert(LABELS, Annotations(texts, LABELS, 0.137), AT - timedelta(minutes=5), AT if over else None)
    notification = Notification(
        "person:bo", "person:bo/sms", "incident:12", LABELS, "page", (one,) * alerts, AT, incident=notice
    )
    return notification_data(notification, [dict(texts)] * alerts, "https://alerts.example.org", links)


def say(name: str, data: NotificationData) -> str:
    return TEXTS.render(f'{{{{ template "page.{name}" . }}}}', data)


def test_how_long_ago_is_said_in_whole_seconds() -> None:
    data = told(replace(NOTICE, opened_at=AT - timedelta(seconds=5, milliseconds=2)))
    assert "(5s)" in say("text", data)
    assert "(5s)" in say("html", data)


def test_a_page_says_which_incident_how_bad_what_and_what_to_do() -> None:
    data = told()
    assert say("title", data) == "#12 CRITICAL: HighErrorRate billing-api"
    assert say("text", data) == (
        "13.7% of requests fail, value 0.137\n"
        "level 2 of 4, backup\n"
        "Since 2026-03-14 03:04:26 UTC (5m 0s)\n"
        "Component: billing-api\n"
        "Owner of the component: ana\n"
        "Runbook: https://runbooks.example.org/billing\n"
    )
    assert say("short", data) == (
        "#12 CRITICAL: HighErrorRate billing-api\n13.7% of requests fail, value 0.137\nlevel 2 of 4, backup"
    )


def test_a_late_page_of_what_nobody_has_confirmed_says_both() -> None:
    data = told(replace(NOTICE, late=timedelta(minutes=7), confirmed_at=AT - timedelta(minutes=14)))
    assert "level 2 of 4, backup, 7m 0s late\n" in say("text", data)
    assert "last confirmed 14m 0s ago" in say("text", data)
    assert say("short", data).endswith("level 2 of 4, backup, 7m 0s late, last confirmed 14m 0s ago")


@pytest.mark.parametrize(
    ("kind", "state", "text", "title"),
    [
        (PageKind.RESOLVED, IncidentState.RESOLVED, "", "#12 over: HighErrorRate billing-api"),
        (PageKind.REMINDER, IncidentState.ACKED, "your hour ends in 10m", "#12 still yours?: HighErrorRate billing-api"),
        (PageKind.NOTICE, IncidentState.ACKED, "a new alert", "#12 CRITICAL: HighErrorRate billing-api"),
        (PageKind.UPDATE, IncidentState.ACKED, "", "#12 CRITICAL: HighErrorRate billing-api"),
    ],
)
def test_what_is_no_page_says_what_it_is(kind: PageKind, state: IncidentState, text: str, title: str) -> None:
    """And nothing of a level, for nobody is called."""
    data = told(replace(NOTICE, kind=kind, state=state, text=text, owner="ana"))
    assert say("title", data) == title
    assert say("text", data).startswith(text)
    assert "level" not in say("text", data)
    assert "Taken by: ana" in say("text", data)


@pytest.mark.parametrize(
    ("state", "color"),
    [(IncidentState.TRIGGERED, "danger"), (IncidentState.ACKED, "warning"), (IncidentState.RESOLVED, "good")],
)
def test_the_colour_is_that_of_the_state(state: IncidentState, color: str) -> None:
    assert say("color", told(replace(NOTICE, state=state))) == color


@pytest.mark.parametrize(
    ("severity", "urgency", "priority"),
    [("critical", "critical", "5"), ("warning", "warning", "4"), ("info", "info", "4"), ("sev1", "error", "4")],
)
def test_how_bad_it_is_in_the_words_of_services(severity: str, urgency: str, priority: str) -> None:
    data = told(replace(NOTICE, severity=severity))
    assert (say("urgency", data), say("priority", data)) == (urgency, priority)


def test_a_mail_is_escaped_and_has_what_the_text_has() -> None:
    page = TEXTS.render_html('{{ template "page.html" . }}', told(summary="<script>alert(1)</script>"))
    assert "<script>" not in page
    for said in ("INCIDENT 12", "level 2 of 4, backup", "billing-api", "https://runbooks.example.org/billing"):
        assert said in page


OVER = replace(NOTICE, kind=PageKind.RESOLVED, state=IncidentState.RESOLVED)


def test_the_end_asks_whether_it_was_worth_it() -> None:
    """Where there is a link to answer by."""
    asked, link = "Was it worth waking somebody?", "https://e/links/l"
    assert say("text", told(OVER, label=link)).endswith(f"{asked} Say so: {link}\n")
    assert f'href="{link}"' in (page := TEXTS.render_html('{{ template "page.html" . }}', told(OVER, label=link)))
    assert asked in page
    for data in (told(OVER), told()):
        assert asked not in say("text", data)
        assert asked not in TEXTS.render_html('{{ template "page.html" . }}', data)


def test_many_alerts_are_not_all_told() -> None:
    assert say("text", told(alerts=40)).count("13.7%") == 10
    assert "and more: 40 in all" in say("text", told(alerts=40))


@pytest.mark.parametrize("name", ["title", "text", "html", "short", "color", "urgency", "priority", "tags"])
def test_without_an_incident_they_say_what_ordinary_texts_say(name: str) -> None:
    """A test notification to a person is one."""
    assert say(name, told(None)).strip()


def test_texts_of_either_language_may_ask_for_the_incident() -> None:
    data = told()
    assert TEXTS.render("{{ .Incident.Number }} {{ .Incident.LevelName }} {{ .Incident.Labels.alertname }}", data) == (
        "12 backup HighErrorRate"
    )
    assert TEXTS.render("{{ incident.number }} {% if incident.late %}late{% endif %}", data) == "12 "
    assert TEXTS.render("{% if incident %}{{ incident.number }}{% endif %}", told(None)) == ""
    assert TEXTS.render("{{ if .Incident }}{{ .Incident.Number }}{{ end }}", told(None)) == ""


@pytest.fixture(scope="module")
def copied() -> NotificationTexts:
    """The packaged texts as operators can copy them."""
    return NotificationTexts([(f"{file}.j2", text) for file, text in packaged_as_jinja().items()], strict=True)


@pytest.mark.parametrize("name", ["title", "text", "short", "color", "urgency", "priority", "tags"])
def test_the_texts_in_jinja2_say_the_same(name: str, copied: NotificationTexts) -> None:
    """Whatever is told."""
    late = replace(NOTICE, late=timedelta(minutes=7), confirmed_at=AT - timedelta(minutes=14), text="well")
    for data in (told(), told(late, alerts=12), told(OVER, label="https://e/links/l"), told(None)):
        assert copied.render(f'{{{{ template "page.{name}" . }}}}', data) == say(name, data)
