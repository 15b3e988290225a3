"""What is caught up with is what would have been: random rules and a whole story, asked of a real Prometheus.

The past does not change, so the same slots can be lived through twice: by an evaluator that is there all the time, and by one
that is killed, and started again when the story has gone on.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.effects import Effect, Forget, Note, RunQuery, RunRange, Save
from evaluator.core.engine import Machine
from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.core.events import Event, Observation, QueryReturned, RangeReturned, TimerFired
from evaluator.core.labels import NO_LABELS
from evaluator.core.settings import Batching, Datasource, DatasourceKind, Settings
from evaluator.core.world import drive
from evaluator.prometheus.client import PrometheusClient
from evaluator.service.asking import Asking
from evaluator.service.past import Past
from evaluator.service.sharing import Sharing
from evaluator.store.memory import MemoryStore
from tests.conformance import ruler, victoria
from tests.conformance.conftest import CONFIG, RULES, SCENES
from tests.conformance.remote_write import push
from tests.conformance.story import STEP, STEPS, told_from
from tests.conformance.test_shared_requests import Author, seen, series

pytestmark = [pytest.mark.realtime, pytest.mark.slow]

SEEDS = range(4)
SPAN = 12


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, datetime]]:
    """A Prometheus that has the whole story, and the random series; and the beginning of both."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed, so there is nobody to ask")
    folder = tmp_path_factory.mktemp("catching-up")
    with ruler.running(folder, folder / "none.yml") as url:
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
        push(url, [*told_from(start), *series(start)])
        yield url, start


# -- spans and instants -----------------------------------------------------------------------------------------------


async def observed(effect: RunQuery, answer: Answer, deadline: float) -> QueryReturned:
    """The samples as they are."""
    found = {each.labels: Observation(NO_LABELS, each.value, each.histogram) for each in answer.samples}
    return QueryReturned(effect.rule, effect.slot, found)


async def by_span(datasource: Datasource, rules: Sequence[str], effect: RunRange) -> dict[tuple[str, datetime], object]:
    """What each rule sees of each instant, all of them being asked about at once; the reason of a failure apart."""
    client = PrometheusClient(datasource)
    past = Past(client, Sharing(datasource), asyncio.Semaphore(2), observed)
    events = await past.find([replace(effect, rule=rule) for rule in rules], {rule: rule for rule in rules})
    await client.aclose()
    instants = [effect.first + number * effect.interval for number in range(SPAN)]
    return {(event.rule, at): _found(event, at) for event in events for at in instants}


def _found(event: object, at: datetime) -> object:
    if not isinstance(event, RangeReturned) or at in event.failed:
        return "failed"
    return sorted((labels, repr((one.value, one.histogram))) for labels, one in event.observed.get(at, {}).items())


async def by_instant(datasource: Datasource, rules: Sequence[str], effect: RunRange) -> dict[tuple[str, datetime], object]:
    """The same, one by one."""
    client, sharing = PrometheusClient(datasource), Sharing(datasource)
    found: dict[tuple[str, datetime], object] = {}
    for at in (effect.first + number * effect.interval for number in range(SPAN)):

        def answered(rule: str, outcome: Answer | Failure, at: datetime = at) -> None:
            found[rule, at] = "failed" if isinstance(outcome, Failure) else seen(outcome)

        await asyncio.gather(*(sharing.ask(client, each, at, 20.0, answered) for each in sharing.requests(rules)))
    await client.aclose()
    return found


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_span_says_what_its_instants_say(told: tuple[str, datetime], seed: int) -> None:
    """Also of those at which a rule fails, and others do not. But for topk, which chooses among equals otherwise there."""
    url, start = told
    rules = list(dict.fromkeys([*Author(seed, chooses=False).rules(), "n @ end()", "m > scalar(n{app='1'} @ start())"]))
    rules = [rule for rule in rules if rule not in ('"text"', "m[5m]")]
    datasource = Datasource("real", url, batching=Batching())
    step = timedelta(milliseconds=150)
    first = start + timedelta(milliseconds=50)
    effect = RunRange("", "g", "real", first, first + (SPAN - 1) * step, step, timedelta(0))
    spans, instants = await by_span(datasource, rules, effect), await by_instant(datasource, rules, effect)
    assert spans == instants


