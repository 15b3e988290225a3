"""Receivers' texts: files over defaults, newer functions, errors that name the file."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.templating import NotificationTexts, TemplateError, notification_data

AT = datetime(2024, 7, 1, 10, 0, tzinfo=UTC)


def told(*alerts: NotifiedAlert, group: dict[str, str] | None = None) -> Notification:
    return Notification("team.x", "team.x/slack[0]", "{}:{}", Labels(group or {}), "first notification", alerts, AT)


def alert(firing: bool = True, **labels: str) -> NotifiedAlert:
    ended = None if firing else AT - timedelta(minutes=5)
    return NotifiedAlert(Labels({"alertname": "Down", **labels}), Annotations(), AT - timedelta(hours=2), ended, "http://p/1")


DATA = notification_data(
    told(alert(instance="a", job="j"), alert(False, instance="b", job="j"), group={"alertname": "Down"}),
    [{"summary": "s <b>"}, {"summary": "s <b>", "x": "y"}],
    "http://e.org/",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{ .NotificationReason }} {{ .RouteLabels | len }} {{ routeLabels.x }}|", "first notification 0 |"),
        ("{{ .CommonLabels }} {{ .CommonLabels.SortedPairs }}", "alertname=Down, job=j alertname=Down, job=j"),
        ("{{ (index .Alerts 0).StartsAt | since | humanizeDuration }}", "2h 0m 0s"),
        ('{{ now | date "2006-01-02 15:04" }}', "2024-07-01 10:00"),
        ('{{ now | tz "Europe/Berlin" | date "15:04 MST -0700" }}', "12:00 CEST +0200"),
        ('{{ toDate "2006-01-02" "2024-02-29" | date "Jan 2, 2006" }}', "Feb 29, 2024"),
        ('{{ (toDate "2006-01-02" "nonsense").IsZero }}', "true"),
        ('{{ mustToDate "02 Jan 06 03:04 PM -0700" "05 Mar 24 01:30 PM +0100" }}', "2024-03-05 13:30:00 +0100 +0100"),
        ('{{ mustToDate "15:04:05.000" "01:02:03.250" | date "15:04:05.999" }}', "01:02:03.25"),
        (
            '{{ toJson (dict "a" 1 "b" (list "x" 2.5 nil true) "c" "<&>é") }}',
            '{"a":1,"b":["x",2.5,null,true],"c":"\\u003c\\u0026\\u003eé"}',
        ),
        (
            "{{ toJson .GroupLabels }} {{ toJson .GroupLabels.SortedPairs }}",
            '{"alertname":"Down"} [{"name":"alertname","value":"Down"}]',
        ),
        ("{{ (index .Alerts 0).StartsAt | toJson }} {{ toJson 1e21 }} {{ toJson 1e-7 }}", '"2024-07-01T08:00:00Z" 1e+21 1e-7'),
        ('{{ "a?b>" | base64encode }} {{ "YT9iPg==" | base64decode }}', "YT9iPg== a?b>"),
        ('{{ "a%20b+c%2F" | urlUnescape }}', "a b c/"),
        ('{{ $l := append (list 1 2) 3 "x" }}{{ $l }} {{ len $l }} {{ index $l 2 }}', "[1 2 3 x] 4 3"),
        ('{{ (dict "k" "v").k }} {{ (dict).k }}', "v <no value>"),
        ('{{ trimSpace "  a b\\n" }}|{{ safeUrl "x" }}', "a b|x"),
        ('{{ template "__alertmanager" . }}', "Evaluator"),
        ("{{ with index .Alerts 1 }}{{ .Status }} {{ .EndsAt.Sub .StartsAt }}{{ end }}", "resolved 1h55m0s"),
    ],
)
def test_what_receivers_texts_say(text: str, expected: str) -> None:
    assert NotificationTexts().render(text, DATA) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{{ now | tz "Mars/Olympus" }}', "unknown time zone Mars/Olympus"),
        ('{{ now | tz "../../etc/passwd" }}', "unknown time zone"),
        ('{{ mustToDate "2006" "x" }}', 'parsing time "x" as "2006"'),
        ('{{ mustToDate "2006-01-02" "2023-02-29" }}', "out of range"),
        ('{{ "%zz" | urlUnescape }}', 'invalid URL escape "%zz"'),
        ('{{ "!" | base64decode }}', "illegal base64 data"),
        ('{{ dict "a" }}', "even number"),
        ("{{ dict 1 2 }}", "keys must be strings"),
        ("{{ humanize 1 }}", 'function "humanize" not defined'),
        ("{{ $labels.x }}", 'undefined variable "$labels"'),
    ],
)
def test_failures(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(message)) as caught:
        NotificationTexts().render(text, DATA)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("notification", "subject"),
    [
        (told(alert(a="1"), group={"alertname": "Down", "a": "1"}), "[FIRING:1] 1 Down "),
        (told(alert(False, a="1"), group={"alertname": "Down"}), "[RESOLVED] Down (1)"),
        (told(alert(a="1"), alert(a="2")), "[FIRING:2]  (Down)"),
    ],
)
def test_subjects(notification: Notification, subject: str) -> None:
    """Group label values, then in parentheses what all alerts share beyond them; alertname stands first."""
    data = notification_data(notification, [{} for _ in notification.alerts], "")
    expected = subject.replace("1 Down", "Down 1")
    assert NotificationTexts().render('{{ template "__subject" . }}', data) == expected


def test_a_file_defines_and_redefines() -> None:
    """The last definition counts, also for packaged templates that call it; a blank one takes nobody's place."""
    texts = NotificationTexts(
        [
            ("a.tmpl", '{{ define "__subject" }}first{{ end }}{{ define "mine" }}{{ .Status }}{{ end }}'),
            ("b.tmpl", '{{ define "__subject" }}last{{ end }}{{ define "mine" }}  \n{{ end }}'),
        ]
    )
    assert texts.render('{{ template "slack.default.title" . }} {{ template "mine" . }}', DATA) == "last firing"


def test_a_text_may_define_for_itself() -> None:
    texts = NotificationTexts()
    assert texts.render('{{ define "__subject" }}own{{ end }}{{ template "slack.default.title" . }}', DATA) == "own"
    assert texts.render('{{ template "slack.default.title" . }}', DATA) == "[FIRING:1] Down (j)"


def test_errors_name_the_file() -> None:
    with pytest.raises(TemplateError) as unreadable:
        NotificationTexts([("bad.tmpl", 'x\n{{ define "a" }}{{ nope }}{{ end }}')])
    assert str(unreadable.value) == 'bad.tmpl:2:20: function "nope" not defined'
    texts = NotificationTexts([("fails.tmpl", '\n{{ define "a" }}{{ .Nope }}{{ end }}')])
    with pytest.raises(TemplateError) as failing:
        texts.render('{{ template "a" . }}', DATA)
    assert str(failing.value) == "fails.tmpl:2:20: at <.Nope> can't evaluate field Nope in type template.Data"


def test_check_reads_without_rendering() -> None:
    texts = NotificationTexts()
    texts.check("{{ .Nope }}")
    with pytest.raises(TemplateError):
        texts.check("{{ if }}")


def test_a_notification_of_resolved_alerts_only_is_resolved() -> None:
    data = notification_data(told(alert(False)), [{}], "http://e.org")
    assert NotificationTexts().render("{{ .Status }} {{ len .Alerts.Firing }} {{ .Receiver }}", data) == "resolved 0 team\\.x"
