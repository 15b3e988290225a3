"""The metrics of a whole evaluator, and of timelines that a test makes up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from docs.generate.metrics import Family, families
from evaluator.core.effects import RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.events import Observation, QueryReturned, TimerFired
from evaluator.core.labels import Labels
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource, Receiver, Settings
from evaluator.service.counts import Spans
from evaluator.service.metrics import Metrics
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import Datasource as Answering
from tests.service.servers import Webhook, until, vector

START = datetime(2026, 3, 1, tzinfo=UTC)
RULE = AlertingRule("rule", "A", "up == 0", "up == 0", labels=Labels({"severity": "page", "team": "{{ $labels.team }}"}))


@pytest.mark.parametrize("family", families(), ids=[family.name for family in families()])
def test_every_metric_is_explained_by_a_sentence(family: Family) -> None:
    """A scrape is read one line at a time, and in no order."""
    text = family.help
    assert re.match(r"(How |When |Whether |Always |Seconds )", text)
    assert text.endswith(".")
    assert len(text.split()) >= 5


def test_quantiles_are_of_what_was_seen() -> None:
    spans = Spans()
    assert spans.quantiles((0.5,)) == {}
    for number in range(100):
        spans.add(number / 10)
    assert spans.quantiles((0.01, 0.5, 0.99)) == {0.01: 0.1, 0.5: 5.0, 0.99: 9.9}
    assert spans.count == 100
    assert spans.total == pytest.approx(495)


def test_an_iteration_is_counted_when_its_last_rule_is_answered() -> None:
    """And the last duration stays what it was while the next slot is evaluated."""
    group = RuleGroup("g", "f", timedelta(minutes=1), (RULE,), "main")
    settings = Settings(None, (Datasource("main", "http://localhost"),), (group,), Route("nobody"), (Receiver("nobody", ()),))
    machine = Machine(settings, START)
    metrics = Metrics(lambda: machine, lambda: START)
    for seconds in (2, 4):
        at = next(iter(machine.groups.values())).next_slot
        (query,) = [effect for effect in machine.handle(TimerFired(), at) if isinstance(effect, RunQuery)]
        observed = {Labels({"alertname": "A", "n": str(n)}): Observation(Labels({}), 1.0) for n in range(3)}
        answer = QueryReturned(query.rule, query.slot, observed)
        machine.handle(answer, at + timedelta(seconds=seconds))
        metrics.happened([answer], at + timedelta(seconds=seconds))
    machine.handle(TimerFired(), query.slot + group.interval)
    scraped = metrics.text().decode().splitlines()
    assert "prometheus_rule_group_duration_seconds_count 2.0" in scraped
    assert "prometheus_rule_group_duration_seconds_sum 6.0" in scraped
    assert 'prometheus_rule_group_duration_seconds{quantile="0.01"} 2.0' in scraped
    assert 'prometheus_rule_group_last_duration_seconds{rule_group="f;g"} 4.0' in scraped
    assert "prometheus_template_text_expansions_total 12.0" in scraped  # 2 labels, 3 series, 2 slots


async def test_deliveries_and_the_restore_are_timed(tmp_path: Path) -> None:
    async with Answering() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "A: a, annotations: {summary: hello, at: there}")
        datasource.answers = {"a": vector({"job": "x"})}
        async with living(tmp_path) as evaluator:
            await until(evaluator.accepted)
            metrics = await evaluator.metrics()
    hook = '{alertmanager="hook/webhook[0]"}'
    assert metrics[f"prometheus_notifications_latency_seconds_count{hook}"] == 1
    assert metrics[f"prometheus_notifications_latency_seconds_sum{hook}"] > 0
    assert metrics['prometheus_rule_group_last_restore_duration_seconds{rule_group="rules.yml;g"}'] > 0
    assert metrics["prometheus_notifications_queue_capacity"] == float("inf")
    assert metrics["prometheus_template_text_expansions_total"] >= 2
