"""`alertmanagers` and relabelling: what Prometheus reads is read alike, and every mistake has its place."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.receivers import CONSOLE, FORWARDED
from evaluator.core.http import BasicAuth, Secret
from evaluator.core.posted.relabelling import Action, Relabel
from evaluator.core.settings import Alertmanager, Settings

PASTED = """\
alertmanagers:
  - scheme: https
    path_prefix: /am/
    timeout: 5s
    api_version: v2
    basic_auth: {username: us, password: secret1}
    tls_config: {insecure_skip_verify: true, server_name: am}
    headers: {X-Tenant: a}
    static_configs:
      - targets: ["a:9093", "b:9093", "a:9093"]
        labels: {zone: eu}
      - targets: ["c"]
    relabel_configs:
      - {source_labels: [__address__], regex: b.*, action: drop}
      - {source_labels: [zone], regex: eu, target_label: __scheme__, replacement: http}
    alert_relabel_configs:
      - {regex: replica, action: labeldrop}
  - url: https://single.example.org/prefix/
alert_relabel_configs:
  - {target_label: from, replacement: evaluator}
"""


def written(folder: Path, text: str) -> tuple[Settings | None, list[str]]:
    """The settings of a file, and its problems without the folder."""
    path = folder / "evaluator.yml"
    path.write_text(text)
    loaded = load(path, environ={"SECRET": "secret2"})
    return loaded.settings, [str(problem).removeprefix(f"{path}:") for problem in loaded.problems]


def test_a_pasted_block_is_read_as_prometheus_reads_it(tmp_path: Path) -> None:
    """Targets are relabelled, each is there once, and settings of HTTP stand beside the other keys."""
    settings, problems = written(tmp_path, PASTED)
    assert problems == []
    assert settings is not None
    first, second, third = settings.alertmanagers
    assert [first.url, second.url] == ["http://a:9093/am/api/v2/alerts", "https://c/am/api/v2/alerts"]
    assert third == Alertmanager("https://single.example.org/prefix/api/v2/alerts")
    assert first.timeout == timedelta(seconds=5)
    assert first.http == second.http
    assert first.http.basic_auth == BasicAuth("us", Secret("secret1"))
    assert first.http.headers == (("X-Tenant", Secret("a")),)
    assert first.http.tls.server_name == "am"
    assert first.relabel == (Relabel(Action.LABEL_DROP, regex="replica"),)
    assert settings.alert_relabel == (Relabel(target_label="from", replacement="evaluator"),)


def test_defaults_are_those_of_prometheus(tmp_path: Path) -> None:
    settings, _ = written(tmp_path, "alertmanagers: [{static_configs: [{targets: ['a:9093']}]}]")
    assert settings is not None
    assert settings.alertmanagers == (Alertmanager("http://a:9093/api/v2/alerts"),)
    assert settings.alertmanagers[0].timeout == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("alertmanagers: [{url: http://a}]", FORWARDED),
        ("alertmanagers: [{url: http://a}]\nroute: {group_by: [a]}", CONSOLE),
        ("external_url: http://a", CONSOLE),
    ],
)
def test_who_is_told_where_no_receiver_is_written(tmp_path: Path, text: str, receiver: object) -> None:
    """With Alertmanagers and without a route, nobody: all that is wanted is to forward."""
    settings, _ = written(tmp_path, text)
    assert settings is not None
    assert settings.receivers == (receiver,)
    assert settings.route.receiver == settings.receivers[0].name
    assert f"receiver: {settings.route.receiver}" in settings.original


def test_receivers_of_the_file_count_beside_alertmanagers(tmp_path: Path) -> None:
    text = "alertmanagers: [{url: http://a}]\nroute: {receiver: own}\nreceivers: [{name: own}]"
    settings, problems = written(tmp_path, text)
    assert problems == []
    assert settings is not None
    assert [receiver.name for receiver in settings.receivers] == ["own"]


def test_credentials_of_alertmanagers_are_not_shown(tmp_path: Path) -> None:
    settings, problems = written(tmp_path, "alertmanagers: [{url: http://a, basic_auth: {username: u, password: ${SECRET}}}]")
    assert problems == []
    assert "secret2" not in repr(settings)


HEAD = "alertmanagers:\n  - "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("alertmanagers: a:9093", '1:16: "alertmanagers": expected a list, found a text; start each item with "- "'),
        (HEAD + "a:9093", "2:5: expected a mapping, found a text"),
        (HEAD + "{}", "2:5: an Alertmanager without an address; add url, or static_configs: [{targets: [HOST:PORT]}]"),
        (HEAD + "static_configs: [{targets: []}]", "2:5: an Alertmanager without an address"),
        (HEAD + "static_configs: [{targets: [b, http://a]}]", '2:36: "http://a" is not a valid hostname; write HOST:PORT'),
        (HEAD + "static_configs: [{targets: ['a:x']}]", "2:33: not a valid URL"),
        (HEAD + "static_configs: [{targets: ['u:p@a']}]", "2:33: the URL holds credentials"),
        (HEAD + "static_configs: [{targets: ['http://u:p@a']}]", "2:33: the address is not a valid hostname"),
        (HEAD + "static_configs: [{targts: []}]", '2:23: unknown key "targts" in static_configs; did you mean "targets"?'),
        (HEAD + "url: a:9093", '2:10: "url": unsupported scheme for URL; start it with https:// or http://'),
        (HEAD + "url: http://a/am/api/v2/alerts", '2:10: the url of an Alertmanager ends before /api; write "http://a/am"'),
        (HEAD + "{url: http://a, scheme: https}", "2:21: at most one of url & scheme must be configured; remove one"),
        (HEAD + "{url: http://a, path_prefix: b}", "2:21: at most one of url & path_prefix must be configured"),
        (HEAD + "{url: http://a, static_configs: [{targets: [b]}]}", "2:21: at most one of url & static_configs must"),
        (HEAD + "{url: http://a, timeout: 0s}", "2:30: timeout cannot be zero"),
        (HEAD + "{url: http://a, scheme: ftp}", '2:29: "scheme": must be one of http, https, not "ftp"'),
        (
            HEAD + "{url: http://a, api_version: v1}",
            '2:34: "api_version": expected Alertmanager api version to be one of [v2] but got v1; write v2',
        ),
        (HEAD + "{url: http://a}\n  - url: http://a/", '3:5: the Alertmanager "http://a/api/v2/alerts" is named by another'),
        (
            HEAD + "{url: http://a, dns_sd_configs: []}",
            '2:21: unknown key "dns_sd_configs" in an Alertmanager; Alertmanagers are',
        ),
        (HEAD + "{url: http://a, sigv4: {}}", '2:21: unknown key "sigv4" in an Alertmanager; requests are not signed'),
        (
            HEAD + "{url: http://a, basic_auth: {username: a, password: b}, bearer_token: c}",
            "2:61: at most one of basic_auth, authorization",
        ),
        (HEAD + "{url: http://a, headers: {Host: a}}", '2:37: header "Host" cannot be set'),
        (HEAD + "{url: http://a, relabel_configs: [null]}", "2:39: empty or null Alertmanager target relabeling rule"),
        (HEAD + "{url: http://a, alert_relabel_configs: [~]}", "2:45: empty or null Alertmanager alert relabeling rule"),
        ("alertmanagers: []\nalert_relabel_configs: [null]", "2:25: empty or null alert relabeling rule"),
        (
            "alert_relabel_configs: []",
            "1:1: warning: alert_relabel_configs without alertmanagers have no effect; they change what is forwarded",
        ),
    ],
)
def test_mistakes_of_an_alertmanager(tmp_path: Path, text: str, problem: str) -> None:
    _, problems = written(tmp_path, text)
    assert [one for one in problems if one.startswith(problem)], problems
    assert len(problems) == 1


REFUSED = [
    ("{action: repalce}", 'unknown relabel action "repalce"; did you mean "replace"?'),
    ("{action: ''}", 'unknown relabel action ""'),
    ("{action: hashmod, target_label: a}", "relabel configuration for hashmod requires non-zero modulus"),
    *(
        (f"{{action: {action}, modulus: 1}}", f"relabel configuration for {action} action requires 'target_label' value")
        for action in ("replace", "hashmod")
    ),
    *(
        (f"{{action: {action}}}", f"relabel configuration for {action} action requires 'target_label' value")
        for action in ("lowercase", "uppercase", "keepequal", "dropequal")
    ),
    *(
        (f"{{action: {action}, target_label: a, replacement: b}}", f"'replacement' can not be set for {action} action")
        for action in ("lowercase", "uppercase", "keepequal", "dropequal")
    ),
    *(
        (
            f"{{action: {action}, target_label: a, {more}}}",
            f"{action} action requires only 'source_labels' and `target_label`, and no other fields",
        )
        for action in ("keepequal", "dropequal")
        for more in ("regex: b", "modulus: 1", "separator: b")
    ),
    *(
        (f"{{action: {action}, {more}}}", f"{action} action requires only 'regex', and no other fields")
        for action in ("labeldrop", "labelkeep")
        for more in ("source_labels: [a]", "target_label: b", "modulus: 1", "separator: b", "replacement: b")
    ),
    ("{target_label: a, regex: '('}", "invalid regular expression '(': missing )"),
    ("{target_label: a, modulus: -1}", '"modulus": must not be negative: -1'),
    (
        "{target_label: a, sourcelabels: [a]}",
        'unknown key "sourcelabels" in a relabelling rule; did you mean "source_labels"?',
    ),
]
CLASSIC = [
    ("{target_label: a-b}", "\"a-b\" is invalid 'target_label' for replace action"),
    ("{target_label: 'a-${1}'}", "\"a-${1}\" is invalid 'target_label' for replace action"),
    ("{target_label: '${'}", "\"${\" is invalid 'target_label' for replace action"),
    ("{action: labelmap, replacement: 'a-$1'}", "\"a-$1\" is invalid 'replacement' for labelmap action"),
    ("{action: hashmod, modulus: 1, target_label: '$1'}", "\"$1\" is invalid 'target_label' for hashmod action"),
    ("{action: lowercase, target_label: a-b}", "\"a-b\" is invalid 'target_label' for lowercase action"),
    ("{target_label: a, source_labels: [a-b]}", '"a-b" is not a valid label name'),
]
ACCEPTED = [
    "{target_label: a}",
    "{target_label: 'a${1}_$b'}",
    "{action: Replace, target_label: a, separator: '', regex: '', replacement: ''}",
    "{target_label: a, regex: ~, separator: ~, replacement: ~}",
    "{action: labelmap}",
    "{action: labelmap, replacement: 'x_${1}'}",
    "{action: keep}",
    "{action: drop, source_labels: [a, b], regex: x}",
    "{action: labeldrop, regex: a}",
    "{action: keepequal, source_labels: [a], target_label: b}",
    "{action: HASHMOD, source_labels: [a], target_label: b, modulus: 8}",
]


def with_rule(rule: str, mode: str = "fallback") -> str:
    """A configuration with one rule of relabelling in its fourth line."""
    return f"matcher_mode: {mode}\nalertmanagers: [{{url: http://a}}]\nalert_relabel_configs:\n  - {rule}\n"


@pytest.mark.parametrize(("rule", "message"), REFUSED)
def test_rules_that_are_refused(tmp_path: Path, rule: str, message: str) -> None:
    """In Prometheus' words where it has any."""
    settings, (problem, *_) = written(tmp_path, with_rule(rule))
    assert settings is None
    assert problem.startswith("4:")
    assert message in problem


