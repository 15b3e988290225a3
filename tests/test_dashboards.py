"""Dashboards, and the rule packs about the evaluator itself: Grafana's shape, and metrics that the evaluator exports."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser
import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKS = sorted(path for pack in ("demo", "evaluator") for path in (ROOT / "rules" / pack).glob("*.rules.yml"))
PACK_TESTS = [path.with_name(path.name.replace(".rules.", ".test.")) for path in PACKS]
DASHBOARDS = sorted((ROOT / "dashboards").glob("*.json"))

GROUP = {"rule_group"}
METRICS: dict[str, set[str]] = {
    # Prometheus' own names and labels, so that dashboards and rules written for its ruler work on the evaluator.
    "prometheus_config_last_reload_success_timestamp_seconds": set(),
    "prometheus_config_last_reload_successful": set(),
    "prometheus_rule_evaluation_failures_total": GROUP,
    "prometheus_rule_evaluations_total": GROUP,
    "prometheus_rule_group_interval_seconds": GROUP,
    "prometheus_rule_group_iterations_missed_total": GROUP,
    "prometheus_rule_group_iterations_total": GROUP,
    "prometheus_rule_group_last_duration_seconds": GROUP,
    "prometheus_rule_group_last_evaluation_samples": GROUP,
    "prometheus_rule_group_last_evaluation_timestamp_seconds": GROUP,
    "prometheus_rule_group_rules": GROUP,
    "prometheus_notifications_latency_seconds_count": {"alertmanager"},
    "prometheus_notifications_latency_seconds_sum": {"alertmanager"},
    "prometheus_notifications_queue_capacity": set(),
    "prometheus_rule_group_duration_seconds": {"quantile"},
    "prometheus_rule_group_duration_seconds_count": set(),
    "prometheus_rule_group_duration_seconds_sum": set(),
    "prometheus_rule_group_last_restore_duration_seconds": GROUP,
    "prometheus_template_text_expansions_total": set(),
    # The evaluator's.
    "evaluator_alerts": {"state"},
    "evaluator_build_info": {"version"},
    "evaluator_calendar_readable": {"schedule", "layer"},
    "evaluator_commit_seconds_bucket": {"le"},
    "evaluator_commit_seconds_count": set(),
    "evaluator_commit_seconds_sum": set(),
    "evaluator_coverage_share": {"schedule"},
    "evaluator_datasource_failures_total": {"datasource", "kind"},
    "evaluator_datasource_up": {"datasource"},
    "evaluator_dead_rules": set(),
    "evaluator_escalations_overdue": set(),
    "evaluator_evaluation_lag_seconds": GROUP,
    "evaluator_fatigue_points": {"part"},
    "evaluator_forwarding_dropped_total": {"alertmanager"},
    "evaluator_forwarding_latency_seconds_count": {"alertmanager"},
    "evaluator_forwarding_latency_seconds_sum": {"alertmanager"},
    "evaluator_forwarding_queue_capacity": set(),
    "evaluator_forwarding_queue_length": {"alertmanager"},
    "evaluator_forwarding_sent_total": {"alertmanager"},
    "evaluator_incident_acknowledge_seconds_bucket": {"le"},
    "evaluator_incident_events_total": {"event"},
    "evaluator_incident_figure_incidents": {"figure", "counted"},
    "evaluator_incident_figure_seconds": {"figure", "statistic"},
    "evaluator_incident_resolve_seconds_bucket": {"le"},
    "evaluator_incidents": {"state", "held"},
    "evaluator_interruptions": {"person", "part"},
    "evaluator_limit_refusals_total": {"limit"},
    "evaluator_maintenance_windows": {"state"},
    "evaluator_noise_share": {"kind"},
    "evaluator_notifications_total": {"receiver", "integration", "outcome"},
    "evaluator_oldest_undelivered_notification_seconds": set(),
    "evaluator_outbox_rows": set(),
    "evaluator_outbox_rows_awaiting_turn": set(),
    "evaluator_pages_total": {"way", "outcome"},
    "evaluator_restless_alerts": {"kind"},
    "evaluator_rule_last_duration_seconds": {*GROUP, "rule"},
    "evaluator_rule_last_result_series": {*GROUP, "rule"},
    "evaluator_silences": {"state"},
    "evaluator_storms": set(),
    "evaluator_top_rules_share": set(),
    # Every Python process that prometheus_client speaks for.
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
}
PROMETHEUS_METRICS = {"prometheus_http_requests_total": {"handler", "code"}, "up": set[str]()}
TARGET = {"job", "instance"}


class Use(NamedTuple):
    """An expression and where it stands."""

    place: str
    text: str


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """All panels, those folded into rows too."""
    return [panel for outer in dashboard["panels"] for panel in (outer, *outer.get("panels", ()))]


def dashboard_expressions() -> Iterator[Use]:
    """Every query of every panel, with Grafana's own interval variable filled in."""
    for path in DASHBOARDS:
        for panel in panels(json.loads(path.read_text())):
            for target in panel.get("targets", ()):
                yield Use(f"{path.name}: {panel['title']}", target["expr"].replace("$__rate_interval", "1m"))


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every rule of every pack."""
    for path in PACKS:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from ((path, rule) for rule in group["rules"])


def rule_expressions() -> Iterator[Use]:
    """The expression of every rule."""
    for path, rule in rules():
        yield Use(f"{path.relative_to(ROOT)}: {rule.get('alert') or rule.get('record')}", rule["expr"])


USES = [*dashboard_expressions(), *rule_expressions()]


def selectors(node: Any) -> Iterator[Any]:
    """Every vector selector in a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    children = (getattr(node, name, None) for name in ("lhs", "rhs", "expr", "args", "vector_selector"))
    for child in children:
        for part in child if isinstance(child, list) else [child]:
            if part is not None:
                yield from selectors(part)


