"""A few rules that a server cannot evaluate, among many that it can: they fail, and nobody else does, in no slot.

`POISONED_AMONG=10000 pytest tests/conformance/test_poisoned_rules.py` for more than a thousand.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.effects import Effect, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.evaluation.tracking import Health
from evaluator.core.events import Event, TimerFired
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource, Settings
from evaluator.core.world import drive
from evaluator.service.asking import Asking
from tests.conformance import ruler
from tests.conformance.remote_write import push
from tests.conformance.story import Series

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

RULES, PER_GROUP, SLOTS = int(os.environ.get("POISONED_AMONG", "1000")), 100, 4
INTERVAL = timedelta(minutes=1)  # of time in which nothing else happens: slots follow each other at once
AGE = timedelta(milliseconds=400)  # of the samples at each slot
POISON = {
    7: 'label_replace(load, "app", "$1", "app", "(") > 0',  # a regular expression that is compiled when it is run
    150: "load * on (job) twins > 0",  # many to many
    151: "max_over_time(load[1s:1ms]) > 0",  # more samples than a query may have
    420: 'label_join(load, "job", "-") > 0 or load * on (job) group_left () twins',
    999: "load == bool on (job) twins",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, datetime]]:
    """A Prometheus with one series for each rule, and the first of the instants at which all of them have a sample."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed, so there is nobody to ask")
    folder = tmp_path_factory.mktemp("poisoned")
    with ruler.running(folder, folder / "none.yml", "--query.max-samples=200000") as url:
        at = datetime.now(UTC).replace(second=0, microsecond=0) - SLOTS * INTERVAL
        push(url, [_series("load", at, float(number), app=str(number), job="j") for number in range(RULES)])
        push(url, [_series("twins", at, 1.0, twin=str(number), job="j") for number in range(2)])
        yield url, at


def _series(name: str, at: datetime, value: float, **labels: str) -> Series:
    samples = tuple((at - AGE + number * INTERVAL, value) for number in range(SLOTS))
    return Series(tuple(sorted({"__name__": name, **labels}.items())), samples)


def rules() -> Iterator[AlertingRule]:
    """Every tenth of them finds its series."""
    for number in range(RULES):
        bound = number - 1 if number % 10 == 0 else number
        expr = POISON.get(
            number, f'load{{app="{number}"}} > {bound}' if number % 3 else f'sum(load{{app="{number}"}}) > {bound}'
        )
        yield AlertingRule(f"R{number}", f"R{number}", expr, expr)


class Slots:
    """A world in which slots come one after the other, each when the one before has been answered; `states` after each."""

    def __init__(self, machine: Machine, asking: Asking, now: datetime) -> None:
        self.now = now
        self.states: list[dict[str, tuple[Health, datetime | None]]] = []
        self._machine = machine
        self._asking = asking
        self._asked: list[RunQuery] = []

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """The answers that are due, else the next slot of all groups."""
        if self._asked:
            asked, self._asked = self._asked, []
            answers: list[Event] = []
            await asyncio.gather(*self._asking.ask(asked, answers.append))
            return self.now, answers
        if timer is not None and timer > self.now:
            each = (rule for group in self._machine.groups.values() for rule in group.rules.values())
            self.states.append({rule.rule.key: (rule.health, rule.evaluated_at) for rule in each})
            if len(self.states) == SLOTS:
                return None
            self.now += INTERVAL
        return self.now, [TimerFired()]

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Only queries are performed."""
        self._asked += [effect for effect in effects if isinstance(effect, RunQuery)]


async def test_who_cannot_be_evaluated_spoils_it_for_nobody(server: tuple[str, datetime]) -> None:
    """From the first slot on, in which nobody knows who it will be."""
    url, begin = server
    every = list(rules())
    groups = tuple(
        RuleGroup(f"g{first}", "rules.yml", INTERVAL, tuple(every[first : first + PER_GROUP]), "main", phase=timedelta(0))
        for first in range(0, RULES, PER_GROUP)
    )
    settings = Settings(None, (Datasource("main", url),), groups, Route("nobody"), ())
    machine, asking = Machine(settings, begin), Asking(settings)
    world = Slots(machine, asking, begin)
    await drive(machine, world)
    await asking.aclose()
    for number, state in enumerate(world.states):
        slot = begin + number * INTERVAL
        assert {key for key, (health, _) in state.items() if health is not Health.OK} == {f"R{number}" for number in POISON}
        assert {at for _, at in state.values()} == {slot}
    firing = {key for group in machine.groups.values() for key, rule in group.rules.items() if rule.alerts}
    assert firing == {f"R{number}" for number in range(RULES) if number % 10 == 0 and number not in POISON}
    assert machine.query_watch.strikes == dict.fromkeys((f"R{number}" for number in POISON), SLOTS)
