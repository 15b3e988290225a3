"""`evaluator test`: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.commands import evaluator

SCENARIO = """\
scenario: an alert is told
config:
  route: {{receiver: ops, group_wait: 1s}}
  receivers: [{{name: ops, webhook_configs: [{{url: http://ops}}]}}]
actions:
  - {{at: 1, post: [{{labels: {{alertname: a}}, starts: 1}}]}}
wants:
  ops:
    - {{at: {at}, alerts: [{{labels: {{alertname: a}}, starts: 1}}]}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good scenario, one that fails, one that cannot be read, and what is none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yml").write_text(SCENARIO.format(at=2))
    (tmp_path / "fails.yml").write_text(SCENARIO.format(at=3))
    (tmp_path / "broken.yml").write_text("scenario: broken\nconfig: {rout: {}}\n")
    (tmp_path / "rules.yml").write_text("groups: []\n")
    return tmp_path


def test_all_is_as_wanted() -> None:
    ended = evaluator("test", "good.yml")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "ok    good.yml: an alert is told\n1 scenario as wanted\n"


def test_a_failure_is_shown_with_its_timeline() -> None:
    """What was wanted and what came, and in which line of the file it stands."""
    ended = evaluator("test", "good.yml", "fails.yml")
    assert (ended.code, ended.err) == (1, "")
    assert [" ".join(line.split()) for line in ended.out.splitlines()] == [
        "ok good.yml: an alert is told",
        "FAIL fails.yml: an alert is told",
        '2s NOT WANTED ops/webhook[0]: first notification: {alertname="a"} firing since 1s',
        '3s MISSING ops/webhook[0]: {alertname="a"} firing since 1s (fails.yml:9:7); the one at 2s comes 1s early',
        "1 scenario as wanted, 1 not",
    ]


def test_files_that_cannot_be_played_are_problems() -> None:
    """Each in one line on standard error, with what this command is for; the others are played all the same."""
    ended = evaluator("test", "*.yml")
    assert ended.code == 1
    assert ended.err.splitlines()[0] == 'broken.yml:2:10: unknown key "rout" in the configuration; did you mean "route"?'
    assert "rules.yml:1:1: this is not a scenario; `evaluator check` is for configuration and rule files" in ended.err
    assert ended.out.splitlines()[-1] == "1 scenario as wanted, 3 not"


def test_a_pattern_that_names_nothing_is_an_error() -> None:
    ended = evaluator("test", "good.yml", "none/*.yml")
    assert (ended.code, ended.out) == (1, "")
    assert "no file matches 'none/*.yml'" in ended.err


def test_json() -> None:
    ended = evaluator("test", "--json", "good.yml", "broken.yml")
    good, broken = json.loads(ended.out)
    assert (good["passed"], good["scenario"], good["timeline"][0]["at"]) == (True, "an alert is told", 2.0)
    assert (broken["passed"], len(broken["problems"])) == (False, 1)


def test_junit() -> None:
    """One suite for each file; a failure holds the whole timeline, a file that cannot be read its problems."""
    assert evaluator("test", "--junit", "out.xml", "good.yml", "fails.yml", "broken.yml").code == 1
    suites = ElementTree.parse("out.xml").getroot()
    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [
        ("good.yml", "0"),
        ("fails.yml", "1"),
        ("broken.yml", "1"),
    ]
    failures = [failure.text or "" for failure in suites.iter("failure")]
    assert "the one at 2s comes 1s early" in failures[0]
    assert failures[1].startswith("broken.yml:2:10: unknown key")


def test_junit_goes_where_it_can_be_written() -> None:
    ended = evaluator("test", "--junit", "none/out.xml", "good.yml")
    assert ended.code == 1
    assert "none/out.xml cannot be written: No such file or directory" in ended.err
