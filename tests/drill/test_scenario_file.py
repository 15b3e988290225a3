"""Scenario files with mistakes: the comments at the top of a file are what is said of it, word for word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.config.scalars import WrongError
from evaluator.drill.scenario import Post, Reload, SetSilence
from evaluator.drill.scenario_file import read_scenario
from evaluator.drill.scenario_models import moment

BAD = sorted((Path(__file__).parent / "bad").glob("*.yml"))
WHOLE = """\
scenario: whole
start: 2026-03-02T09:00:00+01:00
config: &first
  route: &route {receiver: ops}
  receivers: &receivers [{name: ops, webhook_configs: [{url: http://ops}]}]
  inhibit_rules: [{source_match: {a: "1"}, target_match: {a: "2"}}]
actions:
  - {at: 1m, silence: {name: work, matchers: ['a=~"1|2"', b!=c], starts: 2m, ends: 1h, created_by: me, comment: why}}
  - {at: 1.5, post: [{labels: {a: "1", empty: ""}, annotations: {b: x}, starts: -5m, ends: 1h}]}
  - {at: 2m, reload: {<<: *first, inhibit_rules: []}}
  - {at: 3m, reload: }
wants:
  ops:
    - {between: [1m, 2m], alerts: [{labels: {a: "1"}, status: resolved}]}
    - {nothing: [0, 5m]}
"""


def said(path: Path) -> list[str]:
    return [str(problem) for problem in read_scenario(Path(path.name), {}).problems]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_mistakes_are_named_in_their_places(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once, each with what to do about it."""
    monkeypatch.chdir(path.parent)
    lines = path.read_text().splitlines()
    expected = [f"{path.name}:{line.removeprefix('# ')}" for line in lines if line.startswith("# ")]
    assert said(path) == expected


def test_everything_is_read(tmp_path: Path) -> None:
    """Actions in the order of time; a reload without a configuration takes the one that was there last."""
    path = tmp_path / "whole.yml"
    path.write_text(WHOLE)
    scenario = read_scenario(path, {}).scenario
    assert scenario is not None
    assert scenario.start == datetime(2026, 3, 2, 8, tzinfo=UTC)
    post, silence, first, again = (action.deed for action in scenario.actions)
    assert isinstance(post, Post)
    assert (post.alerts[0].labels, post.alerts[0].starts) == ({"a": "1"}, timedelta(minutes=-5))
    assert isinstance(silence, SetSilence)
    assert [str(matcher) for matcher in silence.matchers] == ['a=~"1|2"', 'b!="c"']
    assert isinstance(first, Reload)
    assert first.configuration.settings.inhibit_rules == ()
    assert again == first
    assert scenario.until == timedelta(minutes=5)
    (want,) = scenario.wants.notifications
    assert (want.integration, want.alerts[0].firing, want.position.line) == ("ops/webhook[0]", False, 14)


def test_a_configuration_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    """Its mistakes are named in its own places."""
    (tmp_path / "my.yml").write_text("route: {receiver: ops}\nreceivers: [{name: opps}]\n")
    path = tmp_path / "one.yml"
    path.write_text("scenario: one\nconfig: my.yml\n")
    (problem,) = read_scenario(path, {}).problems
    assert (problem.position.file, problem.position.line) == (str(tmp_path / "my.yml"), 1)
    (tmp_path / "my.yml").write_text("route: {receiver: ops}\nreceivers: [{name: ops}]\n")
    assert read_scenario(path, {}).problems == ()


def test_the_environment_fills_variables(tmp_path: Path) -> None:
    path = tmp_path / "one.yml"
    path.write_text("scenario: one\nconfig: {route: {receiver: ops}, receivers: [{name: '${WHO}'}]}\n")
    assert read_scenario(path, {"WHO": "ops"}).problems == ()
    assert any("WHO" in str(problem) for problem in read_scenario(path, {}).problems)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("2.5", 2.5), ("-100", -100), ("1h30m", 5400), ("-5m", -300), ("250ms", 0.25)]
)
def test_instants(text: str, seconds: float) -> None:
    assert moment(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "-", "1,5", "2.5m", "1h 30m", "--1", "1e3", None, []])
def test_no_instants(text: object) -> None:
    with pytest.raises(WrongError):
        moment(text)
