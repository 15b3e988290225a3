"""Files as teams have them: they load as they are, and mean what they meant."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load, load_rules
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.labels import Labels
from evaluator.core.settings import (
    Authorization,
    BasicAuth,
    Datasource,
    DatasourceKind,
    Heartbeat,
    HttpSettings,
    Receiver,
    Secret,
    Settings,
    TlsSettings,
    WebhookSettings,
)

GOOD = Path(__file__).parent / "good"
RULE_FILES = sorted(path.name for path in GOOD.glob("*.rules.yml"))
TOKEN = {"FLY_API_TOKEN": "FlyV1 fm2_abc"}


def settings(name: str) -> tuple[Settings, list[str]]:
    loaded = load(GOOD / name, environ=TOKEN)
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings, [problem.message for problem in loaded.problems]


@pytest.mark.parametrize("name", RULE_FILES)
def test_rule_files_of_the_field_have_no_problems(name: str) -> None:
    groups, problems = load_rules([name], base=GOOD)
    assert problems == ()
    assert all(group.rules for group in groups)


def test_an_ordinary_alertmanager_file_loads_with_one_warning_for_each_thing_that_is_to_come() -> None:
    """Nothing that was written is dropped without a word, and nothing is said twice."""
    _, warnings = settings("alertmanager.yml")
    assert Counter(warnings) == Counter(
        [
            'no file matches "templates/*.tmpl"',
            '"tracing" is not acted on by this version',
        ]
    )


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({}, ["slack"]),
        ({"service": "foo1"}, ["team-X-mails"]),
        ({"service": "foo1", "severity": "critical"}, ["team-X-pager"]),
        ({"service": "files", "severity": "critical"}, ["team-Y-pager", "slack"]),
        ({"service": "database", "owner": "team-X"}, ["team-X-pager"]),
        ({"service": "database", "owner": "team-A"}, ["slack"]),
    ],
)
def test_alerts_find_their_way_as_in_alertmanager(labels: dict[str, str], receivers: list[str]) -> None:
    found, _ = settings("alertmanager.yml")
    assert [route.receiver for route in found.route.match(Labels(labels))] == receivers


def test_webhooks_of_the_alertmanager_file() -> None:
    found, _ = settings("alertmanager.yml")
    proxied = HttpSettings(proxy_url=Secret("http://proxy.example.org:3128"), no_proxy="localhost")
    first, second = (integration.settings for integration in found.receiver("team-DB-pager").integrations)
    assert first == WebhookSettings(
        Secret("https://bridge.example.org/hook"),
        HttpSettings(
            authorization=Authorization("Bearer", Secret(path=Path("/run/secrets/bridge"))),
            tls=TlsSettings(ca_file=GOOD / "ca.pem"),
        ),
        max_alerts=20,
        timeout=timedelta(seconds=90),
    )
    assert second == WebhookSettings(Secret(path=GOOD / "hooks" / "second"), proxied)
    assert found.receiver("blackhole") == Receiver("blackhole", labels=Labels({"name": "blackhole"}))


def test_a_configuration_with_everything_of_our_own() -> None:
    found, warnings = settings("evaluator.yml")
    assert warnings == []
    assert found.datasources == (
        Datasource(
            "fly",
            "https://api.fly.io/prometheus/my-org",
            DatasourceKind.VICTORIAMETRICS,
            HttpSettings(authorization=Authorization("FlyV1", Secret("fm2_abc"))),
            query_offset=timedelta(seconds=45),
            timeout=timedelta(seconds=5),
            max_concurrency=4,
            sentinel="count(fly_instance_up)",
        ),
        Datasource(
            "cluster",
            "https://prometheus.example.org/prefix",
            http=HttpSettings(
                basic_auth=BasicAuth("evaluator", Secret(path=GOOD / "secrets" / "prometheus")),
                headers=(
                    ("X-Scope-OrgID", Secret("team-a")),
                    ("X-Trace", Secret("a")),
                    ("X-Trace", Secret("b")),
                    ("X-Trace", Secret(path=GOOD / "secrets" / "trace")),
                ),
                tls=TlsSettings(ca_file=GOOD / "ca.pem"),
            ),
        ),
    )
    assert {group.file for group in found.groups} == set(RULE_FILES)
    assert {(group.datasource, group.interval >= timedelta(seconds=15)) for group in found.groups} == {("fly", True)}
    assert found.external_labels == Labels({"cluster": "eu-1", "replica": "0"})
    assert found.storage == f"sqlite:///{GOOD}/state/evaluator.db"
    assert found.heartbeat == Heartbeat(Secret("https://hc-ping.example.org/abc"), timedelta(minutes=1))
    assert found.listen == ("0.0.0.0", 9093)


def test_labels_of_the_field() -> None:
    """Merge keys, numbers, sexagesimals, booleans and nulls, in one rule file."""
    groups, _ = load_rules(["node-exporter.rules.yml"], base=GOOD)
    rules = {rule.name: rule for group in groups for rule in group.rules}
    assert rules["NodeHighNumberConntrackEntriesUsed"].labels == {"team": "platform", "severity": "2"}
    saturated = rules["NodeSaturated"]
    assert saturated.labels == {"team": "platform", "severity": "warning", "started": "17:00", "enabled": "yes", "empty": ""}
    assert isinstance(saturated, AlertingRule)
    assert "node_cpu_seconds_total" in saturated.query
    assert saturated.expr == "instance:node_load1_per_cpu:ratio > 2"


def test_recordings_reach_through_each_other() -> None:
    """The daily burn rate is an average of the one over five minutes, which is recorded in the same group."""
    groups, _ = load_rules(["kubernetes.rules.yml"], base=GOOD)
    alerts = [rule for group in groups for rule in group.rules if rule.name == "KubeAPIErrorBudgetBurn"]
    assert len({rule.key for rule in alerts}) == 2
    assert all("apiserver_request_total" in rule.query for rule in alerts)


@pytest.mark.realtime
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_accepts_what_is_good_and_refuses_what_is_bad() -> None:
    """The same files through promtool. What it lets pass is listed by name, with the reason."""
    newer = {"fly.rules.yml", "node-exporter.rules.yml"}  # query_offset, group labels, reReplaceAll: after promtool 2.42
    ours = {
        "rules-alerts-series",  # only a ruler that cannot write has to refuse ALERTS
        "rules-record-cycle",  # Prometheus evaluates circles, each rule with what the other recorded last
        "rules-rule-null",  # an item without anything in it is skipped there
        "rules-limit-hexadecimal",  # a YAML 1.1 number there
    }
    good = [GOOD / name for name in RULE_FILES if name not in newer]
    bad = [path for path in (GOOD.parent / "bad").glob("rules-*.yml") if path.stem not in ours]
    accepted = _accepted([*good, *bad])
    assert [path.name for path in good if path not in accepted] == []
    assert [path.name for path in bad if path in accepted] == []


def _accepted(paths: list[Path]) -> set[Path]:
    command = ["promtool", "check", "rules", "--lint=none", *paths]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    parts = said.split("Checking ")[1:]
    assert len(parts) == len(paths)
    return {path for path, part in zip(paths, parts, strict=True) if "SUCCESS" in part}


def test_a_token_that_is_not_set_is_one_mistake() -> None:
    """Nothing is said of the authorization that is now without its credentials."""
    (problem,) = load(GOOD / "evaluator.yml", environ={}).problems
    assert problem.message == "environment variable FLY_API_TOKEN is not set"