async def test_metricsql_is_asked_instant_by_instant(tmp_path: Path) -> None:
    """There a selector looks back as far as the instants of a span are apart."""
    if shutil.which("victoria-metrics") is None:
        pytest.skip("victoria-metrics is not installed, so there is nobody to ask")
    with victoria.running(tmp_path) as url:
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
        victoria.load(url, series(start))
        rules = list(dict.fromkeys(Author(1, DatasourceKind.VICTORIAMETRICS).rules()))
        rules = [rule for rule in rules if not rule.startswith(("m[", '"'))]
        step = timedelta(milliseconds=150)
        effect = RunRange("", "g", "real", start + step, start + SPAN * step, step, timedelta(0))
        datasource = Datasource("real", url, DatasourceKind.VICTORIAMETRICS)
        assert await by_span(datasource, rules, effect) == await by_instant(datasource, rules, effect)


# -- a story with a gap -----------------------------------------------------------------------------------------------


@dataclass
class PastWorld:
    """A world whose clock jumps from timer to timer until `until`, and that asks a real server in between."""

    asking: Asking
    store: MemoryStore
    now: datetime
    until: datetime
    asked: list[RunQuery | RunRange] = field(default_factory=list)

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """The answers that are due, else the next timer."""
        if self.asked:
            asked, self.asked = self.asked, []
            answers: list[Event] = []
            await asyncio.gather(*self.asking.ask(asked, answers.append))
            return self.now, answers
        if timer is None or timer > self.until:
            return None
        self.now = max(self.now, timer)
        return self.now, [TimerFired()]

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Keep what is to be kept; of the rest only queries are performed."""
        self.store.commit([effect for effect in effects if isinstance(effect, Save | Forget | Note)])
        self.asked += [effect for effect in effects if isinstance(effect, RunQuery | RunRange)]


async def live(settings: Settings, store: MemoryStore, since: datetime, until: datetime) -> dict[object, object]:
    """An evaluator that is started at `since` and killed at `until`; gives the states and clocks of all alerts then."""
    patient = [replace(group, interval=timedelta(minutes=1)) for group in settings.groups]  # the past does not pass
    asking, machine = Asking(replace(settings, groups=tuple(patient))), Machine(settings, since)
    world = PastWorld(asking, store, since, until)
    await world.commit(machine.restore(store.load(), since), since)
    try:
        await drive(machine, world)
    finally:
        await asking.aclose()
    rules = [rule for group in machine.groups.values() for rule in group.rules.values()]
    return {(rule.rule.key, labels): one.life for rule in rules for labels, one in rule.alerts.items()}


def _settings(url: str, folder: Path) -> Settings:
    files = ", ".join(f"{RULES / scene}.rules.yml" for scene in SCENES if scene != "texts")
    (folder / "evaluator.yml").write_text(CONFIG % (url, files, ruler.EXTERNAL_URL))
    loaded = load(folder / "evaluator.yml", environ={})
    assert loaded.settings is not None, "\n".join(map(str, loaded.problems))
    return loaded.settings


async def test_states_and_clocks_are_those_of_a_life_without_a_gap(told: tuple[str, datetime], tmp_path: Path) -> None:
    url, start = told
    settings = _settings(url, tmp_path)
    end = start + STEPS * STEP
    whole = await live(settings, MemoryStore(), start, end)
    assert len(whole) > 20
    for down, back in ((4, 9), (7, 20), (10, 24)):
        store = MemoryStore()
        await live(settings, store, start, start + down * STEP)
        assert await live(settings, store, start + back * STEP, end) == whole
