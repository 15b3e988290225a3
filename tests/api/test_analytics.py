"""Figures over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evaluator.core.oncall.oncall import Away
from evaluator.core.oncall.people import Duty, Person
from tests.api.alertmanager import START
from tests.api.fire_brigade import BASE, Brigade, brigade, configured
from tests.core.incidents.ladder import UTC_ZONE, duty


async def night(one: Brigade) -> None:
    """One incident is acknowledged after 7 minutes, and labelled; nobody answers to the other."""
    await one.fire()
    await one.pass_time(420)
    await one.act("ack", by="bo")
    await one.act("label", label="duplicate", by="bo")
    await one.fire(alertname="Slow")
    await one.pass_time(60)


async def test_figures_say_how_many_they_are_of() -> None:
    async with brigade() as one:
        await night(one)
        found = await one.get("/analytics")
        times: dict[str, Any] = found["acknowledge"]
        assert (found["incidents"], times["n"], times["never"], times["never_share"]) == (2, 1, 1, 0.5)
        assert (times["median_seconds"], times["mean_seconds"]) == (420, 420)
        assert found["answered_by_level"] == {"1": 1}
        assert (found["resolve"]["n"], found["resolve"]["never"]) == (0, 2)
        assert [each["id"] for each in found["unacknowledged"]] == [2]
        assert {each["person"]: each["pages"] for each in found["people"]} == {"ana": 2, "bo": 1}
        assert (found["noise"]["labelled"], found["noise"]["noisy"]) == (1, 1)
        assert [(each["rule"], each["pages"]) for each in found["rules"]] == [("Down", 2), ("Slow", 1)]


@pytest.mark.parametrize(
    ("query", "incidents"),
    [
        ({}, 2),
        ({"since": "5m"}, 1),
        ({"since": "1h", "until": "5m"}, 1),
        ({"since": START.isoformat()}, 2),
        ({"since": "2026-03-01T12:07:00"}, 1),
        ({"since": "2025-01-01", "until": "2025-06-01"}, 0),
    ],
)
async def test_a_stretch_is_given_by_times_or_spans(query: dict[str, str], incidents: int) -> None:
    async with brigade() as one:
        await night(one)
        assert (await one.get("/analytics", **query))["incidents"] == incidents


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"since": "last week"}, 'since: neither a time nor a duration: "last week"; write it as 2026-03-02T09:00Z, or as 7d'),
        ({"until": "9999-01-01"}, 'until: "9999-01-01" is too far away'),
        ({"since": "1h", "until": "2h"}, "since: must be before until"),
        ({"since": "290y"}, 'since: "290y" is too far away'),
    ],
)
async def test_what_makes_no_sense_is_refused(query: dict[str, str], error: str) -> None:
    async with brigade() as one:
        for path in ("/analytics", "/analytics/report"):
            answer = await one.client.get(BASE + path, params=query)
            assert answer.status_code == 400
            assert answer.json()["error"] == error


async def test_the_report_is_on_the_clock_that_is_asked_for() -> None:
    """And names the hours to come at which nobody is on call."""
    async with brigade(configured(duty=vacant())) as one:
        await night(one)
        answer = await one.client.get(f"{BASE}/analytics/report", params={"time_zone": "Asia/Tokyo"})
        assert answer.headers["content-type"].startswith("text/markdown")
        text = answer.text
        assert "to Sun 2026-03-01 21:08 (Asia/Tokyo)" in text
        assert "| TTA (first page to answer) | 1 | 7m | not enough data | not enough data |" in text
        assert "| primary | Sun 2026-03-08 09:00 | Sun 2026-03-29 21:08 |" in text
        refused = await one.client.get(f"{BASE}/analytics/report", params={"time_zone": "Mars"})
        assert "time_zone: unknown time zone" in refused.json()["error"]


def vacant() -> Duty:
    """Ana is on call, and away from the next Sunday on."""
    away = Away(START.replace(hour=0) + timedelta(days=7), START + timedelta(days=60))
    return duty([Person("ana", "Ana", UTC_ZONE, contacts={"sms": "+ana"}, away=(away,))])
