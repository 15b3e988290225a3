"""Overrides, over HTTP and from the command line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from evaluator.config import load
from evaluator.core.settings import Settings
from evaluator.store.memory import MemoryStore
from tests.api.alertmanager import Api, serving, settings
from tests.cli.commands import in_thread
from tests.config.test_oncall import GOOD

NOW = datetime(2026, 4, 8, 12, tzinfo=UTC)  # bo is on call, 14:00 in Madrid
PATH = "/api/evaluator/v1/oncall/overrides"
WISH = {"schedule": "primary", "with": "ana", "duration": "2h", "createdBy": "eva"}


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """The schedule of the configuration's own tests."""
    (tmp_path / "evaluator.yml").write_text(GOOD)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    assert loaded.settings is not None
    return settings(duty=loaded.settings.duty)


@asynccontextmanager
async def asked(configured: Settings, store: MemoryStore | None = None) -> AsyncIterator[tuple[Api, httpx.AsyncClient]]:
    """An evaluator whose clock stands, and a client of it."""
    async with serving(configured, store) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        api.now = NOW
        yield api, client


async def on_call(client: httpx.AsyncClient) -> Any:
    (found,) = (await client.get("/api/evaluator/v1/oncall")).json()
    return [one["key"] for one in found["people"]], found["why"], found["until"]


async def test_somebody_takes_over_at_once_and_it_is_taken_back(configured: Settings) -> None:
    async with asked(configured) as (api, client):
        made = (await client.post(PATH, json={**WISH, "reason": "film"})).json()
        assert made == {
            "id": made["id"],
            "schedule": "primary",
            "state": "active",
            "from": "2026-04-08T12:00:00Z",
            "to": "2026-04-08T14:00:00Z",
            "replace": "",
            "with": "ana",
            "reason": "film",
            "createdBy": "eva",
            "configured": False,
            "remarks": [],
        }
        assert await on_call(client) == (["ana"], "override: film", "2026-04-08T14:00:00Z")
        (week,) = (await client.get("/api/evaluator/v1/oncall/calendar?weeks=1")).json()
        assert [one["why"] for one in week["shifts"]][:2] == ["override: film", "layer 1"]
        api.now += timedelta(minutes=30)
        back = (await client.delete(f"{PATH}/{made['id']}")).json()
        assert (back["state"], back["to"]) == ("over", "2026-04-08T12:30:00Z")
        assert (await on_call(client))[1] == "layer 1"
        assert [one["state"] for one in (await client.get(PATH)).json()] == []
        assert {one["state"] for one in (await client.get(f"{PATH}?over=true")).json()} == {"over"}


async def test_who_is_on_call_for_another_reason_is_on_call_still(configured: Settings) -> None:
    """Nobody is relieved by an override of somebody by themselves."""
    async with asked(configured) as (_, client):
        before = await on_call(client)
        await client.post(PATH, json={**WISH, "with": "bo"})
        assert (await on_call(client))[::2] == before[::2]


async def test_one_that_has_not_begun_leaves_no_trace(configured: Settings) -> None:
    async with asked(configured) as (_, client):
        made = (await client.post(PATH, json={**WISH, "from": "2026-04-09T09:00"})).json()
        assert (made["state"], made["from"]) == ("pending", "2026-04-09T07:00:00Z")
        assert (await client.delete(f"{PATH}/{made['id']}")).json() == {}
        gone = await client.delete(f"{PATH}/{made['id']}")
        assert gone.status_code == 404
        assert "there is no override" in gone.json()["error"]


