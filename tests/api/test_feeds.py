"""Calendars of who is on call, at secret addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from evaluator.config import load
from evaluator.core.http import Secret
from evaluator.core.settings import Settings
from tests.api.alertmanager import serving, settings
from tests.cli.commands import in_thread
from tests.config.test_oncall import GOOD

NOW = datetime(2026, 4, 8, 12, tzinfo=UTC)
SECRET = Secret("correct horse battery staple")


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    """The schedule of the configuration's own tests, a secret, and an address."""
    (tmp_path / "evaluator.yml").write_text(GOOD)
    loaded = load(tmp_path / "evaluator.yml", environ={})
    assert loaded.settings is not None
    duty = replace(loaded.settings.duty, feed_secret=SECRET)
    return settings(duty=duty, external_url="https://alerts.example.org/")


def with_secret(configured: Settings, secret: Secret | None) -> Settings:
    return replace(configured, duty=replace(configured.duty, feed_secret=secret))


async def addresses(client: httpx.AsyncClient) -> dict[tuple[str, str], str]:
    """Paths, by what they are of."""
    found = (await client.get("/api/evaluator/v1/oncall/feeds")).json()
    return {(one["kind"], one["name"]): one["url"].removeprefix("https://alerts.example.org") for one in found}


def events(text: str) -> list[tuple[str, str, str]]:
    """Beginning, end and title, as programs read them."""
    found: list[Any] = list(Calendar.from_ical(text).walk("VEVENT"))
    return [(f"{one.start:%m-%dT%H:%M%z}", f"{one.end:%m-%dT%H:%M%z}", str(one["SUMMARY"])) for one in found]


async def test_the_calendar_of_a_schedule_and_of_a_person(configured: Settings) -> None:
    async with serving(configured, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        known = await addresses(client)
        assert set(known) == {("schedule", "primary"), ("person", "ana"), ("person", "bo")}
        schedule = await client.get(known["schedule", "primary"])
        assert schedule.headers["content-type"] == "text/calendar; charset=utf-8"
        assert events(schedule.text)[:3] == [
            ("03-09T00:00+0000", "03-09T08:00+0000", "Ana Ruiz"),
            ("03-09T08:00+0000", "03-16T08:00+0000", "bo"),
            ("03-16T08:00+0000", "03-23T08:00+0000", "Ana Ruiz"),
        ]
        person = events((await client.get(known["person", "bo"])).text)
        assert ("03-30T07:00+0000", "04-06T07:00+0000", "On call: primary") not in person
        assert ("04-06T07:00+0000", "04-13T07:00+0000", "On call: primary") in person


async def test_overrides_that_people_made_are_in_it_and_gaps_are_said(configured: Settings) -> None:
    (primary,) = configured.duty.schedules
    bare = replace(configured, duty=replace(configured.duty, schedules=(replace(primary, fallback=()),)))
    async with serving(bare, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        wish = {"schedule": "primary", "with": "ana", "duration": "2h", "createdBy": "eva", "reason": "film"}
        await client.post("/api/evaluator/v1/oncall/overrides", json=wish)
        found = events((await client.get((await addresses(client))["schedule", "primary"])).text)
        assert ("04-08T12:00+0000", "04-08T14:00+0000", "Ana Ruiz") in found
        assert ("07-01T07:00+0000", "07-01T16:00+0000", "Nobody is on call") in found


async def test_what_stays_the_same_keeps_its_name(configured: Settings) -> None:
    """So a program that reads the calendar again an hour later changes nothing."""
    now = NOW
    async with (
        serving(configured, clock=lambda: now) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False) as client,
    ):
        path = (await addresses(client))["schedule", "primary"]
        first = {str(one["UID"]) for one in Calendar.from_ical((await client.get(path)).text).walk("VEVENT")}
        now += timedelta(hours=1)
        second = {str(one["UID"]) for one in Calendar.from_ical((await client.get(path)).text).walk("VEVENT")}
        assert len(first - second) <= 1  # the last one is cut off where the calendar ends


async def test_whatever_is_no_address_is_the_same_404(configured: Settings) -> None:
    async with serving(configured, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        right = (await addresses(client))["person", "bo"]
        wrong = [
            right.replace(".ics", "x.ics"),
            right.replace(right[8], "_"),
            "/ical/.ics",
            "/ical/primary.ics",
            f"/ical/{'a' * 5000}.ics",
        ]
        answers = [await client.get(path) for path in wrong]
    assert {(one.status_code, one.text) for one in answers if one.url.path != "/ical/.ics"} == {
        (404, "there is no such calendar\n")
    }
    assert {one.status_code for one in answers} == {404}


async def test_another_secret_makes_all_addresses_new_and_none_gives_out_nothing(configured: Settings, tmp_path: Path) -> None:
    found = []
    for secret in (SECRET, Secret("another horse battery staple"), None, Secret(path=tmp_path / "not there")):
        other = with_secret(configured, secret)
        async with serving(other, clock=lambda: NOW) as api, httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
            found.append(await addresses(client))
            answers = [await client.get(path) for path in found[0].values()]
            assert {one.status_code for one in answers} == {200 if secret == SECRET else 404}
    assert not set(found[0].values()) & set(found[1].values())
    assert found[2:] == [{}, {}]


async def test_from_the_command_line(configured: Settings) -> None:
    async with serving(configured, clock=lambda: NOW) as api:
        said = await in_thread("oncall", "feeds", "--url", api.url)
        rows = {tuple(line.split()[:2]): line.split()[-1] for line in said.out.splitlines()}
        assert rows["schedule", "primary"].startswith("https://alerts.example.org/ical/")
    async with serving(with_secret(configured, None), clock=lambda: NOW) as api:
        said = await in_thread("oncall", "feeds", "--url", api.url)
        assert (said.code, said.out) == (1, "")
        assert "add oncall: {feed_secret: …}" in said.err
