"""Messages that show how a value went on: whom the datasource is asked for, when, and what becomes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from evaluator.core.evaluation.curves import Threshold
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.http import Secret
from evaluator.core.labels import Labels
from evaluator.core.notifying.storms import STORM
from evaluator.core.posted.forwarding import generator_url
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.records import Annotations, Notification, NotifiedAlert, OutboxRecord
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource as Source
from evaluator.core.settings import Settings, SlackSettings
from evaluator.promql.drawing import narrowed
from evaluator.service.looking_back import STEPS, LookingBack, span_of
from evaluator.templating import NotificationTexts
from tests.local_server import LocalServer, Reply
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import JSON, SILENCE, Datasource, Webhook, until, vector

AT = datetime(2026, 3, 14, 3, 9, 26, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CURVED = "{{ range .Alerts }}{{ .Curve.Blocks }}{{ end }}"
SLOW = AlertingRule("k", "Slow", "latency > 0.5", "latency > 0.5", MINUTE, labels=Labels({"severity": "page", "x": "{{ 1 }}"}))


def settings(url: str, text: str = CURVED, *rules: AlertingRule) -> Settings:
    receiver = Receiver("ops", (Integration("slack", 0, True, SlackSettings(Secret("http://s"), text=text)),))
    group = RuleGroup("g", "f", MINUTE, rules or (SLOW,), "main")
    return Settings(None, (Source("main", url),), (group,), Route("ops"), (receiver,), external_url="http://e")


def alert(instance: str = "a", *, over: bool = False, expr: str = SLOW.expr, **labels: str) -> NotifiedAlert:
    series = Labels({"__name__": "latency", "instance": instance})
    named = Labels({"alertname": "Slow", "severity": "page", "instance": instance, **labels})
    return NotifiedAlert(
        named, Annotations(series=series), AT - 20 * MINUTE, AT - MINUTE if over else None, generator_url("http://e", expr)
    )


def row(*alerts: NotifiedAlert, group: str = "g") -> OutboxRecord:
    told = Notification("ops", "ops/slack[0]", "{}", Labels({}), "new", alerts, AT)
    return OutboxRecord("1", group, "ops", "ops/slack[0]", told, AT)


def matrix(**series: list[tuple[float, str]]) -> Reply:
    result = [{"metric": {"__name__": "latency", "instance": name}, "values": values} for name, values in series.items()]
    body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return Reply(headers=JSON, body=json.dumps(body).encode())


async def seen(reply: Reply, told: OutboxRecord, text: str = CURVED, seconds: float = 2.0, *rules: AlertingRule) -> Any:
    """The curves by instance, and the forms that were asked with."""
    async with LocalServer(reply) as server:
        looking = LookingBack(settings(server.url, text, *rules), NotificationTexts, seconds)
        try:
            found = await looking.seen(told)
        finally:
            await looking.aclose()
        forms = [{name: value[0] for name, value in parse_qs(one.body.decode()).items()} for one in server.requests]
        return {one.labels.get("instance", ""): one.curve for one in found.notification.alerts}, forms


async def test_alerts_of_a_rule_are_asked_for_together_and_each_gets_its_own() -> None:
    newest = AT.timestamp()
    reply = matrix(a=[(newest - 60, "0.4"), (newest, "0.7")], b=[(newest, "0.6")], c=[(newest, "9")])
    curves, forms = await seen(reply, row(alert("a"), alert("b"), alert("d")))
    assert [curve.points for curve in curves.values()] == [((newest - 60, 0.4), (newest, 0.7)), ((newest, 0.6),), ()]
    assert {curve.threshold for curve in curves.values()} == {Threshold(">", 0.5)}
    (form,) = forms
    assert form["query"].startswith("(latency) and on (instance) (label_replace(")
    assert float(form["end"]) == newest
    assert (float(form["end"]) - float(form["start"])) / float(form["step"]) == STEPS


@pytest.mark.parametrize("reply", [SILENCE, Reply(500), matrix()])
async def test_without_an_answer_in_time_the_threshold_is_known(reply: Reply) -> None:
    curves, forms = await seen(reply, row(alert("a")), seconds=0.05)
    assert curves["a"].threshold == Threshold(">", 0.5)
    assert curves["a"].points == ()
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (row(alert("a")), "{{ range .Alerts }}{{ .Value }}{{ end }}"),
        (row(alert("a")), "{{ broken"),
        (row(alert("a"), group=STORM), CURVED),
        (row(alert("a", expr="other > 1")), CURVED),
        (row(replace(alert("a"), generator_url="")), CURVED),
        (row(alert("a", severity="ticket")), CURVED),
    ],
    ids=["no text shows it", "no text", "a storm", "the rule is gone", "somebody posted it", "another rule of that name"],
)
async def test_nobody_is_asked_for_what_nobody_shows(told: OutboxRecord, text: str) -> None:
    curves, forms = await seen(matrix(), told, text)
    assert (curves, forms) == ({"a": None}, [])


async def test_jinja_and_templates_of_templates_show_it_too() -> None:
    for text in ("{% for a in alerts %}{{ a.curve.blocks }}{% endfor %}", '{{ template("readable.text") }}'):
        _, forms = await seen(matrix(), row(alert("a")), text)
        assert len(forms) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ range .Alerts }}{{ .Curve.Op }} {{ .Curve.Threshold }}{{ .Curve.AtFiring }}{{ end }}",
        "{% for a in alerts %}{{ a.curve.threshold }} {{ a.curve.at_firing }}{% endfor %}",
        '{{ template "readable.short" . }}',
    ],
)
async def test_what_a_rule_compares_with_is_known_without_asking(text: str) -> None:
    curves, forms = await seen(matrix(), row(alert("a")), text)
    assert (curves["a"].threshold, forms) == (Threshold(">", 0.5), [])


@pytest.mark.parametrize(
    "text",
    [
        "{{ range .Alerts }}{{ with .Curve }}{{ .Threshold }}{{ end }}{{ end }}",
        "{% for a in alerts %}{% set c = a.curve %}{{ c.blocks }}{% endfor %}",
        "{{ range .Alerts }}{{ .Curve.Threshold }}{{ .Curve.AtEnd }}{{ end }}",
    ],
)
async def test_who_speaks_of_the_whole_curve_may_mean_all_of_it(text: str) -> None:
    _, forms = await seen(matrix(), row(alert("a")), text)
    assert len(forms) == 1


async def test_an_alert_that_was_read_from_somewhere_is_of_the_series_whose_labels_its_rule_does_not_give() -> None:
    told = alert("a")
    reply = matrix(a=[(AT.timestamp() - 60, "0.4"), (AT.timestamp(), "0.7")])
    curves, _ = await seen(reply, row(replace(told, labels=Labels({**told.labels, "x": "1"}), annotations=Annotations())))
    assert [value for _, value in curves["a"].points] == [0.4, 0.7]


async def test_rules_of_one_name_are_told_apart_by_the_labels_that_they_give() -> None:
    other = replace(SLOW, key="l", query="faster > 0.5", labels=Labels({"severity": "ticket"}))
    _, forms = await seen(matrix(), row(alert("a", severity="ticket")), CURVED, 2.0, SLOW, other)
    assert forms[0]["query"].startswith("(faster) and on")


async def test_a_reload_follows_rules_and_texts() -> None:
    async with LocalServer(matrix()) as server:
        before, after = settings(server.url, "nothing"), settings(server.url, CURVED)
        looking = LookingBack(before, NotificationTexts)
        try:
            assert (await looking.seen(row(alert("a")))) == row(alert("a"))
            await looking.reload(after, NotificationTexts)
            assert (await looking.seen(row(alert("a")))).notification.alerts[0].curve is not None
        finally:
            await looking.aclose()


@pytest.mark.parametrize(
    ("age", "hold", "over", "minutes"),
    [
        (timedelta(0), 0, False, 15),
        (timedelta(0), 30, False, 60),
        (timedelta(hours=4), 0, False, 300),
        (timedelta(days=9), 0, False, 1440),
        (timedelta(hours=4), 0, True, 300),
    ],
)
def test_a_curve_begins_some_time_before_the_alert_and_ends_with_it(
    age: timedelta, hold: int, over: bool, minutes: int
) -> None:
    end = AT - MINUTE if over else AT
    told = replace(alert("a", over=over), starts_at=end - age)
    span = span_of([(told, hold * MINUTE)], AT)
    assert span.end == end.timestamp()
    assert span.end - span.begin == minutes * 60
    assert _whole(span.step)


def _whole(step: float) -> bool:
    return step == int(step) >= 1


SLACK = """\
  - name: chat
    slack_configs:
      - {{api_url: "{url}", title: 'x', text: '{{{{ template "readable.mrkdwn" . }}}}'}}
