"""`evaluator templates`: one text, what a receiver would be told, and Go templates as Jinja2."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.commands import evaluator, in_thread
from tests.local_server import LocalServer, Reply
from tests.service.servers import JSON

CONFIG = """\
templates: ['*.tmpl', '*.j2']
external_url: https://alerts.example.org
route: {receiver: team}
receivers:
  - name: team
    slack_configs:
      - api_url: https://hooks.slack.com/services/T0/B0/hunter2
        channel: '#ops'
        title: '{{ template "mine" . }}'
        text: '{% for alert in alerts %}{{ alert.annotations.summary }};{% endfor %}'
        fields: [{title: '{{ .Status }}', value: '{{ .CommonLabels.alertname }}'}]
  - name: broken
    slack_configs:
      - {api_url: 'https://a/b', text: '{{ (index .Alerts 99).Status }}'}
"""
RULES = """\
# comments stay
groups:
  - name: g
    rules:
      - alert: A  # also here
        expr: up == 0
        labels: {severity: '{{ if gt $value 3.0 }}page{{ else }}ticket{{ end }}'}
        annotations:
          summary: "it's {{ $labels.job }} \\"down\\""
          plain: value {{ $value }} of {{ $labels.job }}
          block: |
            {{ range query "up" }}
            {{ .Labels.instance }}
            {{ end }}
          folded: >-
            {{ $labels.job }}
            is down
          left: >-
            {{ js $labels.job }}
          too: '{{ $labels.job }}{{ println $value }}'
"""
CONVERTED = """\
# comments stay
groups:
  - name: g
    rules:
      - alert: A  # also here
        expr: up == 0
        labels: {severity: '{% if value > 3.0 %}page{% else %}ticket{% endif %}'}
        annotations:
          summary: 'it''s {{ labels.job }} "down"'
          plain: 'value {{ value }} of {{ labels.job }}'
          block: |
            {% for sample in query("up") %}
            {{ sample.labels.instance }}
            {% endfor %}
          folded: >-
            {{ labels.job }} is down
          left: >-
            {{ js $labels.job }}
          too: '{{ $labels.job }}{{ println $value }}'
"""

CURVES = """
route: {receiver: team}
receivers:
  - name: team
    msteamsv2_configs:
      - {webhook_url: https://hooks.example.org/1}
      - {webhook_url: https://hooks.example.org/2, text: '{{ .Status }}'}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "a.tmpl").write_text('{{ define "mine" }}{{ template "theirs" . }}!{{ end }}')
    (tmp_path / "theirs.j2").write_text("{{ status | upper }}")
    path = tmp_path / "evaluator.yml"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["{{ $labels.job }} {{ $value | humanize }}", "--label", "job=api", "--value", "1234567"], "api 1.235M"),
        (["{{ labels.job | title }}", "--label", "job=api"], "Api"),
        (['{{ template "slack.default.title" . }}'], "[FIRING:2] HighErrorRate web (checkout critical)"),
        (["{{ status }}: {{ alerts.firing | length }}"], "firing: 2"),
        (["{{ .Status }}", "--kind", "alertmanager"], "firing"),
        (["<b>{{ .Status }}{{ `<` }}</b>", "--html"], "<b>firing&lt;</b>"),
        (["{{ .Value }}", "--kind", "prometheus", "--value", "0.5"], "0.5"),
    ],
)
def test_eval(arguments: list[str], expected: str) -> None:
    ended = evaluator("templates", "eval", *arguments)
    assert (ended.code, ended.out, ended.err) == (0, expected + "\n", "")


