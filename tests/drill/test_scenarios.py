"""Every scenario file in virtual time with exact times: the evaluator's way and, as far as it can be, Alertmanager's."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.drill.playing import play
from evaluator.drill.report import timeline
from evaluator.drill.scenario import Scenario
from evaluator.drill.scenario_file import read_scenario
from evaluator.drill.suite import AS_ALERTMANAGER, run
from evaluator.drill.verdict import judge

ROOT = Path(__file__).parents[2]
COMPARED = sorted((ROOT / "tests" / "scenarios").glob("*.yml"))
FILES = [*COMPARED, *sorted((ROOT / "rules").glob("*/*.scenario.yml"))]


def scenario(path: Path) -> Scenario:
    found = read_scenario(path, {})
    assert found.scenario is not None, found.problems
    return found.scenario


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_goes_as_wanted(path: Path) -> None:
    """Every notification at its instant, with its alerts, and none besides."""
    failed = [str(line) for case in run([path], {}) for line in (*case.problems, *case.lines) if not case.passed]
    assert failed == []


@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.stem)
def test_with_compatibility_it_goes_as_in_alertmanager(path: Path) -> None:
    """The same file with `compatibility: alertmanager` gives what a real Alertmanager is seen to give."""
    one = scenario(path)
    if one.switched:
        played = play(one.compatible())
        verdict = judge(one.theirs, played, one.until)
        assert verdict.passed, "\n".join(map(str, timeline(verdict, played)))


def test_what_differs_is_named_and_does_differ() -> None:
    """A file with wants of its own for Alertmanager says why; only such a file can say that there is no switch."""
    for path in FILES:
        one = scenario(path)
        assert (one.of_alertmanager is not None) == bool(one.departs), path
        assert one.of_alertmanager != one.wants, path
        assert one.switched or one.of_alertmanager is not None, path


def test_scenarios_with_a_switch_are_played_twice() -> None:
    (path,) = [path for path in FILES if path.stem == "unmuted"]
    assert [case.mode for case in run([path], {})] == ["", AS_ALERTMANAGER]