async def test_those_of_the_configuration_are_listed_too(configured: Settings) -> None:
    async with asked(configured) as (api, client):
        api.now = datetime(2026, 3, 1, tzinfo=UTC)
        (found,) = (await client.get(PATH)).json()
        assert (found["id"], found["configured"], found["with"], found["state"]) == (None, True, "bo", "pending")
        assert (await client.get(f"{PATH}?schedule=other")).json() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"schedule": "prime"}, 'no schedule is called "prime"; those of the configuration: primary'),
        ({"with": "eve"}, 'with: nobody is called "eve"; people of the configuration: ana, bo'),
        ({"replace": "eve"}, 'replace: nobody is called "eve"'),
        ({"with": ""}, "it would change nothing; say whom to replace, with whom, or both"),
        ({"createdBy": ""}, "createdBy: say who makes it"),
        ({"duration": ""}, "say when it ends: either to, or a duration such as 8h"),
        ({"duration": "soon"}, "duration: "),
        ({"duration": "0s"}, "it ends before it begins"),
        ({"duration": "", "to": "2026-03-31T09:00", "from": "2026-03-30"}, "it would be over already"),
        ({"from": "never"}, 'from: not a time: "never"'),
        ({"from": "9999-01-01"}, "is too far away"),
        ({"with": 3}, "parsing body failed"),
        ({"whom": "ana"}, "parsing body failed"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(configured: Settings, changed: Any, said: str) -> None:
    async with asked(configured) as (api, client):
        answer = await client.post(PATH, json={**WISH, **changed})
        assert answer.status_code == 400
        assert said in answer.json()["error"]
        assert api.service.machine.overrides.table == {}


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ({"replace": "ana", "with": "bo"}, "it changes nothing: ana is not on call then"),
        ({"with": "bo"}, "it changes nothing: bo is on call then anyhow"),
        (
            {"with": "bo", "from": "2026-06-30T09:00", "duration": "3d"},
            "bo is away from 2026-07-01T00:00:00Z to 2026-07-15T00:00:00Z, and not on call then",
        ),
    ],
)
async def test_what_is_odd_is_made_and_remarked_upon(configured: Settings, changed: Any, remark: str) -> None:
    async with asked(configured) as (_, client):
        assert (await client.post(PATH, json={**WISH, **changed})).json()["remarks"][0] == remark


async def test_it_counts_after_a_restart_as_before(configured: Settings) -> None:
    async with asked(configured) as (api, client):
        await client.post(PATH, json=WISH)
        kept = tuple(api.service.machine.overrides.table.values())
    async with asked(configured) as (api, client):
        api.service.machine.overrides.restore(kept, NOW)
        assert (await on_call(client))[:2] == (["ana"], "override")


async def test_from_the_command_line(configured: Settings) -> None:
    async with asked(configured) as (api, _):
        said = await in_thread(
            *("oncall", "override", "add", "primary", "--with", "ana", "--replace", "bo", "--for", "8h"),
            *("--reason", "film", "--as", "eva", "--url", api.url),
        )
        assert (said.code, said.err) == (0, "")
        name = said.out.strip()
        listed = await in_thread("oncall", "override", "list", "--url", api.url)
        row = ["primary", "active", "2026-04-08T12:00:00Z", "2026-04-08T20:00:00Z", "bo", "ana", "eva", "film"]
        assert listed.out.splitlines()[1].split() == [name, *row]
        found = await in_thread("oncall", "override", "list", "--schedule", "primary", "--json", "--url", api.url)
        assert [one["id"] for one in json.loads(found.out)] == [name]
        assert (await in_thread("oncall", "override", "remove", name, "--url", api.url)).code == 0
        wrong = await in_thread("oncall", "override", "remove", "nothing", "--url", api.url)
        assert (wrong.code, wrong.out) == (1, "")
        assert "there is no override nothing" in wrong.err
        odd = await in_thread("oncall", "override", "add", "primary", "--with", "bo", "--for", "1h", "--url", api.url)
        assert odd.err == "evaluator: it changes nothing: bo is on call then anyhow\n"
        refused = await in_thread("oncall", "override", "add", "prime", "--with", "bo", "--for", "1h", "--url", api.url)
        assert (refused.code, refused.err[:40]) == (1, 'evaluator: no schedule is called "prime"')
