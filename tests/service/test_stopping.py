"""SIGTERM: nothing new begins, what is in flight ends and its outcome is kept, exit code 0; a second one does not wait."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.service.scene import Evaluator, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = [pytest.mark.realtime, pytest.mark.slow]


def stage(folder: Path, datasource: Datasource, webhook: Webhook) -> None:
    """One rule that fires."""
    write_config(folder, datasource.url, webhook.url)
    write_rules(folder, "Told: told")
    datasource.answers = {"told": vector({"job": "a"})}


async def test_what_is_in_flight_is_finished(tmp_path: Path) -> None:
    """The delivery that was under way is remembered as told, so the next run does not repeat it."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        webhook.hold()
        async with Evaluator(tmp_path) as evaluator:
            await webhook.held.wait()
            evaluator.signal(signal.SIGTERM)
            await evaluator.logged("stopping")
            webhook.release()
            assert await evaluator.ends() == 0
            assert [line["event"] for line in evaluator.log][-2:] == ["accepted", "stopped"]
        async with Evaluator(tmp_path) as evaluator:
            await datasource.keeps_asked("told")
            evaluator.signal(signal.SIGINT)
            assert await evaluator.ends() == 0
        assert webhook.heard("Told") == ["firing"]


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    """A webhook that never answers holds up the first SIGTERM; the second ends it, and the row waits for the next run."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        webhook.hold()
        async with Evaluator(tmp_path) as evaluator:
            await webhook.held.wait()
            evaluator.signal(signal.SIGTERM)
            await evaluator.logged("stopping")
            evaluator.signal(signal.SIGTERM)
            assert await evaluator.ends() == 0
        webhook.release()
        async with Evaluator(tmp_path):
            await until(lambda: len(webhook.told) == 2)
        assert webhook.told[0]["evaluator"]["id"] == webhook.told[1]["evaluator"]["id"]


async def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """A full disk under the log costs lines; the page is sent."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with Evaluator(tmp_path, log_to=Path("/dev/full")) as evaluator:
            await until(lambda: webhook.heard("Told"))
            assert evaluator.process.exitcode is None
            evaluator.signal(signal.SIGTERM)
            assert await evaluator.ends() == 0
