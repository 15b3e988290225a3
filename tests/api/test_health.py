"""Health, readiness and metrics, as load balancers, Kubernetes and a Prometheus see them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from evaluator.service.delivery_families import OUTCOMES
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector
from tests.test_dashboards import METRICS

pytestmark = pytest.mark.realtime

OF_LADDERS = (
    "evaluator_calendar_readable",
    "evaluator_coverage_share",
    "evaluator_dead_rules",
    "evaluator_fatigue_points",
    "evaluator_incident_figure_incidents",
    "evaluator_incident_figure_seconds",
    "evaluator_interruptions",
    "evaluator_noise_share",
    "evaluator_pages_total",
    "evaluator_restless_alerts",
    "evaluator_top_rules_share",
)
"""There where somebody is called; see `tests/service/test_incident_metrics.py`."""
RECEIVERS = """\
  - name: spare
    webhook_configs: [{url: "http://127.0.0.1:1/"}, {url: "http://127.0.0.1:1/"}]
    console_configs: [{}]
"""


async def test_ready_once_every_group_was_evaluated(tmp_path: Path) -> None:
    """Until then 503 and which group it waits for; a reload that brings a group does not take readiness away."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "A: a")
        datasource.hold()
        async with living(tmp_path) as evaluator:
            await datasource.held.wait()
            waiting = await evaluator.ask("/-/ready")
            assert waiting.status_code == 503
            assert "1 of 1 rule groups have not been evaluated yet, rules.yml;g first" in waiting.text
            assert (await evaluator.ask("/-/healthy")).status_code == 200
            datasource.release()
            ready = await until(evaluator.is_ready)
            assert ready.text == "The evaluator is ready.\n"
            write_rules(tmp_path, "A: a", "B: b", interval="1h")
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            assert (await evaluator.ask("/-/ready")).status_code == 200


async def test_metrics_that_dashboards_ask_for_are_exported(tmp_path: Path) -> None:
    """Every name of the dashboards and rule packs, with its labels, in a text that Prometheus' own parser reads."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, more='alertmanagers: [{url: "http://127.0.0.1:1"}]\n')
        write_rules(tmp_path, "A: a")
        datasource.answers = {"a": vector({"job": "x"})}
        async with living(tmp_path) as evaluator:
            await until(evaluator.accepted)
            scraped = await evaluator.ask("/metrics")
        assert scraped.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = text_string_to_metric_families(scraped.text)
        samples = [sample for family in families for sample in family.samples]
        exported = {sample.name: set(sample.labels) for sample in samples}
        wanted = {name: labels for name, labels in METRICS.items() if name not in OF_LADDERS}
        assert {name: exported.get(name) for name in wanted} == wanted
        by_name = {sample.name: sample for sample in samples}
        assert by_name["evaluator_rule_last_result_series"].value == 1
        assert by_name["prometheus_rule_group_interval_seconds"].labels == {"rule_group": "rules.yml;g"}
        assert by_name["prometheus_notifications_sent_total"].labels == {"alertmanager": "hook/webhook[0]"}


async def test_counters_are_there_before_anything_is_counted(tmp_path: Path) -> None:
    """Every integration with every outcome, and every class of failure of every datasource, starts at zero."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, more=RECEIVERS)
        write_rules(tmp_path, "A: a", interval="1h")
        async with living(tmp_path) as evaluator:
            metrics = await evaluator.metrics()
        attempts = [name for name in metrics if name.startswith("evaluator_notifications_total")]
        assert len(attempts) == 4 * 3
        assert all(sum(f'outcome="{outcome}"' in name for name in attempts) == 4 for outcome in OUTCOMES)
        failures = [name for name in metrics if name.startswith("evaluator_datasource_failures_total")]
        assert len(failures) == 7
        assert {metrics[name] for name in (*attempts, *failures)} == {0.0}
