"""The scenario files in real time, played to a real Alertmanager: it tells what they say that it tells.

All are played at the same time, each to a process of its own. Where it does otherwise while this machine was too busy to play
in time, that scenario is played once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from evaluator.drill.report import timeline
from evaluator.drill.scenario import Scenario
from tests.conformance.alertmanager_process import BINARY, AlertmanagerProcess, version
from tests.conformance.realtime import Performance, perform, scenarios

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="alertmanager is not on the PATH (Debian: prometheus-alertmanager)"),
]

ALL = scenarios()


def unplayable(scenario: Scenario) -> str:
    """Why the Alertmanager at hand cannot play it; empty when it can."""
    if scenario.peer.never:
        return f"no Alertmanager plays this: {scenario.peer.never}"
    if version() < scenario.peer.since:
        return f"Alertmanager {'.'.join(map(str, scenario.peer.since))} can, {'.'.join(map(str, version()))} cannot"
    return ""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Performance]:
    """Every scenario that can be played, by its name."""
    playable = [name for name, scenario in ALL.items() if not unplayable(scenario)]
    found = _played(playable, tmp_path_factory)
    again = [name for name, one in found.items() if one.disturbed and not one.passed(theirs=True)]
    return {**found, **_played(again, tmp_path_factory)}


def _played(names: Iterable[str], folders: pytest.TempPathFactory) -> dict[str, Performance]:
    found = {name: Performance(ALL[name], AlertmanagerProcess(folders.mktemp(name))) for name in names}
    asyncio.run(perform(list(found.values())))
    return found


@pytest.mark.parametrize("name", ALL)
def test_alertmanager_does_what_the_scenario_says(name: str, played: dict[str, Performance]) -> None:
    if why := unplayable(ALL[name]):
        pytest.skip(why)
    performance = played[name]
    verdict = performance.verdict(theirs=True)
    if not performance.passed(theirs=True) and performance.disturbed:
        pytest.skip(f"the machine is too busy: this process was late by {performance.late:.2f} s")
    assert verdict.passed, "\n".join(map(str, timeline(verdict, performance.played)))
