"""Reloads are all or nothing, and change nothing where nothing has changed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.service.scene import Evaluator, Living, living, write_config, write_rules
from tests.service.servers import Datasource, Webhook, until, vector

pytestmark = pytest.mark.realtime

SUCCESSFUL = "prometheus_config_last_reload_successful"


def stage(folder: Path, datasource: Datasource, webhook: Webhook) -> None:
    """Two rules; one fires, one is pending."""
    write_config(folder, datasource.url, webhook.url)
    write_rules(folder, "Told: told", "Waits: waits, for: 1h")
    datasource.answers = {expr: vector({"job": "a"}) for expr in ("told", "waits", "new")}


async def next_slots(evaluator: Living, more: int = 2) -> None:
    """Wait for so many slots of the rule group."""
    (group,) = evaluator.service.machine.groups.values()
    begun = group.iterations
    await until(lambda: group.iterations >= begun + more)


async def test_an_unchanged_configuration_changes_nothing(tmp_path: Path) -> None:
    """Neither clocks nor timers move, slots go on, and nobody is told anything."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            before = (await evaluator.clocks(), await evaluator.timers("Told"))
            (group,) = evaluator.service.machine.groups.values()
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            assert list(evaluator.service.machine.groups.values()) == [group]
            await next_slots(evaluator)
            assert (await evaluator.clocks(), await evaluator.timers("Told")) == before
        assert webhook.heard("Told") == ["firing"]


async def test_a_mistake_refuses_the_whole_reload(tmp_path: Path) -> None:
    """The answer names file and line, the metric says so, and the rules of before go on; a good file heals it."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            write_rules(tmp_path, "Told: told", "New: new", "Wrong: sum(")
            refused = await evaluator.ask("/-/reload", "POST")
            assert refused.status_code == 500
            assert f"failed to reload config: {tmp_path}/rules.yml:7:" in refused.text
            assert (await evaluator.metrics())[SUCCESSFUL] == 0
            assert (await evaluator.ask("/api/v1/status/runtimeinfo")).json()["data"]["reloadConfigSuccess"] is False
            assert sorted(await evaluator.rules()) == ["Told", "Waits"]
            await next_slots(evaluator)
            write_rules(tmp_path, "Told: told", "Waits: waits, for: 1h", "New: new")
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            assert (await evaluator.metrics())[SUCCESSFUL] == 1
            await until(lambda: webhook.heard("New"))
        assert webhook.heard("Told") == ["firing"]


async def test_a_changed_rule_keeps_its_clock(tmp_path: Path) -> None:
    """The pending alert of an edited rule goes on from its `activeAt`; a shorter `for` lets it fire in its next slot."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            before = await evaluator.clocks()
            write_rules(tmp_path, "Told: told", "Waits: waits, for: 1ms")
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            assert await evaluator.clocks() == before
            await until(lambda: webhook.heard("Waits"))
            assert (await evaluator.clocks())["Waits"] == ("firing", before["Waits"][1])
        assert webhook.heard("Told") == ["firing"]


async def test_a_removed_rule_resolves_and_says_why(tmp_path: Path) -> None:
    """Whoever was told of its alert is told that it is over, and that the rule was removed."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            write_rules(tmp_path, "Waits: waits, for: 1h")
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            await until(lambda: webhook.heard("Told") == ["firing", "resolved"])
            resolved = webhook.told[-1]
            assert resolved["evaluator"]["why"] == {resolved["alerts"][0]["fingerprint"]: "rule removed"}


async def test_new_receivers_and_datasources_take_effect(tmp_path: Path) -> None:
    """Queries go to the new server from the next slot on, and whoever is new is told what fires."""
    async with Datasource() as datasource, Datasource() as other, Webhook() as webhook, Webhook() as second:
        stage(tmp_path, datasource, webhook)
        other.answers = datasource.answers
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            write_config(tmp_path, other.url, second.url)
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            asked = len(datasource.requests)
            await other.keeps_asked("told")
            assert len(datasource.requests) == asked
        assert webhook.heard("Told") == ["firing"]


@pytest.mark.slow
async def test_who_is_not_configured_any_more_hears_of_the_end(tmp_path: Path) -> None:
    """A receiver that a reload takes away was told that something fires: it is told that this is over for it."""
    async with Datasource() as datasource, Webhook() as webhook, Webhook() as other:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            await until(lambda: evaluator.has_told("Told"))
            config = (tmp_path / "evaluator.yml").read_text().replace("hook\n", "other\n").replace(webhook.url, other.url)
            (tmp_path / "evaluator.yml").write_text(config)
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
            await until(lambda: webhook.heard("Told") == ["firing", "resolved"])
            await until(lambda: other.heard("Told") == ["firing"])
            assert [one.name for one in evaluator.service.settings.leaving] == ["hook"]
            assert (await evaluator.ask("/-/reload", "POST")).status_code == 200
        assert webhook.heard("Told") == ["firing", "resolved"]


async def test_sighup_reloads(tmp_path: Path) -> None:
    """As POST /-/reload; a mistake is in the log, and the process lives on."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with Evaluator(tmp_path) as evaluator:
            write_rules(tmp_path, "Wrong: sum(")
            evaluator.signal(signal.SIGHUP)
            await until(lambda: any("rules.yml:5:" in line.get("problem", "") for line in evaluator.log))
            write_rules(tmp_path, "New: new")
            evaluator.signal(signal.SIGHUP)
            await until(lambda: webhook.heard("New"))
            assert (await evaluator.metrics())[SUCCESSFUL] == 1


async def test_only_posts_reload(tmp_path: Path) -> None:
    """A GET, which any page can make a browser send, does not."""
    async with Datasource() as datasource, Webhook() as webhook:
        stage(tmp_path, datasource, webhook)
        async with living(tmp_path) as evaluator:
            assert (await evaluator.ask("/-/reload")).status_code == 405
