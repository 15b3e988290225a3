"""Where the evaluator means to do otherwise than Alertmanager, as the scenario files name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs.generate.tables import code, table
from evaluator.drill.scenario import Scenario
from evaluator.drill.scenario_file import read_scenario

_SCENARIOS = Path(__file__).parents[2] / "tests" / "scenarios"


def departure_table() -> str:
    """Each departure of each scenario, and whether `compatibility: alertmanager` takes it back."""
    rows = ((name, why, "yes" if one.switched else "no", code(Path(one.file).stem)) for one, name, why in _departures())
    return table(("departure", "how", "switched off by `compatibility`", "scenario"), sorted(rows))


def _departures() -> Iterator[tuple[Scenario, str, str]]:
    for path in sorted(_SCENARIOS.glob("*.yml")):
        scenario = read_scenario(path, {}).scenario
        assert scenario is not None, path
        yield from ((scenario, name, why) for name, why in scenario.departs)
