"""Who is on call, over HTTP and from the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from evaluator.config import load
from evaluator.core.settings import Settings
from tests.api.alertmanager import serving, settings
from tests.cli.commands import in_thread
from tests.config.test_oncall import GOOD

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """Settings with the schedule of the configuration's own tests."""
    (tmp_path / "evaluator.yml").write_text(GOOD)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    assert loaded.settings is not None
    return settings(duty=loaded.settings.duty)


async def test_now_and_at_another_time(configured: Settings) -> None:
    async with serving(configured, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        (now,) = (await client.get("/api/evaluator/v1/oncall")).json()
        assert now == {
            "schedule": "primary",
            "at": "2026-03-02T12:00:00Z",
            "people": [{"key": "bo", "name": "bo"}],
            "why": "override: dentist",
            "until": "2026-03-03T08:00:00Z",
            "next": [{"key": "ana", "name": "Ana Ruiz"}],
        }
        (later,) = (await client.get("/api/evaluator/v1/oncall", params={"at": "2026-03-10T09:00+01:00"})).json()
        assert (later["people"], later["why"]) == ([{"key": "bo", "name": "bo"}], "layer 1")


async def test_the_weeks_to_come(configured: Settings) -> None:
    (primary,) = configured.duty.schedules
    bare = replace(configured, duty=replace(configured.duty, schedules=(replace(primary, fallback=()),)))
    async with serving(bare, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        query = {"weeks": "4", "from": "2026-06-22T07:00Z"}
        (found,) = (await client.get("/api/evaluator/v1/oncall/calendar", params=query)).json()
    assert [(one["from"], [who["key"] for who in one["people"]]) for one in found["shifts"]] == [
        ("2026-06-22T07:00:00Z", ["ana"]),
        ("2026-06-29T07:00:00Z", ["bo"]),
        ("2026-07-01T00:00:00Z", []),
        ("2026-07-06T07:00:00Z", ["ana"]),
        ("2026-07-13T07:00:00Z", []),
        ("2026-07-15T00:00:00Z", ["bo"]),
    ]
    assert found["uncovered"][0] == {"from": "2026-07-01T07:00:00Z", "to": "2026-07-01T16:00:00Z"}
    assert len(found["uncovered"]) == 5


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("oncall?at=soon", 'at: not a time: "soon"'),
        ("oncall?schedule=prime", 'no schedule is called "prime"'),
        ("oncall/calendar?weeks=0", "weeks: a whole number from 1 to 53"),
        ("oncall/calendar?weeks=many", "weeks: a whole number from 1 to 53"),
        ("oncall/calendar?from=9999-01-01", "is too far away"),
    ],
)
async def test_what_cannot_be_asked(configured: Settings, path: str, said: str) -> None:
    async with serving(configured) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        answer = await client.get(f"/api/evaluator/v1/{path}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


async def test_from_the_command_line(configured: Settings) -> None:
    async with serving(configured, clock=lambda: NOW) as api:
        now = await in_thread("oncall", "now", "--url", api.url, env={"TZ": "UTC"})
        assert now.out.splitlines()[1].split() == (
            ["primary", "bo", "override:", "dentist", "Tue", "2026-03-03", "08:00", "UTC", "Ana", "Ruiz"]
        )
        found = await in_thread("oncall", "at", "2026-03-09T08:00", "--json", "--url", api.url)
        assert json.loads(found.out)[0]["people"] == [{"key": "bo", "name": "bo"}]
        weeks = await in_thread("oncall", "calendar", "--weeks", "1", "--url", api.url)
        assert [line.split()[-2:] for line in weeks.out.splitlines()[1:]] == [["override:", "dentist"], *2 * [["layer", "1"]]]
        wrong = await in_thread("oncall", "at", "soon", "--url", api.url)
        assert (wrong.code, wrong.out) == (1, "")
        assert 'not a time: "soon"' in wrong.err


async def test_without_schedules_the_command_says_what_to_write() -> None:
    async with serving() as api:
        ended = await in_thread("oncall", "now", "--url", api.url)
    assert ended.code == 1
    assert ended.err == "evaluator: the configuration has no schedules; add schedules: {NAME: {layers: […]}}\n"
