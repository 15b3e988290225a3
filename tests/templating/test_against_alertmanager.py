"""Notification templates through a real Alertmanager's amtool and through ours: every difference fails."""

# ruff: noqa: E501 -- a template is one line

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert
from evaluator.core.timestamps import rfc3339
from evaluator.templating import NotificationData, NotificationTexts, TemplateError, notification_data

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not on the PATH"),
]
_PACKAGED = Path("/usr/share/prometheus/alertmanager/default.tmpl")
_BETWEEN = "\n=====\n"
_START = datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)

NOTIFICATION = Notification(
    receiver="team.x+y",
    integration="team.x+y/webhook[0]",
    group_key="{}:{}",
    group_labels=Labels({"alertname": "A", "zz": "1"}),
    reason="first notification",
    alerts=(
        NotifiedAlert(
            Labels({"alertname": "A", "zz": "1", "b": "<x>", "job": "j", "inst": "a"}),
            Annotations(),
            _START,
            None,
            "http://p/graph?g0.expr=up",
        ),
        NotifiedAlert(
            Labels({"alertname": "A", "zz": "1", "job": "j", "inst": "b"}),
            Annotations(),
            _START,
            _START + timedelta(hours=1),
            "http://p/2",
        ),
    ),
    at=_START + timedelta(hours=2),
)
ANNOTATIONS = ({"summary": "s1", "z": "q"}, {"summary": "s1"})
DATA: NotificationData = notification_data(NOTIFICATION, ANNOTATIONS, "http://am.example/")

EQUAL = [
    "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}",
    "{{ .CommonLabels.SortedPairs | len }} {{ .CommonLabels.Names }} {{ .CommonLabels.Values }}",
    "{{ .CommonLabels.SortedPairs.Names }} {{ .CommonAnnotations.SortedPairs.Values }}",
    "{{ range .CommonLabels.SortedPairs }}{{ . }}{{ .Name }}={{ .Value }};{{ end }}",
    "{{ range $k, $v := .CommonLabels }}{{ $k }}={{ $v }};{{ end }}{{ .GroupLabels.missing }}|{{ .CommonAnnotations.summary }}",
    '{{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Names }}{{ end }}{{ (.GroupLabels.Remove (stringSlice "zz")).Names }}',
    '{{ .GroupLabels.SortedPairs.Values | join " " }} {{ join "," (index .Alerts 0).Labels.Values }} {{ join "," nil }}|',
    "{{ (index .Alerts 0).StartsAt }} {{ (index .Alerts 0).EndsAt }} {{ (index .Alerts 1).EndsAt }}",
    '{{ (index .Alerts 0).StartsAt.Format "15:04" }} {{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 0).StartsAt.Unix }}',
    '{{ printf "%T %T %T %T %T" .GroupLabels .Alerts (index .Alerts 0) .GroupLabels.SortedPairs .Alerts.Firing }}',
    "{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }} {{ gt (len .Alerts.Firing) 0 }}",
    "{{ range .Alerts }}{{ .Status }} {{ .Labels.inst }} {{ .Annotations.summary }} {{ .GeneratorURL }} {{ .Fingerprint }}\n{{ end }}",
    "{{ range .Alerts.Firing }}{{ .Labels.inst }}{{ end }}{{ range .Alerts.Resolved }}{{ .Labels.inst }}{{ end }}",
    '{{ toUpper "é" }} {{ toLower "ÀB" }} {{ match "a+" "caat" }} {{ reReplaceAll "a(b)" "[$1]" "abc" }} {{ stringSlice "a" "b" }}',
    "{{ title \"foo.bar foo:bar foo-bar foo_bar it's 3rd x2y éa o'clock A.B ab/cd NASA foo’s 'q' a1b2 1ab ß x..y\" }}",
    "{{ safeHtml `<b>` }} {{ .Receiver | urlquery }} {{ html `<` }}",
    '{{ define "x" }}{{ .Status }}{{ end }}{{ template "x" . }}',
    "{{ $a := index .Alerts 0 }}{{ $a.EndsAt.Sub $a.StartsAt }} {{ (index .Alerts 1).EndsAt.Sub $a.StartsAt }}",
]
FAILING = [
    "{{ .Foo }}",
    '{{ join "," .Alerts }}',
    "{{ .Alerts.Firing.Foo }}",
    '{{ .CommonLabels.Remove "x" }}',
    "{{ .GroupLabels.SortedPairs.Foo }}",
    "{{ .GroupLabels.Names 1 }}",
    "{{ (index .Alerts 5).Labels }}",
    "{{ stringSlice 1 }}",
    "{{ range .Alerts }}{{ .Labels.nope.x }}{{ end }}",
    '{{ template "nope" . }}',
    "{{ .Status | nope }}",
    "{{ if }}",
    "{{ (index .Alerts 0).Foo }}",
    "{{ (index .Alerts 0).StartsAt.Foo }}",
    '{{ match "(" "x" }}',
    '{{ reReplaceAll "(" "" "x" }}',
]
DEFAULTS = [
    '[{{ template "__subject" . }}]',
    '[{{ template "__text_alert_list" .Alerts }}]',
    '{{ template "__alertmanagerURL" . }}',
    '{{ template "slack.default.title" . }}|{{ template "slack.default.fallback" . }}|{{ template "slack.default.titlelink" . }}',
    '{{ template "slack.default.text" . }}|{{ template "slack.default.pretext" . }}|{{ template "slack.default.footer" . }}|',
    '{{ template "slack.default.callbackid" .}}|{{ template "slack.default.iconurl" .}}|{{ template "slack.default.iconemoji" .}}|',
    '{{ template "pagerduty.default.description" . }}|{{ template "pagerduty.default.clientURL" . }}|{{ template "pagerduty.default.instances" .Alerts }}|',
    '{{ template "opsgenie.default.message" . }}|{{ template "opsgenie.default.description" . }}|{{ template "opsgenie.default.source" . }}|',
    '{{ template "victorops.default.entity_display_name" . }}|{{ template "victorops.default.state_message" . }}|',
    '{{ template "pushover.default.title" . }}|{{ template "pushover.default.message" . }}|{{ template "pushover.default.url" . }}|',
    '{{ template "sns.default.subject" . }}|{{ template "sns.default.message" . }}|',
    '{{ template "wechat.default.message" . }}|{{ template "telegram.default.message" . }}|{{ template "webex.default.message" . }}|',
    '{{ template "discord.default.title" . }}|{{ template "discord.default.message" . }}|',
]


