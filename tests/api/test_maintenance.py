"""Maintenance over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.fire_brigade import brigade

WISH = {"by": "ana", "reason": "new disks", "duration": "2h"}


async def test_maintenance_of_a_component_holds_its_incidents_until_it_ends() -> None:
    async with brigade() as one:
        await one.fire()
        made = (await one.post("/maintenance", {**WISH, "component": "api"})).json()
        assert made == {
            "id": made["id"],
            "state": "active",
            "component": "api",
            "matchers": [{"isEqual": True, "isRegex": False, "name": "component", "value": "api"}],
            "starts_at": "2026-03-01T12:00:00Z",
            "ends_at": "2026-03-01T14:00:00Z",
            "author": "ana",
            "reason": "new disks",
            "holds": [1],
        }
        assert (await one.get("/incidents/1"))["holds"] == ["maintenance"]
        assert [found["id"] for found in await one.get("/maintenance")] == [made["id"]]
        ended = await one.client.delete(f"/api/evaluator/v1/maintenance/{made['id']}")
        assert (ended.status_code, ended.json()["state"]) == (200, "over")
        assert (await one.get("/incidents/1"))["holds"] == []
        assert await one.get("/maintenance") == []
        again = await one.client.delete(f"/api/evaluator/v1/maintenance/{made['id']}")
        assert (again.status_code, "there is no maintenance" in again.json()["error"]) == (404, True)


async def test_maintenance_may_be_planned_and_be_of_what_matchers_say_or_of_everything() -> None:
    async with brigade() as one:
        await one.fire()
        planned = {**WISH, "matchers": ['component="db"', 'severity=~"a|b"'], "starts_at": "2026-03-01T13:00:00+01:00"}
        first = (await one.post("/maintenance", {**planned, "starts_at": "2026-03-01T14:00:00Z"})).json()
        assert (first["state"], first["holds"]) == ("pending", [])
        assert [pair["name"] for pair in first["matchers"]] == ["component", "severity"]
        past = (await one.post("/maintenance", planned)).json()
        assert (past["starts_at"], past["holds"]) == ("2026-03-01T12:00:00Z", [])  # one that begins in the past begins now
        whole = (
            await one.post("/maintenance", {"by": "ana", "reason": "x", "everything": True, "ends_at": one.api.at(60)})
        ).json()
        assert (whole["matchers"], whole["holds"]) == ([], [1])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"by": " "}, "by: say who works"),
        ({"reason": ""}, "reason: say what is being done"),
        ({"reason": "x" * 1001}, "reason: at most 1000 characters"),
        ({"duration": ""}, "say when it ends: either ends_at, or a duration such as 2h"),
        ({"ends_at": "2026-03-02T12:00:00Z"}, "say when it ends: either ends_at, or a duration such as 2h"),
        ({"duration": "later"}, "duration: "),
        ({"duration": "0s"}, "it ends before it begins"),
        ({"duration": "31d"}, "it lasts longer than 30 days"),
        ({"component": ""}, "say what is worked on: a component, matchers, or everything"),
        ({"everything": True}, "say what is worked on: a component, matchers, or everything"),
        ({"component": "apple"}, 'component: there is no "apple"; those of the configuration: api'),
        ({"component": "", "matchers": ["team~db"]}, "matchers: "),
        ({"author": "ana"}, "parsing body failed"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(changed: dict[str, Any], said: str) -> None:
    async with brigade() as one:
        answer = await one.post("/maintenance", {**WISH, "component": "api", **changed})
        assert answer.status_code == 400, answer.text
        assert said in answer.json()["error"]
        assert await one.get("/maintenance") == []


async def test_a_request_that_is_repeated_begins_one_maintenance() -> None:
    async with brigade() as one:
        key = {"Idempotency-Key": "4711"}
        first, again = [await one.post("/maintenance", {**WISH, "component": "api"}, **key) for _ in range(2)]
        assert first.json() == again.json()
        assert len(await one.get("/maintenance")) == 1


async def test_maintenance_that_takes_longer_goes_on_and_says_whose_it_is_now() -> None:
    async with brigade() as one:
        await one.fire()
        made = (await one.post("/maintenance", {**WISH, "component": "api"})).json()
        await one.pass_time(3600)
        path = f"/api/evaluator/v1/maintenance/{made['id']}"
        changed = (await one.client.patch(path, json={"by": "bo", "duration": "3h", "reason": "more disks"})).json()
        assert changed == {**made, "ends_at": "2026-03-01T16:00:00Z", "author": "bo", "reason": "more disks"}
        sooner = await one.client.patch(path, json={"by": "bo", "ends_at": "2026-03-01T13:30:00Z"})
        assert (sooner.json()["ends_at"], sooner.json()["reason"]) == ("2026-03-01T13:30:00Z", "more disks")
        await one.pass_time(1860)
        assert (await one.get("/incidents/1"))["holds"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ends_at": "2026-03-01T11:00:00Z"}, "it ends before it begins"),
        ({"duration": "31d"}, "longer than 30 days"),
        ({"duration": "1h", "ends_at": "2026-03-01T14:00:00Z"}, "either ends_at, or a duration"),
        ({"reason": "x" * 1001}, "at most 1000 characters"),
    ],
)
async def test_a_change_that_makes_no_sense_changes_nothing(change: dict[str, Any], said: str) -> None:
    async with brigade() as one:
        made = (await one.post("/maintenance", {**WISH, "component": "api"})).json()
        path = f"/api/evaluator/v1/maintenance/{made['id']}"
        refused = await one.client.patch(path, json={"by": "ana", **change})
        assert (refused.status_code, said in refused.json()["error"]) == (400, True)
        assert await one.get("/maintenance") == [made]
        assert (await one.client.patch(f"{path}x", json={"by": "ana", "reason": "x"})).status_code == 404
