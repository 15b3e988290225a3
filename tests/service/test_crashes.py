"""Killed at any point and started again, the evaluator goes on where it was: clocks, timers, and what is yet to be told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.child import AtCommit, BeforeDelivering
from tests.service.scene import Evaluator, Surface, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = [pytest.mark.realtime, pytest.mark.slow]


def outbox(folder: Path) -> list[str]:
    """Ids of the notifications that were decided and not accepted."""
    with closing(sqlite3.connect(folder / "evaluator.db")) as database:
        return [ident for (ident,) in database.execute("select id from outbox")]


async def test_killed_while_it_asks(tmp_path: Path) -> None:
    """A query in flight is asked again in a later slot; clocks, group timers and the ledger are those of before."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url, group_interval="1h")
        write_rules(tmp_path, "Told: told", "Waits: waits, for: 1h", "Joins: joins")
        datasource.answers = {"told": vector({"job": "a"}), "waits": vector({"job": "a"}), "joins": vector({"job": "a"})}
        async with Evaluator(tmp_path) as evaluator:
            await until(lambda: len(webhook.told) == 2)
            datasource.answers["joins"] = vector({"job": "a"}, {"job": "b"})
            await until(lambda: joined(evaluator))
            before, waited = await evaluator.clocks(), await evaluator.timers("Told", "Joins")
            datasource.hold()
            await datasource.held.wait()
            await evaluator.kill()
        async with Evaluator(tmp_path) as evaluator:
            assert await evaluator.clocks() == before
            assert await evaluator.timers("Told", "Joins") == waited
            datasource.release()
            await datasource.keeps_asked("told")
            assert await evaluator.clocks() == before
        assert (webhook.heard("Told"), webhook.heard("Joins")) == (["firing"], ["firing"])


async def joined(evaluator: Surface) -> bool:
    """Whether the second alert waits in its group for the next flush."""
    groups = await evaluator.groups()
    return len(groups["Joins"]["alerts"]) == 2 and groups["Joins"]["nextFlush"] is not None


async def test_for_goes_on_over_a_kill(tmp_path: Path) -> None:
    """A pending alert fires when its `for` has passed since it was first seen, whatever happened to the process since."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Slow: slow, for: 2s")
        datasource.answers = {"slow": vector({"job": "a"})}
        async with Evaluator(tmp_path) as evaluator:
            state, active_at = (await until(evaluator.clocks))["Slow"]
            assert state == "pending"
            await datasource.keeps_asked("slow", 1)
            await evaluator.kill()
        async with Evaluator(tmp_path) as evaluator:
            await until(lambda: webhook.told)
            assert await evaluator.clocks() == {"Slow": ("firing", active_at)}


async def test_killed_between_commit_and_delivery(tmp_path: Path) -> None:
    """What was decided arrives after the restart, once: that the alert fires, and in another life that it is over."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Told: told")
        datasource.answers = {"told": vector({"job": "a"})}
        for status in ("firing", "resolved"):
            async with Evaluator(tmp_path, dies=BeforeDelivering()) as evaluator:
                assert await evaluator.ends() == -9
            decided, heard = outbox(tmp_path), len(webhook.told)
            async with Evaluator(tmp_path) as evaluator:
                await until(evaluator.accepted)
                await datasource.keeps_asked("told")
                await evaluator.kill()
            told = [(body["status"], body["evaluator"]["id"]) for body in webhook.told[heard:]]
            assert told == [(status, ident) for ident in decided]
            datasource.answers = {}
        assert webhook.heard("Told") == ["firing", "resolved"]


async def test_killed_while_it_delivers(tmp_path: Path) -> None:
    """A delivery in flight is repeated with the same id; what was accepted before is not."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Before: before", "Flies: flies")
        datasource.answers = {"before": vector({"job": "a"})}
        async with Evaluator(tmp_path) as evaluator:
            await until(evaluator.accepted)
            webhook.hold()
            datasource.answers["flies"] = vector({"job": "a"})
            await webhook.held.wait()
            await evaluator.kill()
        webhook.release()
        async with Evaluator(tmp_path) as evaluator:
            await until(evaluator.accepted)
            await datasource.keeps_asked("flies")
        assert (webhook.heard("Before"), webhook.heard("Flies")) == (["firing"], ["firing", "firing"])
        assert webhook.told[1] == webhook.told[2]
        assert outbox(tmp_path) == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2])
async def test_killed_at_a_commit(tmp_path: Path, number: int, after: bool) -> None:
    """The alert and what is told of it are kept, the delivery is noted: whichever is the last, people hear of it and its end.

    Only what was accepted without being noted is told twice, and then with the same id.
    """
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Told: told")
        datasource.answers = {"told": vector({"job": "a"})}
        async with Evaluator(tmp_path, dies=AtCommit(number, after)) as evaluator:
            assert await evaluator.ends() == -9
        async with Evaluator(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            datasource.answers = {}
            await until(lambda: webhook.heard("Told")[-1] == "resolved")
            await datasource.keeps_asked("told")
        twice = (number, after) == (2, False)
        assert webhook.heard("Told") == ["firing"] * (1 + twice) + ["resolved"]
        assert len({body["evaluator"]["id"] for body in webhook.told}) == 2
