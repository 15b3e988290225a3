"""The commands that print: tables for people, JSON for programs, and one line on standard error when something is wrong."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from evaluator import __version__
from evaluator.cli import demo
from evaluator.cli.app import app
from evaluator.core.labels import Labels
from tests.cli.commands import evaluator, in_thread
from tests.local_server import LocalServer, Received, Reply
from tests.service.servers import JSON, Webhook

CONFIG = """\
route:
  receiver: everybody
  group_by: [alertname]
  routes:
    - matchers: [severity="page"]
      receiver: on-call
      group_wait: 10s
      continue: true
    - matchers: [team=~"a|b"]
      receiver: on-call
      group_by: [...]
receivers:
  - name: everybody
    console_configs: [{}]
  - name: on-call
    webhook_configs:
      - url: "WEBHOOK/secret-path"
        http_config: {authorization: {credentials: hunter2}}
  - name: nobody
"""

ALERTS: list[dict[str, Any]] = [
    {"labels": {"alertname": "Slow", "job": "api"}, "state": "pending", "activeAt": "2026-01-01T00:00:00Z", "value": "2e+00"},
    {"labels": {"alertname": "Down", "job": "db"}, "state": "firing", "activeAt": "2026-01-01T01:00:00Z", "value": "1e+00"},
]
REGION = Labels({"region": "ams"})
ASSERTED = [
    {"state": "firing", "labels": {**ALERTS[1]["labels"], **REGION}, "sources": ["posted", "rule"]},
    {"state": "firing", "labels": {"alertname": "Disk", "job": "web\x1b[2J\x00"}, "sources": ["posted"]},
    {"state": "firing", "labels": {"alertname": "EvaluatorDatasourceDown"}, "sources": ["evaluator"]},
    {"state": "resolved", "labels": {"alertname": "Past"}, "sources": []},
]


class Evaluator(LocalServer):
    """What `alerts list` asks of an evaluator that knows of a few alerts."""

    async def reply(self, request: Received) -> Reply:
        """By path."""
        told = [
            {
                **one,
                "annotations": {},
                "startsAt": f"2026-01-01T02:00:0{number}Z",
                "fingerprint": Labels(one["labels"]).fingerprint,
            }
            for number, one in enumerate(ASSERTED)
        ]
        found = {
            "/api/v1/alerts": {"status": "success", "data": {"alerts": ALERTS}},
            "/api/evaluator/v1/alerts": told,
            "/api/v2/alerts": [{**one, "status": {"state": "suppressed" if one == told[1] else "active"}} for one in told],
            "/api/evaluator/v1/status": {"externalLabels": dict(REGION)},
        }
        return Reply(headers=JSON, body=json.dumps(found[request.target]).encode())


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration whose webhook nobody listens to."""
    path = tmp_path / "evaluator.yml"
    path.write_text(CONFIG.replace("WEBHOOK", "http://127.0.0.1:1"))
    return str(path)


