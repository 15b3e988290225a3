"""One run for all tests: a Prometheus that evaluates the rules over the story, and the evaluator on the same."""

from __future__ import annotations

import asyncio
import io
import shutil
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.api.app import make_app
from evaluator.config import load
from evaluator.core.evaluation.evaluation import EPOCH, slot_offset
from evaluator.core.settings import Settings
from evaluator.service.listening import bind
from evaluator.service.run import Service
from evaluator.store.memory import MemoryStore
from tests.conformance import ruler
from tests.conformance.remote_write import push
from tests.conformance.replay import replay
from tests.conformance.story import STEP, STEPS, told_from
from tests.conformance.trace import Json, Look, Trace, Written, group_of, pairs, trace_of

RULES = Path(__file__).parent / "rules"
MILLISECOND = timedelta(milliseconds=1)
SCENES = ("alerts", "texts", "recorded", "departures")  # played again for the evaluator; `live` runs beside Prometheus

CONFIG = """
datasources: [{name: prometheus, url: "%s"}]
rule_files: [%s]
external_labels: {cluster: eu-1, replica: a}
external_url: %s
"""


@dataclass(frozen=True)
class Run:
    """What both rulers showed.

    start: of the story. slots: of Prometheus, by the name of the group. theirs: what Prometheus showed, where it was caught
    between two slots; states, since: what it wrote as ALERTS and ALERTS_FOR_STATE. ours: what the evaluator showed, at every
    slot. live: the evaluator beside Prometheus, at its own slots. groups: the group of both that lives so, as last seen.
    """

    start: datetime
    slots: dict[str, list[datetime]]
    theirs: Trace
    states: Written
    since: Written
    ours: Trace
    live: Trace
    groups: tuple[Json, Json]

    def step(self, slot: datetime) -> int:
        """The step of the story in which a slot falls; negative before it begins."""
        return (slot - self.start) // STEP

    def need_every_step(self, group: str) -> None:
        """Skip a test that says when something happens, where Prometheus was too slow for that."""
        if not set(range(STEPS)) <= set(map(self.step, self.slots[group])):
            pytest.skip("Prometheus missed slots, so its alerts lived otherwise: the machine is too busy")


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole story, told once."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed, so there is nothing to conform to")
    folder = tmp_path_factory.mktemp("conformance")
    with ruler.running(folder, RULES / "*.rules.yml") as url:
        start = _beginning(url, folder)
        end = start + STEPS * STEP
        push(url, told_from(start))
        theirs, live = asyncio.run(_both(url, folder, end))
        slots = _slots(url, end)
        ours = replay(_settings(url, folder, *SCENES), slots)
        states, since = _written(url, "ALERTS", end), _written(url, "ALERTS_FOR_STATE", end)
        groups = (group_of(theirs[-1], "live"), group_of(live[-1], "live"))
        return Run(start, slots, trace_of(theirs), states, since, ours, trace_of(live, together=True), groups)


def _beginning(url: str, folder: Path) -> datetime:
    """A little before a whole second to come, so that neither a group's slot nor a subquery's point is at a sample's instant.

    There it would matter whether the edge of a range belongs to it, which versions of Prometheus answer differently.
    """
    own = [EPOCH + slot_offset(group) for group in _settings(url, folder, "live").groups]
    taken = [*own, *_first_slots(url)]
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2) - MILLISECOND
    while any((slot - start) % STEP < MILLISECOND for slot in taken):
        start -= MILLISECOND
    return start


def _first_slots(url: str) -> list[datetime]:
    """Of every group of Prometheus; the last of them comes an interval after its start."""
    for _ in range(200):
        slots = _slots(url, datetime.now(UTC))
        if len(slots) == ruler.groups(url):
            return [first for first, *_ in slots.values()]
        time.sleep(0.05)
    raise AssertionError(f"only these groups are evaluated: {sorted(slots)}")


def _settings(url: str, folder: Path, *scenes: str) -> Settings:
    files = ", ".join(f"{RULES / scene}.rules.yml" for scene in scenes)
    path = folder / f"{scenes[0]}.yml"
    path.write_text(CONFIG % (url, files, ruler.EXTERNAL_URL))
    loaded = load(path, environ={})
    assert loaded.settings is not None, "\n".join(map(str, loaded.problems))
    return loaded.settings


async def _both(url: str, folder: Path, until: datetime) -> tuple[list[Look], list[Look]]:
    """Prometheus as it goes through the story, and the service beside it."""
    settings = _settings(url, folder, "live")
    service = Service(settings, lambda: settings, MemoryStore(), io.StringIO())
    with bind("127.0.0.1", 0) as listener:
        own = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = asyncio.create_task(service.run(make_app, listener))
        looks = await asyncio.gather(ruler.watch(url, until), ruler.watch(own, until))
        service.stop()
        await running
    return looks


def _slots(url: str, until: datetime) -> dict[str, list[datetime]]:
    """By the name of the group, from the first evaluation to the end of the story."""
    recorded = ruler.written(url, "evaluated_at", until)
    return {labels["group"]: [at for at, _ in samples if at < until] for labels, samples in recorded}


def _written(url: str, metric: str, until: datetime) -> Written:
    """The series that Prometheus writes about alerts, without the bare template of a label that came out empty.

    The alert does not have such a label; only these series do.
    """
    found: Written = defaultdict(set)
    for labels, samples in ruler.written(url, metric, until):
        shown = {name: value for name, value in labels.items() if name != "__name__" and "{{" not in value}
        for slot, value in samples:
            found[labels["alertname"], slot].add((pairs(shown), value))
    return dict(found)
