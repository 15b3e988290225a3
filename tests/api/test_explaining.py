"""Why an alert was, or was not, sent: over HTTP and in a terminal. The reasons themselves are core's to show."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from evaluator.core.labels import Labels
from evaluator.core.records import Attempt
from evaluator.core.routing import Route
from evaluator.core.settings import ConsoleSettings, Integration, Receiver
from tests.api.alertmanager import Api, serving, settings
from tests.cli.commands import in_thread
from tests.service.servers import until

RECEIVER = Receiver("team", (Integration("console", 0, True, ConsoleSettings()),))
PAGE = Labels({"alertname": "Posted", "severity": "page"})

pytestmark = pytest.mark.realtime


def told() -> object:
    return settings(receivers=(RECEIVER,), route=Route("team", group_wait=timedelta(0)))


async def explained(api: Api, prefix: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=api.url, trust_env=False) as client:
        return await client.get(f"/api/evaluator/v1/alerts/{prefix}/explain")


async def test_an_alert_that_was_sent() -> None:
    """Who asserts it, where it goes, what was told when, and when that is repeated."""
    async with serving(told()) as api:  # type: ignore[arg-type]
        await api.fire(**PAGE.as_dict())
        await until(lambda: api.service.store.history(Attempt))
        body = (await explained(api, PAGE.fingerprint)).json()
        short = (await explained(api, PAGE.fingerprint[:6])).json()
    assert (body["state"], body["labels"], body["fingerprint"]) == ("firing", PAGE.as_dict(), PAGE.fingerprint)
    assert [one["kind"] for one in body["sources"]] == ["posted"]
    (route,) = body["routes"]
    (integration,) = route["group"]["integrations"]
    assert (integration["name"], integration["told"]) == ("team/console[0]", "firing")
    assert integration["nextRepeat"] is not None
    assert body["decisions"][0]["reason"] == "first notification"
    assert [one["accepted"] for one in body["deliveries"]] == [True]
    assert any("team/console[0]" in line for line in body["story"])
    assert short["fingerprint"] == PAGE.fingerprint


async def test_a_silenced_one_names_the_silence() -> None:
    async with serving(told()) as api:  # type: ignore[arg-type]
        name = await api.silence("alertname=Posted")
        await api.fire(**PAGE.as_dict())
        (route,) = (await explained(api, PAGE.fingerprint)).json()["routes"]
    (mute,) = route["mutes"]
    assert (mute["kind"], mute["names"]) == ("silence", [name])


async def test_a_fingerprint_that_nobody_or_several_have() -> None:
    async with serving(told()) as api:  # type: ignore[arg-type]
        await api.fire(**PAGE.as_dict())
        await api.fire(alertname="Other")
        nobody, several = await explained(api, "zz"), await explained(api, "")
        first = PAGE.fingerprint[0]
        one = await explained(api, PAGE.fingerprint[:12].upper())
    assert (nobody.status_code, nobody.json()["errorType"]) == (404, "not_found")
    assert "`evaluator alerts list`" in nobody.json()["error"]
    assert several.status_code in (400, 404)
    assert one.json()["fingerprint"].startswith(first)


async def test_in_a_terminal() -> None:
    async with serving(told()) as api:  # type: ignore[arg-type]
        await api.fire(**PAGE.as_dict())
        await until(lambda: api.service.store.history(Attempt))
        story = await in_thread("alerts", "explain", PAGE.fingerprint, "--url", api.url)
        found = await in_thread("alerts", "explain", PAGE.fingerprint, "--json", "--url", api.url)
        wrong = await in_thread("alerts", "explain", "zz", "--url", api.url)
    assert story.code == 0
    assert "Posted" in story.out
    assert json.loads(found.out)["fingerprint"] == PAGE.fingerprint
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (1, "", 1)
