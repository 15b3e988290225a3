"""The service while its own house is not in order: a store that refuses, a clock that jumps, another writer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from evaluator.service import world
from evaluator.store.base import StoreError, SupersededError
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector
from tests.service.test_world import Moody

pytestmark = pytest.mark.realtime


class Clock:
    """The system's, and how far it has been set off."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        """Now, as it says."""
        return datetime.now(UTC) + self.off


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naps and pauses that a test can wait for."""
    monkeypatch.setattr(world, "NAP", 0.05)
    monkeypatch.setattr(world, "BETWEEN_COMMITS", 0.05)


def stage(folder: Path, datasource: Datasource, webhook: Webhook) -> None:
    """One rule that fires."""
    write_config(folder, datasource.url, webhook.url)
    write_rules(folder, "Down: down")
    datasource.answers = {"down": vector({"job": "a"})}


async def test_nobody_is_told_what_could_not_be_kept(tmp_path: Path) -> None:
    """Health says why, and the first page is sent when the disk takes it; nothing was lost meanwhile."""
    store = Moody(*[StoreError("the disk is full")] * 8)
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path, store) as evaluator:
            await until(lambda: evaluator.service.unhealthy)
            answer = await evaluator.ask("/-/healthy")
            assert (answer.status_code, answer.text) == (503, "the store refuses: the disk is full\n")
            assert webhook.told == []
            await until(evaluator.accepted)
            assert (await evaluator.ask("/-/healthy")).status_code == 200
            assert (await evaluator.metrics())["evaluator_commits_refused_total"] == 8
        assert webhook.heard("Down") == ["firing"]


async def test_who_asks_while_the_store_begins_to_refuse_is_told_so(tmp_path: Path) -> None:
    """At once, though it is not known before; and it is done when the store takes it."""
    store = Moody()
    silence = {"matchers": ["job=a"], "duration": "2h", "createdBy": "ana", "comment": "disks"}
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path, store) as evaluator:
            await until(evaluator.accepted)
            store.errors = [StoreError("the disk is full")] * 100_000
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                answer = await client.post(f"{evaluator.url}/api/evaluator/v1/silences", json=silence)
            assert answer.status_code == 503
            assert "the disk is full" in answer.text
            store.errors = []
            await until(lambda: not evaluator.service.unhealthy)
            listed = (await evaluator.ask("/api/v2/silences")).json()
    assert [one["comment"] for one in listed] in ([], ["disks"])  # nothing, if it was known when the request came


async def test_a_clock_set_back(tmp_path: Path) -> None:
    """No slot is evaluated again; health says what is the matter, and a clock put right puts it right."""
    clock = Clock()
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path, clock=clock) as evaluator:
            await until(evaluator.accepted)
            clock.off = -timedelta(hours=1)
            answer = await evaluator.ask("/-/healthy")
            assert answer.status_code == 503
            assert "the clock was set back" in answer.text
            assert "restart" in answer.text
            clock.off = timedelta(0)
            assert (await evaluator.ask("/-/healthy")).status_code == 200
            await datasource.keeps_asked("down")
        assert webhook.heard("Down") == ["firing"]


async def test_a_clock_set_forward(tmp_path: Path) -> None:
    """The slots in between are counted as missed, evaluation goes on at once, and what fires goes on firing."""
    clock = Clock()
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path, clock=clock) as evaluator:
            await until(evaluator.accepted)
            clock.off = timedelta(minutes=10)
            await datasource.keeps_asked("down")
            metrics = await evaluator.metrics()
            assert metrics['prometheus_rule_group_iterations_missed_total{rule_group="rules.yml;g"}'] >= 2999
            assert await evaluator.fires("Down")
        assert webhook.heard("Down") == ["firing"]


async def test_another_writer_ends_the_service(tmp_path: Path) -> None:
    """It does not go on without a memory."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        with pytest.raises(SupersededError, match="another process"):
            async with living(tmp_path, Moody(SupersededError("another process writes to it now"))) as evaluator:
                await evaluator.ended()
        assert webhook.told == []