def every(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    yield names
    if isinstance(command, TyperGroup):
        for name in command.list_commands(None):  # type: ignore[arg-type]
            yield from every(command.get_command(None, name), *names, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [*every(typer.main.get_command(app))], ids=" ".join)
def test_every_command_explains_itself(names: tuple[str, ...]) -> None:
    ended = evaluator(*names, "--help")
    assert ended.code == 0
    assert f"Usage: evaluator{''.join(f' {name}' for name in names)} " in ended.out


@pytest.mark.parametrize("names", [("alerts", "list"), ("silence", "add"), ("check",)], ids=" ".join)
def test_a_flag_looks_like_one(names: tuple[str, ...]) -> None:
    """Nobody is led to write `--json true`, which would be taken for a matcher."""
    (line,) = (line for line in evaluator(*names, "--help").out.splitlines() if "--json" in line)
    assert "bool" not in line
    assert "Print for programs." in line


def test_version() -> None:
    assert evaluator("--version").out == f"evaluator {__version__}\n"


# -- routes -----------------------------------------------------------------------------------------------------------


def test_routes_show(config: str) -> None:
    """The tree with what holds at each node, inherited or not."""
    shown = evaluator("routes", "show", "--config", config).out.splitlines()
    assert [line.strip() for line in shown] == [
        "everything  -> everybody  by alertname  30s, 5m, 4h",
        '├── severity="page"  -> on-call  by alertname  10s, 5m, 4h  (and goes on)',
        '└── team=~"a|b"  -> on-call  by all labels  30s, 5m, 4h',
    ]
    tree = json.loads(evaluator("routes", "show", "--config", config, "--json").out)
    assert [node["groupWait"] for node in tree["routes"]] == ["10s", "30s"]


def test_routes_test(config: str) -> None:
    """Every route that the alert takes, and the group that it would be in."""
    labels = ("alertname=Down", "severity=page", "team=a")
    rows = evaluator("routes", "test", *labels, "--config", config).out.splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["on-call", "on-call"]
    taken = json.loads(evaluator("routes", "test", *labels, "--json", "--config", config).out)
    assert [route["groupWait"] for route in taken] == ["10s", "30s"]
    assert json.loads(evaluator("routes", "test", "a=b", "--json", "--config", config).out)[0]["receiver"] == "everybody"
    wrong = evaluator("routes", "test", "severity", "--config", config)
    assert (wrong.code, wrong.err) == (1, "evaluator: 'severity' is not a label; write LABEL=VALUE, as in severity=critical\n")


CLOCKS = """\
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: "22:00", end_time: "06:00"}]}]
  - name: office
    time_intervals: [{weekdays: ["monday:friday"]}]
route:
  receiver: everybody
  routes:
    - {receiver: everybody, matchers: [severity="page"], continue: true, mute_time_intervals: [night]}
    - {receiver: everybody, active_time_intervals: [office]}
receivers:
  - name: everybody
    console_configs: [{}]
"""


def test_routes_show_when_they_are_quiet_and_what_inhibits_there(tmp_path: Path) -> None:
    path = tmp_path / "evaluator.yml"
    rule = "inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d]}]"
    path.write_text(CLOCKS.replace("active_time_intervals: [office]", f"active_time_intervals: [office], {rule}"))
    _, page, rest = evaluator("routes", "show", "--config", str(path)).out.splitlines()
    assert page.rstrip().endswith("  muted during night  (and goes on)")
    assert rest.rstrip().endswith("  active only during office  1 inhibit rule")
    nodes = json.loads(evaluator("routes", "show", "--json", "--config", str(path)).out)["routes"]
    assert [node["muteTimeIntervals"] for node in nodes] == [["night"], []]
    assert [(node["activeTimeIntervals"], node["inhibitRules"]) for node in nodes] == [([], 0), (["office"], 1)]


@pytest.mark.parametrize(
    ("at", "muted"),
    [
        ("2026-01-05T12:00:00Z", ["", ""]),
        ("2026-01-05T12:00:00-12:00", ["by", ""]),
        ("2026-01-03T22:00", ["by", "outside of"]),
    ],
)
def test_routes_test_at_another_time(tmp_path: Path, at: str, muted: list[str]) -> None:
    """Which routes the time of day mutes then, for people and for programs; a time without a zone is UTC."""
    path = tmp_path / "evaluator.yml"
    path.write_text(CLOCKS)
    header, *rows = evaluator("routes", "test", "severity=page", "--at", at, "--config", str(path)).out.splitlines()
    names = ("night", "office")
    wanted = [f"{how} {name}" if how else "no" for how, name in zip(muted, names, strict=True)]
    assert [row.rstrip().endswith(end) for row, end in zip(rows, wanted, strict=True)] == [True, True]
    assert "Muted at 2026-01-0" in header
    taken = json.loads(evaluator("routes", "test", "severity=page", "--at", at, "--json", "--config", str(path)).out)
    assert [one["mutedBy"] for one in taken] == [[name] if how else [] for how, name in zip(muted, names, strict=True)]
    assert [step["matchers"] for step in taken[0]["path"]] == ["everything", 'severity="page"']


def test_routes_test_at_no_time(config: str) -> None:
    wrong = evaluator("routes", "test", "a=b", "--at", "tomorrow", "--config", config)
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "'tomorrow' is not a time; write 2026-12-24T22:00:00+01:00" in wrong.err


# -- send-test --------------------------------------------------------------------------------------------------------


async def test_send_test(tmp_path: Path) -> None:
    """It arrives as a notification does, and says that it is a test."""
    async with Webhook() as webhook:
        path = tmp_path / "evaluator.yml"
        path.write_text(CONFIG.replace("WEBHOOK", webhook.url))
        ended = await in_thread("send-test", "on-call", "--config", str(path))
        assert (ended.code, ended.err) == (0, "on-call/webhook[0]: accepted\n")
        assert webhook.heard("EvaluatorTest") == ["firing"]
        assert webhook.requests[0].headers["authorization"] == "Bearer hunter2"
        webhook.first = [Reply(403, body=b"who are you?")]
        ended = await in_thread("send-test", "on-call", "--config", str(path))
    assert ended.code == 1
    assert "who are you?" in ended.err
    assert ended.err.endswith("evaluator: 1 of 1 integrations did not accept the test\n")


def test_send_test_dry_run(config: str) -> None:
    """The exact request, without what is secret."""
    ended = evaluator("send-test", "on-call", "--dry-run", "--config", config)
    assert ended.code == 0
    assert '"alertname":"EvaluatorTest"' in ended.out
    assert "hunter2" not in ended.out + ended.err
    assert "secret-path" not in ended.out + ended.err


def test_send_test_to_the_console(config: str) -> None:
    ended = evaluator("send-test", "everybody", "--config", config)
    assert (ended.code, ended.out.splitlines()[0]) == (0, "FIRING:1  EvaluatorTest")


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ("nobody", "evaluator: receiver 'nobody' has no integrations, so it tells nobody\n"),
        ("other", "evaluator: there is no receiver 'other'; there are: everybody, on-call, nobody\n"),
    ],
)
def test_send_test_to_whom(config: str, receiver: str, said: str) -> None:
    ended = evaluator("send-test", receiver, "--config", config)
    assert (ended.code, ended.err) == (1, said)