"""


@pytest.mark.realtime
async def test_a_running_evaluator_shows_how_the_value_went_on(tmp_path: Path) -> None:
    """And the message goes out, with the threshold, when the datasource is silent about that."""
    async with Datasource() as datasource, Webhook(Reply(body=b"ok")) as chat:
        write_config(tmp_path, datasource.url, chat.url, more=SLACK.format(url=chat.url))
        config = tmp_path / "evaluator.yml"
        config.write_text(config.read_text().replace("receiver: hook", "receiver: chat"))
        write_rules(tmp_path, "Slow: latency > 0.5", "Other: other > 7")
        for name in ("latency > 0.5", "other > 7"):
            datasource.answers[name] = vector({"instance": "a"})
        curve = [(AT.timestamp() * 2, str(step / 10)) for step in range(8)]
        datasource.answers[narrowed("latency", [{"instance": "a"}])[0]] = matrix(a=curve)
        datasource.answers[narrowed("other", [{"instance": "a"}])[0]] = SILENCE
        async with living(tmp_path):
            await until(lambda: len(chat.requests) >= 2)
    shown = "\n".join(json.loads(request.body)["attachments"][0]["text"] for request in chat.requests)
    assert "value 1 &gt; 0.5" in shown
    assert "0 to 0.7, from" in shown
    assert "value 1 &gt; 7" in shown