def known_metrics() -> dict[str, set[str]]:
    """What may be selected: exported by the evaluator or by the stack's Prometheus, or recorded by a pack."""
    recorded = {rule["record"]: {"handler"} for _, rule in rules() if "record" in rule}
    return METRICS | PROMETHEUS_METRICS | recorded


@pytest.mark.parametrize("use", USES, ids=[use.place for use in USES])
def test_expressions_ask_for_what_is_exported(use: Use) -> None:
    """An expression parses, and names metrics and labels that exist: a panel that is always empty looks like good news."""
    known = known_metrics()
    selected = list(selectors(promql_parser.parse(use.text)))
    assert selected or "vector(" in use.text
    for selector in selected:
        assert selector.name in known
        assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name] | TARGET


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_ask_the_chosen_datasource(path: Path) -> None:
    """A panel and its queries name a datasource variable, never the uid of somebody's Grafana."""
    dashboard = json.loads(path.read_text())
    variables = {f"${{{variable['name']}}}" for variable in dashboard["templating"]["list"] if variable["type"] == "datasource"}
    asked = [panel for panel in panels(dashboard) if panel["type"] != "row"]
    asked += [target for panel in asked for target in panel.get("targets", ())]
    assert {asker["datasource"]["uid"] for asker in asked} <= variables
    assert {asker["datasource"]["type"] for asker in asked} == {"prometheus"}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_dashboards_have_the_shape_that_grafana_reads(path: Path) -> None:
    """Ids differ, panels lie on the grid of 24 columns without overlapping, and each says what it shows."""
    dashboard = json.loads(path.read_text())
    assert dashboard["uid"] == path.stem
    assert dashboard["schemaVersion"] >= 39
    shown = panels(dashboard)
    assert len({panel["id"] for panel in shown}) == len(shown)
    cells = [cell for panel in shown for cell in cells_of(panel["gridPos"])]
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24
    assert all(panel["title"] for panel in shown)


def cells_of(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    """The columns and lines of the grid that a panel covers."""
    for line in range(place["y"], place["y"] + place["h"]):
        yield from ((column, line) for column in range(place["x"], place["x"] + place["w"]))


def test_provisioned_datasources_are_what_dashboards_choose() -> None:
    """The variables' first choices are the uids that the stack provisions."""
    provisioned = yaml.safe_load((ROOT / "dashboards/provisioning/datasources/local.yml").read_text())
    uids = {datasource["uid"] for datasource in provisioned["datasources"]}
    for path in DASHBOARDS:
        variables = json.loads(path.read_text())["templating"]["list"]
        assert {variable["current"]["value"] for variable in variables if variable["type"] == "datasource"} <= uids


def test_alerts_say_how_bad_and_what() -> None:
    """Every alert of a pack has a severity to route by and a summary to read."""
    alerts = [rule for _, rule in rules() if "alert" in rule]
    assert [
        rule["alert"] for rule in alerts if "severity" not in rule["labels"] or not rule["annotations"].get("summary")
    ] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "command", [["check", "rules", *map(str, PACKS)], ["test", "rules", *map(str, PACK_TESTS)]], ids=["check", "test"]
)
def test_packs_pass_promtool(command: list[str]) -> None:
    """Packs are Prometheus' rule files and unit tests, so its own tool must be content with both."""
    judged = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