# -- alerts -----------------------------------------------------------------------------------------------------------


async def test_alerts_list() -> None:
    """Those that fire first, of them those that nothing mutes.

    A word is an alert's name, anything else a matcher; --json prints what the APIs say.

    What others post and what is built in stands beside the rules' alerts, and an alert that two assert is listed once.
    """
    async with Evaluator() as server:
        table = await in_thread("alerts", "list", "--url", server.url, "--token", "abc")
        named = await in_thread("alerts", "list", "Slow", env={"EVALUATOR_URL": server.url})
        matched = await in_thread("alerts", "list", "job!=api", "--json", "--url", server.url)
        wrong = await in_thread("alerts", "list", "job=~(", "--url", server.url)
        assert server.requests[0].headers["authorization"] == "Bearer abc"
    header, *rows = (line.split() for line in table.out.splitlines())
    both, disk, down, _ = (Labels(one["labels"]).fingerprint for one in ASSERTED)
    slow = Labels({**ALERTS[0]["labels"], **REGION}).fingerprint
    assert header == ["State", "Alert", "Labels", "Since", "Value", "Source", "Fingerprint"]
    assert rows == [
        ["firing", "Down", "job=db", "2026-01-01T01:00:00Z", "1", "posted,", "rule", both],
        ["firing", "EvaluatorDatasourceDown", "2026-01-01T02:00:02Z", "evaluator", down],
        ["muted", "Disk", r"job=web\x1b[2J\x00", "2026-01-01T02:00:01Z", "posted", disk],
        ["pending", "Slow", "job=api", "2026-01-01T00:00:00Z", "2", "rule", slow],
    ]
    assert [line.split()[1] for line in named.out.splitlines()[1:]] == ["Slow"]
    db, own, web = json.loads(matched.out)
    assert db == {**ALERTS[1], "sources": ["posted", "rule"], "fingerprint": both, "muted": False}
    assert (web["activeAt"], web["value"], web["state"], web["muted"]) == ("2026-01-01T02:00:01Z", None, "firing", True)
    assert own["sources"] == ["evaluator"]
    assert (wrong.code, wrong.err.count("\n")) == (1, 1)
    assert "is not a matcher" in wrong.err


