"""`/api/v1`: what Grafana and every tool that reads a Prometheus' rules finds here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.service.scene import Living, living, write_config
from tests.service.servers import Datasource, Webhook, refusal, until, vector

pytestmark = pytest.mark.realtime

RULES = """\
groups:
- name: first
  interval: 250ms
  limit: 10
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: up==0
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is at {{ $value }}"}
  - alert: Slow
    expr: latency > 1
    for: 90s
    keep_firing_for: 5m
- name: second
  interval: 250ms
  rules:
  - alert: Broken
    expr: broken
"""


@asynccontextmanager
async def evaluated(folder: Path) -> AsyncIterator[Living]:
    """An evaluator in which Down fires, Slow is pending and Broken cannot be evaluated."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(folder, datasource.url, webhook.url)
        (folder / "rules.yml").write_text(RULES)
        datasource.answers = {
            "up == 0": vector({"__name__": "up", "job": "a"}),
            "latency > 1": vector({"job": "a"}, {"job": "b"}),
            "broken": refusal(422, "execution", "found duplicate series"),
        }
        async with living(folder) as evaluator:
            await until(evaluator.is_ready)
            yield evaluator


async def test_rules(tmp_path: Path) -> None:
    """Groups in the order of their files, rules with their templates, alerts with their texts, errors in the server's words."""
    async with evaluated(tmp_path) as evaluator:
        first, second = (await evaluator.ask("/api/v1/rules")).json()["data"]["groups"]
    shown = {name: first[name] for name in ("name", "file", "interval", "limit")}
    assert shown == {"name": "first", "file": "rules.yml", "interval": 0.25, "limit": 10}
    record, down, slow = first["rules"]
    assert (record["type"], record["name"], record["query"]) == ("recording", "job:up:sum", "sum by (job) (up)")
    assert (down["type"], down["state"], down["health"], down["query"]) == ("alerting", "firing", "ok", "up == 0")
    assert (down["labels"], down["annotations"]) == (
        {"severity": "page"},
        {"summary": "{{ $labels.job }} is at {{ $value }}"},
    )
    assert "lastError" not in down
    (alert,) = down["alerts"]
    assert alert["labels"] == {"alertname": "Down", "job": "a", "severity": "page"}
    assert (alert["annotations"], alert["state"], alert["value"]) == ({"summary": "a is at 1"}, "firing", "1e+00")
    assert (slow["duration"], slow["keepFiringFor"], slow["state"], len(slow["alerts"])) == (90, 300, "pending", 2)
    (broken,) = second["rules"]
    assert (broken["health"], broken["alerts"]) == ("err", [])
    assert "found duplicate series" in broken["lastError"]


FILTERS = {
    "type=alert": ["Down", "Slow", "Broken"],
    "type=record": ["job:up:sum"],
    "rule_name[]=Slow&rule_name[]=Broken": ["Slow", "Broken"],
    "rule_group[]=second": ["Broken"],
    "file[]=rules.yml": ["job:up:sum", "Down", "Slow", "Broken"],
    "file[]=other.yml": [],
}


async def test_filters(tmp_path: Path) -> None:
    """As Prometheus', those that it refuses too; a group of which nothing is left is left out."""
    async with evaluated(tmp_path) as evaluator:
        for query, names in FILTERS.items():
            groups = (await evaluator.ask(f"/api/v1/rules?{query}")).json()["data"]["groups"]
            assert [rule["name"] for group in groups for rule in group["rules"]] == names, query
            assert all(group["rules"] for group in groups)
        bare = (await evaluator.ask("/api/v1/rules?exclude_alerts=true")).json()["data"]["groups"]
        assert all(rule.get("alerts", []) == [] for group in bare for rule in group["rules"])
        refused = await evaluator.ask("/api/v1/rules?type=other")
        assert (refused.status_code, refused.json()["errorType"]) == (400, "bad_data")
        assert (await evaluator.ask("/api/v1/rules?exclude_alerts=perhaps")).status_code == 400


async def test_alerts(tmp_path: Path) -> None:
    """Flat, pending and firing ones of all rules."""
    async with evaluated(tmp_path) as evaluator:
        alerts = (await evaluator.ask("/api/v1/alerts")).json()["data"]["alerts"]
    shown = sorted((alert["labels"]["alertname"], alert["labels"]["job"], alert["state"]) for alert in alerts)
    assert shown == [("Down", "a", "firing"), ("Slow", "a", "pending"), ("Slow", "b", "pending")]


async def test_grafana_learns_what_it_speaks_to(tmp_path: Path) -> None:
    """A version that it knows how to ask."""
    async with evaluated(tmp_path) as evaluator:
        build = (await evaluator.ask("/api/v1/status/buildinfo")).json()
    assert (build["status"], build["data"]["version"]) == ("success", "3.5.0")
