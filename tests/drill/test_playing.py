"""What a scenario can do besides what the files of `tests/scenarios` show."""

from __future__ import annotations

from pathlib import Path

from evaluator.drill.played import Played
from evaluator.drill.playing import play
from evaluator.drill.scenario_file import read_scenario

CONFIG = """\
config:
  datasources: [{name: main, url: http://main}]
  rule_files: [rules.yml]
  external_labels: {cluster: eu}
  route: {receiver: ops, group_by: [alertname], group_wait: 30s, group_interval: 5m}
  receivers: [{name: ops, webhook_configs: [{url: http://ops}]}]
"""
RULES = """\
groups:
  - name: g
    interval: 1m
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {job: "{{ $labels.job | toUpper }}"}
        annotations: {summary: "{{ $labels.instance }} is {{ $value }}"}
      - alert: Asks
        expr: up == 1
        annotations: {summary: '{{ with query "up" }}{{ . | first | value }}{{ end }}'}
"""


def played(folder: Path, actions: str, config: str = CONFIG, until: str = "20m") -> Played:
    (folder / "rules.yml").write_text(RULES)
    path = folder / "one.yml"
    path.write_text(f"scenario: one\n{config}until: {until}\nactions:\n{actions}")
    found = read_scenario(path, {})
    assert found.scenario is not None, found.problems
    return play(found.scenario)


def times(came: Played) -> list[tuple[float, str]]:
    return [(told.at.total_seconds(), told.reason) for told in came.told]


FOUND = "  - {at: 0, find: {rule: Down, series: [{labels: {instance: a, job: web}, value: 0}]}}\n"


def test_rules_are_evaluated_on_what_their_queries_find(tmp_path: Path) -> None:
    """At whole intervals from the beginning, with `for`, labels, external labels and annotations."""
    came = played(tmp_path, FOUND + "  - {at: 9m, find: {rule: Down}}\n")
    assert times(came) == [(150, "first notification"), (750, "all alerts resolved")]
    (alert,) = came.told[0].alerts
    assert alert.labels == {"alertname": "Down", "cluster": "eu", "instance": "a", "job": "WEB"}
    assert alert.annotations == (("summary", "a is 0"),)
    assert came.told[1].alerts[0].ends == came.told[1].alerts[0].starts * 4.5


def test_a_query_that_fails_resolves_nothing(tmp_path: Path) -> None:
    came = played(tmp_path, FOUND + "  - {at: 4m, find: {rule: Down, error: connection refused}}\n", until="5m")
    assert times(came) == [(150, "first notification")]


def test_a_template_that_queries_gets_no_answer(tmp_path: Path) -> None:
    """The evaluation counts as failed, so nothing fires by mistake, and that it fails is told like any other failure."""
    found = "  - {at: 0, find: {rule: Asks, series: [{labels: {instance: a}}]}}\n"
    assert played(tmp_path, found, until="110").told == ()
    reports = played(tmp_path, found, until="3m").told
    assert [told.alerts[0].labels["alertname"] for told in reports] == ["EvaluatorRuleFailing"]


PLAIN = """\
config:
  route: {receiver: ops, group_by: [alertname], group_wait: 1s, group_interval: 10s, repeat_interval: 1h}
  receivers: [{name: ops, webhook_configs: [{url: http://ops}]}]
"""
POST = "  - {at: 1, post: [{labels: {alertname: a}, starts: 1, ends: 1h}]}\n"


def test_a_delivery_in_flight_when_killed_is_repeated(tmp_path: Path) -> None:
    """The receiver had it, but nobody knows; it may repeat, and never vanishes."""
    slow = "  - {at: 0, answer: {receiver: ops, takes: 2, until: 2.5}}\n"
    came = played(tmp_path, slow + POST + "  - {at: 3, kill: }\n  - {at: 5, start: }\n", PLAIN, "60")
    assert times(came) == [(2, "first notification"), (5, "first notification")]


def test_a_delivery_in_flight_when_stopped_is_awaited(tmp_path: Path) -> None:
    """A stop in good order lets it finish, so it does not repeat."""
    slow = "  - {at: 0, answer: {receiver: ops, takes: 2, until: 2.5}}\n"
    came = played(tmp_path, slow + POST + "  - {at: 3, stop: }\n  - {at: 5, start: }\n", PLAIN, "60")
    assert times(came) == [(2, "first notification")]


def test_what_is_configured_while_nobody_runs_is_read_at_the_start(tmp_path: Path) -> None:
    later = PLAIN.replace("group_wait: 1s", "group_wait: 4s").replace("config:\n", "")
    reload = "".join(f"    {line}\n" for line in later.splitlines())
    actions = f"  - {{at: 1, kill: }}\n  - at: 2\n    reload:\n{reload}  - {{at: 3, start: }}\n"
    came = played(tmp_path, actions + "  - {at: 5, post: [{labels: {alertname: a}, starts: 5}]}\n", PLAIN, "20")
    assert times(came) == [(9, "first notification")]


def test_a_receiver_that_hangs_is_given_up_and_asked_again(tmp_path: Path) -> None:
    """After its time-out; nobody knows that it was asked."""
    config = PLAIN.replace("{url: http://ops}", "{url: http://ops, timeout: 2s}")
    came = played(tmp_path, "  - {at: 0, answer: {receiver: ops, hangs: true, until: 3}}\n" + POST, config, "9")
    assert [(one.at.total_seconds(), one.reason) for one in came.untold] == [(4, "no answer within 2s")]
    assert len(came.told) == 1


def test_a_silence_that_is_refused_is_said(tmp_path: Path) -> None:
    """One that would mute everything is no silence; whoever relies on it is told."""
    silence = "  - {at: 1, silence: {name: all, matchers: ['a=~\".*\"'], ends: 5}}\n"
    came = played(tmp_path, silence, PLAIN, "9")
    assert [mishap.text for mishap in came.mishaps] == [
        'silence "all" is refused: at least one matcher must not match the empty string'
    ]


def test_receivers_that_this_version_cannot_send_to_are_told(tmp_path: Path) -> None:
    """Nobody is called in a scenario, so all integrations of a receiver count."""
    receiver = "{name: ops, pagerduty_configs: [{routing_key: x}], webhook_configs: [{url: http://ops}]}"
    config = PLAIN.replace("{name: ops, webhook_configs: [{url: http://ops}]}", receiver)
    assert [told.integration for told in played(tmp_path, POST, config, "9").told] == ["ops/webhook[0]", "ops/pagerduty[0]"]