def _document() -> dict[str, object]:
    def alert(told: NotifiedAlert, annotations: dict[str, str]) -> dict[str, object]:
        return {
            "status": "firing" if told.firing else "resolved",
            "labels": dict(told.labels),
            "annotations": annotations,
            "startsAt": rfc3339(told.starts_at),
            "endsAt": rfc3339(told.ends_at),
            "generatorURL": told.generator_url,
            "fingerprint": told.labels.fingerprint,
        }

    return {
        "receiver": "team\\.x\\+y",
        "status": "firing",
        "alerts": [alert(told, texts) for told, texts in zip(NOTIFICATION.alerts, ANNOTATIONS, strict=True)],
        "groupLabels": {"alertname": "A", "zz": "1"},
        "commonLabels": {"alertname": "A", "zz": "1", "job": "j"},
        "commonAnnotations": {"summary": "s1"},
        "externalURL": "http://am.example",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data and an empty template file lie."""
    folder = tmp_path_factory.mktemp("amtool")
    (folder / "data.json").write_text(json.dumps(_document()))
    (folder / "empty.tmpl").write_text("")
    return folder


def _amtool(folder: Path, text: str, glob: str) -> str:
    command = [
        "amtool",
        "template",
        "render",
        f"--template.glob={glob}",
        "--template.data=data.json",
        f"--template.text={text}",
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.stdout if run.returncode == 0 else run.stderr.strip().removeprefix("amtool: error: ")


def _as_go(error: TemplateError) -> str:
    if not error.at:
        return f"template: :{error.line}: {error.message}"
    return f'template: :{error.line}:{error.byte}: executing "{error.template}" at <{error.at}>: {error.message}'


def test_texts_come_out_as_from_alertmanager(folder: Path) -> None:
    """Data, methods, functions and the printing of Alertmanager's types."""
    theirs = _amtool(folder, _BETWEEN.join(EQUAL), "empty.tmpl").split(_BETWEEN)
    texts = NotificationTexts()
    assert [texts.render(text, DATA) for text in EQUAL] == theirs


@pytest.mark.parametrize("text", FAILING)
def test_failures_read_as_from_alertmanager(text: str, folder: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        NotificationTexts().render(text, DATA)
    assert _as_go(caught.value) == _amtool(folder, text, "empty.tmpl")


@pytest.mark.skipif(not _PACKAGED.exists(), reason="Alertmanager's default templates are not installed")
def test_the_packaged_templates_say_what_alertmanagers_say(folder: Path) -> None:
    """Intended difference: `__alertmanager`, the product's name, which is also Slack's user name."""
    theirs = _amtool(folder, _BETWEEN.join(DEFAULTS), str(_PACKAGED)).split(_BETWEEN)
    texts = NotificationTexts()
    assert [texts.render(text, DATA) for text in DEFAULTS] == theirs
