"""Some of the scenario files in real time, played to the evaluator as it runs at night: a process, a clock, sockets, a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluator.drill.report import timeline
from tests.conformance.realtime import Performance, perform, scenarios
from tests.service.scene import Evaluator

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

NAMES = ("inhibiting", "killed", "lost_resolve_under_silence", "merge_alerts", "reload_moves_an_alert", "silencing")
ALL = scenarios()
SPREAD = 2.5  # seconds; what a process does for the first time takes it a while


class EvaluatorProcess:
    """The evaluator in a folder of its own, to be started, killed, stopped and told to reload."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._evaluator: Evaluator | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._evaluator.url if self._evaluator else ""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._evaluator is not None

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self._folder / "evaluator.yml").write_text(text)

    async def start(self) -> None:
        """Start it."""
        self._evaluator = Evaluator(self._folder)
        await self._evaluator.__aenter__()

    async def kill(self) -> None:
        """End it at once."""
        if self._evaluator is not None:
            evaluator, self._evaluator = self._evaluator, None
            await evaluator.__aexit__(None, None, None)

    async def stop(self) -> None:
        """Nothing here asks for it."""
        raise AssertionError("a stop in good order is played in virtual time")

    def log(self) -> str:
        """What it has said."""
        return (self._folder / "log").read_text()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Performance]:
    """Each played to a process of its own, all at the same time; once more where the machine was too busy for some."""
    found = _played(NAMES, tmp_path_factory)
    again = [name for name, one in found.items() if one.disturbed and not one.passed(theirs=False)]
    return {**found, **_played(again, tmp_path_factory)}


def _played(names: Sequence[str], folders: pytest.TempPathFactory) -> dict[str, Performance]:
    found = {name: Performance(ALL[name], EvaluatorProcess(folders.mktemp(name))) for name in names}
    asyncio.run(perform(list(found.values()), SPREAD))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_service_does_what_the_scenario_says(name: str, played: dict[str, Performance]) -> None:
    performance = played[name]
    verdict = performance.verdict(theirs=False)
    if not performance.passed(theirs=False) and performance.disturbed:
        pytest.skip(f"the machine is too busy: this process was late by {performance.late:.2f} s")
    assert verdict.passed, "\n".join(map(str, timeline(verdict, performance.played)))