def test_eval_with_a_notification_and_a_configuration(config: str, tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    path.write_text(json.dumps([{"labels": {"alertname": "Down"}, "endsAt": "2020-01-01T00:00:00Z"}]))
    ended = evaluator("templates", "eval", '{{ template "mine" . }}', "--config", config, "--data", str(path), "--json")
    assert json.loads(ended.out) == {"kind": "go", "text": "RESOLVED!"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["{{ $labels.job"], "the template fails at 1:15: unclosed action"),
        (["{{ query `up` | first }}"], "the template asks a server 'up', and there is none here"),
        (["{{ .Status }}", "--kind", "jinja"], "this is a Go template, not Jinja2"),
        (["x", "--label", "job"], "--label 'job' is not NAME=VALUE"),
        (["x", "--data", "nowhere.json"], "nowhere.json cannot be read"),
    ],
)
def test_eval_says_what_is_wrong(arguments: list[str], complaint: str) -> None:
    ended = evaluator("templates", "eval", *arguments)
    assert ended.code == 1
    assert complaint in ended.err


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("[", "is no notification"),
        ("[]", "it holds no alert"),
        ('[{"labels": []}]', 'an alert is an object with "labels"'),
        ('[{"labels": {"a": 1}}]', '"labels" is an object of texts'),
        ('[{"labels": {"a": "b"}, "startsAt": "soon"}]', "\"startsAt\": 'soon' is not a time"),
    ],
)
def test_what_is_no_notification_is_named(document: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    path.write_text(document)
    ended = evaluator("templates", "eval", "{{ .Status }}", "--data", str(path))
    assert ended.code == 1
    assert complaint in ended.err


def test_render_shows_each_text_and_the_exact_request(config: str) -> None:
    """Secrets hidden; what the configuration's templates say of the example."""
    ended = evaluator("templates", "render", "team", "--config", config, "--json")
    (shown,) = json.loads(ended.out)
    assert (ended.code, shown["integration"], shown["failed"]) == (0, "team/slack[0]", {})
    assert shown["texts"]["title"] == "FIRING!"
    assert shown["texts"]["text"].startswith("Requests fail on web-1:8080;")
    assert shown["texts"]["fields[0].value"] == "HighErrorRate"
    assert shown["request"].startswith("POST <secret>\n")
    assert '"title":"FIRING!"' in shown["request"]
    assert "hunter2" not in ended.out


def test_a_curve_is_made_up_where_a_text_shows_one(tmp_path: Path) -> None:
    """For the example of `render` and for a test notification; a receiver that shows none gets none."""
    path = tmp_path / "evaluator.yml"
    path.write_text(CURVES)
    for command in (("templates", "render", "team"), ("send-test", "team", "--dry-run")):
        said, silent = evaluator(*command, "--config", str(path)).out.split("# team/msteamsv2[1]")
        assert "▁▁▁▂" in said
        assert "data:image/png;base64," in said
        assert "data:image/png;base64," not in silent


def test_render_for_people(config: str) -> None:
    ended = evaluator("templates", "render", "team", "--config", config, "--resolved")
    assert ended.out.startswith("# team/slack[0]\n")
    assert "title: RESOLVED!\n" in ended.out


def test_render_names_texts_that_fail(config: str) -> None:
    ended = evaluator("templates", "render", "broken", "--config", config)
    assert ended.code == 1
    assert "broken/slack[0] text: 1:5: at <index .Alerts 99> error calling index: index out of range: 99" in ended.err
    assert "A template of this receiver failed" in ended.out


async def test_render_what_fires_now(config: str) -> None:
    """An alert whose end is ahead fires."""
    found = [{"labels": {"alertname": "Down"}, "annotations": {"summary": "s"}, "endsAt": "2999-01-01T00:00:00Z", "status": {}}]
    async with LocalServer(Reply(headers=JSON, body=json.dumps(found).encode())) as server:
        arguments = ("templates", "render", "team", "--config", config, "--url", server.url, "--live", "Down", "--json")
        ended = await in_thread(*arguments)
        assert server.requests[0].target == "/api/v2/alerts?filter=alertname%3D%22Down%22"
    assert json.loads(ended.out)[0]["texts"]["text"] == "s;"


LIVE = """
external_url: http://e
datasources: [{{name: main, url: '{url}'}}]
rule_files: [a.rules.yml]
route: {{receiver: team}}
receivers:
  - name: team
    msteamsv2_configs: [{{webhook_url: https://hooks.example.org/1}}]
    twilio_configs: [{{account_sid: AC1, auth_token: t, from: '+1', to: ['+2']}}]
"""


@pytest.mark.parametrize(
    ("answered", "curves"), [(True, "as the datasource has them"), (False, "1 of 1 left out; ten are asked")]
)
async def test_render_asks_for_the_curves_of_what_fires_now(answered: bool, curves: str, tmp_path: Path) -> None:
    """And says so when there are none; a short message shows the threshold, for which nobody has to be asked."""
    rule = "{alert: Slow, expr: latency > 0.5, labels: {severity: page}}"
    (tmp_path / "a.rules.yml").write_text(f"groups: [{{name: g, rules: [{rule}]}}]")
    labels = {"alertname": "Slow", "instance": "a", "severity": "page"}
    found = [{"labels": labels, "generatorURL": "http://e/graph?g0.expr=latency+%3E+0.5&g0.tab=1"}]
    now = time.time()
    series = {"metric": {"__name__": "latency", "instance": "a"}, "values": [[now - 60, "0.1"], [now, "0.7"]]}
    matrix = {"status": "success", "data": {"resultType": "matrix", "result": [series]}}
    answer = Reply(headers=JSON, body=json.dumps(matrix).encode()) if answered else Reply(500)
    async with LocalServer(Reply(headers=JSON, body=json.dumps(found).encode())) as api, LocalServer(answer) as datasource:
        path = tmp_path / "evaluator.yml"
        path.write_text(LIVE.format(url=datasource.url))
        ended = await in_thread(
            "templates", "render", "team", "--config", str(path), "--url", api.url, "--live", "Slow", "--json"
        )
        assert len(datasource.requests) == 1
    teams, sms = json.loads(ended.out)
    assert teams["curves"].startswith(curves)
    assert ("0.1 to 0.7, from" in teams["texts"]["text"]) is answered
    assert sms["curves"] == ""


def test_render_of_alerts_of_strangers_says_that_they_have_no_curves(tmp_path: Path) -> None:
    (tmp_path / "evaluator.yml").write_text(CURVES)
    (tmp_path / "alerts.json").write_text('[{"labels": {"alertname": "A"}}]')
    arguments = ("--config", str(tmp_path / "evaluator.yml"), "--alert", str(tmp_path / "alerts.json"))
    assert "curves: none, for no alert is of a rule" in evaluator("templates", "render", "team", *arguments).out


def test_convert_rules(tmp_path: Path) -> None:
    """Comments and the way in which texts are written stay; what could not be converted stays too, and is named."""
    path = tmp_path / "a.rules.yml"
    path.write_text(RULES)
    ended = evaluator("templates", "convert", str(path))
    assert (ended.code, ended.out) == (1, CONVERTED)
    assert ended.err == (
        f"{path}:18:17: js has no counterpart in Jinja2\n"
        f"{path}:20:37: println has no counterpart in Jinja2\n"
        f"{path}: 5 texts converted, 2 left as they are\n"
    )


def test_convert_a_configuration(config: str, tmp_path: Path) -> None:
    ended = evaluator(
        "templates", "convert", config, "--templates", str(tmp_path / "a.tmpl"), "--templates", str(tmp_path / "theirs.j2")
    )
    assert "title: '{{ template(\"mine\") }}'" in ended.out
    assert "{title: '{{ status }}', value: '{{ common_labels.alertname }}'}" in ended.out
    assert (ended.code, ended.err) == (0, f"{config}: 4 texts converted, 0 left as they are\n")


def test_convert_templates_into_a_folder(config: str, tmp_path: Path) -> None:
    ended = evaluator("templates", "convert", str(tmp_path / "a.tmpl"), "--into", str(tmp_path / "out"))
    assert ended.code == 0
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {"mine.j2": '{{ template("theirs") }}!'}


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.tmpl", "{{ if }}", "missing value for if"),
        ("a.tmpl", "nothing", "defines no template"),
        ("a.yml", "a: [", "is not YAML"),
    ],
)
def test_convert_says_what_is_wrong(name: str, text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    ended = evaluator("templates", "convert", str(tmp_path / name))
    assert ended.code == 1
    assert complaint in ended.err
