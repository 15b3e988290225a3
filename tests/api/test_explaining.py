"""Why an alert was, or was not, sent: over HTTP and in a terminal. The reasons themselves are core's to show."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from evaluator.core.effects import Note
from evaluator.core.labels import Labels
from evaluator.core.records import Attempt, State, Transition
from evaluator.core.routing.routing import Route
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


async def test_a_fingerprint_that_nobody_has() -> None:
    async with serving(told()) as api:  # type: ignore[arg-type]
        await api.fire(**PAGE.as_dict())
        nobody, whole = await explained(api, "zz"), await explained(api, PAGE.fingerprint[:12].upper())
    assert (nobody.status_code, nobody.json()["errorType"]) == (404, "not_found")
    assert "`evaluator alerts list`" in nobody.json()["error"]
    assert whole.json()["fingerprint"] == PAGE.fingerprint


async def test_a_beginning_that_several_have() -> None:
    """They are named, so that the next try is right. Of seventeen alerts at least two begin with the same digit."""
    alerts = [Labels({"alertname": f"A{number}"}) for number in range(17)]
    (digit, count), *_ = Counter(labels.fingerprint[0] for labels in alerts).most_common()
    async with serving(told()) as api:  # type: ignore[arg-type]
        for labels in alerts:
            await api.fire(**labels.as_dict())
        answer = await explained(api, digit)
    assert answer.status_code == 400
    assert f"{count} alerts have a fingerprint that begins so, write more of it: " in answer.json()["error"]
    named = [labels for labels in alerts if f"{labels.fingerprint} {labels['alertname']}" in answer.json()["error"]]
    assert len(named) == min(count, 5)


async def test_an_alert_that_only_the_history_knows() -> None:
    """Where it went, and what became of it; by the labels that it had outside, external ones included."""
    at = datetime.now(UTC)
    old = Labels({"alertname": "Old", "i": "x"})
    outside = old.filled_from({"cluster": "c"})
    changes = [
        Transition(at, "old", old, None, State.FIRING, at, 1.0),
        Transition(at, "old", old, State.FIRING, None, at, 1.0, "rule removed"),
    ]
    async with serving(replace(told(), external_labels=Labels({"cluster": "c"}))) as api:  # type: ignore[type-var]
        api.service.store.commit([Note(change) for change in changes])
        body = (await explained(api, outside.fingerprint[:10])).json()
    assert (body["state"], body["labels"], body["since"]) == ("gone", outside.as_dict(), None)
    assert [one["after"] for one in body["transitions"]] == [None, "firing"]
    assert [(one["receiver"], one["group"]) for one in body["routes"]] == [("team", None)]
    assert "firing -> not there (rule removed)" in body["story"][-2]


async def test_the_history_of_one_is_found_behind_that_of_many() -> None:
    """However much has changed since; by the labels that its rule gives it, and by those that it has outside."""
    at = datetime.now(UTC)
    labels = Labels({"alertname": "Down"})
    mine = [Transition(at - timedelta(hours=9), "down", labels, None, State.FIRING, at, 1.0)]
    others = [Transition(at, "up", Labels({"alertname": str(n)}), None, State.FIRING, at, 1.0) for n in range(1100)]
    async with serving(replace(told(), external_labels=Labels({"cluster": "c"}))) as api:  # type: ignore[type-var]
        api.service.store.commit([Note(change) for change in (*mine, *others)])
        await api.fire(alertname="Down", cluster="c")
        body = (await explained(api, labels.filled_from({"cluster": "c"}).fingerprint)).json()
    assert [(one["before"], one["after"]) for one in body["transitions"]] == [(None, "firing")]


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