OTHERS = {
    "answered 401: who are you?": Reply(401, body=b"who are you?"),
    "is no evaluator": Reply(headers={"Content-Type": "text/html"}, body=b"<h1>Welcome</h1>"),
    "it did not answer as one": Reply(headers=JSON, body=b"[1, 2]"),
}


@pytest.mark.parametrize(("said", "reply"), OTHERS.items(), ids=OTHERS)
async def test_somebody_else_answers(said: str, reply: Reply) -> None:
    async with LocalServer(reply) as server:
        ended = await in_thread("alerts", "list", "--url", server.url)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert said in ended.err


def test_nobody_answers() -> None:
    ended = evaluator("alerts", "list", "--url", "http://127.0.0.1:1")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "no evaluator answers at http://127.0.0.1:1" in ended.err
    assert "name one with --url or EVALUATOR_URL" in ended.err


# -- demo -------------------------------------------------------------------------------------------------------------

QUICK = """\
groups:
- name: demo
  interval: 500ms
  rules:
  - alert: DemoPrometheusAnswers
    expr: vector(1)
    annotations: {summary: It does.}
"""


@pytest.fixture
def quick_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rules that need no quarter of a minute."""
    path = tmp_path / "quick.rules.yml"
    path.write_text(QUICK)
    monkeypatch.setattr(demo, "rules_folder", lambda: tmp_path)
    monkeypatch.setattr(demo, "set_up", lambda form: None)
    return path


@pytest.mark.realtime
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_demo(quick_rules: Path) -> None:
    """With a Prometheus of its own, wherever a port is free: a rule fires, its notification is printed, and it ends with 0."""
    with ExitStack() as held:
        for port in (9090, 9093):
            with suppress(OSError):  # somebody else holds it, which is as good
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        ended = evaluator("demo", env={"DEMO_SECONDS": "5", "PROMETHEUS_URL": None})
    assert ended.code == 0, ended.err
    assert "FIRING:1  DemoPrometheusAnswers" in ended.out
    assert "The demo delivered 1 notification." in ended.err


@pytest.mark.realtime
def test_a_demo_that_shows_nothing_fails(quick_rules: Path) -> None:
    """A server that gives no answers is no demo."""
    ended = evaluator("demo", env={"DEMO_SECONDS": "0.3", "PROMETHEUS_URL": "http://127.0.0.1:1"})
    assert ended.code == 1
    assert "FIRING" not in ended.out
    assert "before a notification was delivered" in ended.err


def test_a_demo_without_a_prometheus(quick_rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to come by one."""
    monkeypatch.setenv("PATH", "")
    ended = evaluator("demo", env={"PROMETHEUS_URL": None})
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "apt install prometheus" in ended.err


def test_the_demo_rules_are_there() -> None:
    """In the tree and in the package."""
    assert (demo.rules_folder() / "demo.rules.yml").is_file()


def test_a_start_reads_no_command_but_its_own() -> None:
    """Nobody waits for the drills while a service starts that people wait for."""
    program = (
        "import sys; from evaluator.cli.app import app; app(['run', '--help'], standalone_mode=False); print(*sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "evaluator.cli.run" in told
    assert not {"evaluator.cli.demo", "evaluator.cli.silence", "evaluator.drill.suite"} & set(told)
