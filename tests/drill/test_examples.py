"""The complete examples of the documentation: each loads without a problem, and its ladder climbs as it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.config.loading import load
from evaluator.drill.playing import play
from evaluator.drill.scenario_file import read_scenario
from evaluator.drill.suite import run

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
NAMES = sorted(path.name.removesuffix(".scenario.yml") for path in FOLDER.glob("*.scenario.yml"))
NOW = datetime(2026, 1, 6, tzinfo=UTC)


def test_each_configuration_has_a_scenario() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yml") if "." not in path.stem) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_problems_and_goes_as_it_says(name: str) -> None:
    loaded = load(FOLDER / f"{name}.yml", environ={}, now=NOW)
    assert [str(problem) for problem in loaded.problems] == []
    cases = run([FOLDER / f"{name}.scenario.yml"], {})
    assert [str(line) for case in cases for line in (*case.problems, *case.lines) if not case.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_four_levels_are_told_at_0_5_15_and_30_minutes(name: str) -> None:
    scenario = read_scenario(FOLDER / f"{name}.scenario.yml", {}).scenario
    assert scenario is not None
    first: dict[str, timedelta] = {}
    for told in play(scenario).told:
        if told.reason.startswith("page: "):
            first.setdefault(told.reason, told.at)
    begins = min(first.values())
    assert [at - begins for at in first.values()] == [timedelta(minutes=after) for after in (0, 5, 15, 30)]