@pytest.mark.parametrize(("rule", "message"), CLASSIC)
def test_names_are_strict_in_classic_mode_only(tmp_path: Path, rule: str, message: str) -> None:
    """Elsewhere they may be any text."""
    _, (problem,) = written(tmp_path, with_rule(rule, "classic"))
    assert message in problem
    assert written(tmp_path, with_rule(rule))[1] == []


@pytest.mark.parametrize("rule", ACCEPTED)
@pytest.mark.parametrize("mode", ["fallback", "classic"])
def test_rules_that_are_accepted(tmp_path: Path, rule: str, mode: str) -> None:
    assert written(tmp_path, with_rule(rule, mode))[1] == []


def test_a_key_of_a_rule_without_a_value_is_an_empty_text(tmp_path: Path) -> None:
    """As in Prometheus; anywhere else it would be absent."""
    settings, _ = written(tmp_path, with_rule("{target_label: a, regex: ~, separator: ~, replacement: ~}"))
    assert settings is not None
    assert settings.alert_relabel == (Relabel(target_label="a", regex="", separator="", replacement=""),)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_refuses_and_accepts_the_same(tmp_path: Path) -> None:
    """Names are compared in classic mode, for older versions know no other."""
    bad = [rule for rule, message in REFUSED if "regular" not in message] + [rule for rule, _ in CLASSIC]
    assert [rule for rule in ACCEPTED if not promtool_accepts(tmp_path, rule)] == []
    assert [rule for rule in bad if promtool_accepts(tmp_path, rule)] == []


def promtool_accepts(folder: Path, rule: str) -> bool:
    """Whether Prometheus' own tool takes the rule."""
    path = folder / "prometheus.yml"
    path.write_text(f"alerting:\n  alert_relabel_configs:\n    - {rule}\n")
    return subprocess.run(["promtool", "check", "config", str(path)], capture_output=True, check=False).returncode == 0
