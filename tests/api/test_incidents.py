"""Incidents over HTTP: listed, shown, acted upon once, and reviewed."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.idempotency import LONGEST, MOST, REMEMBERED, Remembered
from evaluator.core.incidents.policy import AckTerms
from evaluator.core.incidents.records import IncidentState
from tests.api.alertmanager import START
from tests.api.fire_brigade import BASE, brigade, configured
from tests.core.incidents.ladder import ladder
from tests.core.playbook import route


async def test_an_incident_in_a_list_says_how_it_stands_and_what_comes_next() -> None:
    async with brigade() as one:
        await one.fire()
        (found,) = await one.get("/incidents")
        assert {key: found[key] for key in ("id", "state", "severity", "level", "labels", "opened_at", "owner")} == {
            "id": 1,
            "state": "triggered",
            "severity": "critical",
            "level": 0,
            "labels": {"alertname": "Down", "component": "api"},
            "opened_at": "2026-03-01T12:00:00Z",
            "owner": "",
        }
        assert (found["level_name"], found["levels"], found["standing"]) == ("on-call", 4, "on-call has been told")
        assert found["next"] == {"at": "2026-03-01T12:05:00Z", "what": "level", "text": "backup"}


async def test_open_incidents_are_listed_unless_others_are_asked_for() -> None:
    async with brigade(replace(configured(), route=replace(route(by=["alertname"], wait="0s"), escalation="ladder"))) as one:
        for number, severity in enumerate(("critical", "warning", "critical", "info"), 1):
            await one.fire(alertname=f"A{number}", severity=severity)
            await one.pass_time(1)
        await one.act("resolve", 2)
        await one.act("ack", 3)

        async def listed(**query: Any) -> list[int]:
            return [found["id"] for found in await one.get("/incidents", **query)]

        assert await listed() == [4, 3, 1]
        assert await listed(state="acked") == [3]
        assert await listed(state=["acked", "triggered"]) == [4, 3, 1]
        assert await listed(state="resolved") == [2]
        assert await listed(state="all") == [4, 3, 2, 1]
        assert await listed(severity="critical") == [3, 1]
        assert await listed(severity=["critical", "info"]) == [4, 3, 1]
        assert await listed(component="api", state="all") == [4, 3, 2, 1]
        assert await listed(component="db") == []
        assert await listed(filter='alertname=~"A[14]"') == [4, 1]
        assert await listed(filter='severity="warning"', state="all") == [2]


async def test_a_long_list_comes_in_pages() -> None:
    tree = replace(route(by=["alertname"], wait="0s"), escalation="ladder")
    async with brigade(replace(configured(), route=tree)) as one:
        for number in range(1, 6):
            await one.fire(alertname=f"A{number}")
            await one.pass_time(number % 2)  # two of them open at the same instant
        path, found = f"{BASE}/incidents?state=all&limit=2", []
        while path:
            page = await one.client.get(path)
            found.append([shown["id"] for shown in page.json()])
            link = re.fullmatch(r'<(\S+)>; rel="next"', page.headers.get("link", ""))
            path = link[1] if link else ""
        assert found == [[5, 4], [3, 2], [1]]
        assert [shown["id"] for shown in await one.get("/incidents", limit=2, before=4)] == [3, 2]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=open", 'state: "open" is none; write triggered, acked, snoozed, resolved, or all'),
        ("limit=0", "limit: a whole number from 1 to 1000"),
        ("limit=many", 'limit: a whole number, not "many"'),
        ("before=-1", 'before: a whole number, not "-1"'),
        ("filter=a~b", "bad matcher format"),
    ],
)
async def test_a_list_that_cannot_be_asked_for(query: str, said: str) -> None:
    async with brigade() as one:
        answer = await one.client.get(f"{BASE}/incidents?{query}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]


async def test_the_whole_story() -> None:
    async with brigade() as one:
        await one.fire()
        await one.pass_time(330)
        await one.act("ack", by="bo", note="on it")
        await one.act("note", by="bo", note="the disk is full")
        found = await one.get("/incidents/1")
        assert [(level["name"], level["after"], level["fired"]) for level in found["ladder"]][:3] == [
            ("on-call", "0s", True),
            ("backup", "5m", True),
            ("manager", "15m", False),
        ]
        assert [(page["name"], page["way"], page["level"], page["state"]) for page in found["pages"]] == [
            ("Ana", "sms", 0, "sent"),
            ("Bo", "sms", 1, "sent"),
        ]
        assert [line["text"] for line in found["timeline"]][-2:] == ["Bo acknowledged: on it", "Bo wrote: the disk is full"]
        assert found["timeline"][-1]["via"] == "api"
        assert found["timeline"][-1]["source"].startswith("127.0.0.1 python-httpx")
        assert (found["clock"], found["runbook"], found["owner"]) == (330, "https://runbook", "bo")
        assert [alert["labels"]["alertname"] for alert in found["alerts"]] == ["Down"]


async def test_every_action_gives_the_incident_as_it_is_then() -> None:
    async with brigade() as one:
        await one.fire()
        assert (await one.act("ack"))["state"] == "acked"
        assert (await one.act("unack"))["epoch"] == 2
        assert (await one.act("escalate", note="I need help"))["level"] == 1
        snoozed = await one.act("snooze", duration="1h")
        assert (snoozed["state"], snoozed["snoozed_until"]) == ("snoozed", "2026-03-01T13:00:00Z")
        assert (await one.act("snooze", until="2026-03-01T14:00:00+01:00"))["snoozed_until"] == "2026-03-01T13:00:00Z"
        assert (await one.act("ack", duration="4h"))["acked_until"] == "2026-03-01T16:00:00Z"
        assert (await one.act("ack", until="2026-03-01T18:00:00Z"))["acked_until"] == "2026-03-01T18:00:00Z"
        assert (await one.act("assign", to="bo"))["owner"] == "bo"
        assert (await one.act("label", label="useful"))["noise"] == "useful"
        resolved = await one.act("resolve", note="false alarm")
        assert (resolved["state"], resolved["resolution"]) == ("resolved", "manual")
        assert (await one.act("note", note="afterwards"))["state"] == "resolved"


async def test_people_may_be_named_by_what_they_are_called() -> None:
    async with brigade() as one:
        await one.fire()
        assert (await one.act("ack", by="ANA"))["owner"] == "ana"
        assert (await one.act("assign", by="the night shift", to="bo"))["owner"] == "bo"
        lines = (await one.get("/incidents/1"))["timeline"]
        assert [line["by"] for line in lines if line["by"]] == ["ana", "the night shift"]


@pytest.mark.parametrize(
    ("action", "body", "said"),
    [
        ("ack", {"by": ""}, "by: say who acts"),
        ("ack", {"by": "a" * 201}, "by: a name of at most 200 printable characters"),
        ("ack", {"by": "ana\nresolved by bo"}, "by: a name of at most 200 printable characters"),
        ("silence", {"by": "a" * 201}, "by: a name of at most 200 printable characters"),
        ("ack", {"to": "bo"}, "to: ack does not take it"),
        ("ack", {"duration": "soon"}, "duration: "),
        ("ack", {"duration": "0s"}, "duration: it must be longer than nothing"),
        ("ack", {"until": "2026-03-01T11:00:00Z"}, "until: it must be ahead"),
        ("ack", {"until": "2026-03-01T13:00:00Z", "duration": "1h"}, "duration and until both say when it ends"),
        ("ack", {"whom": "bo"}, "parsing body failed"),
        ("snooze", {}, "duration: say for how long"),
        ("snooze", {"duration": "25h"}, "nobody may put it off for more than 1d"),
        ("assign", {"to": "eve"}, 'to: nobody is called "eve"; people of the configuration: ana, bo, mia, dan'),
        ("note", {"note": "  "}, "note: write something"),
        ("note", {"note": "x" * 9000}, "note: at most 8000 characters"),
        ("label", {"label": "boring"}, "label: one of useful, false_positive"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(action: str, body: dict[str, Any], said: str) -> None:
    async with brigade() as one:
        await one.fire()
        answer = await one.post(f"/incidents/1/{action}", {"by": "ana", **body})
        assert answer.status_code == 400, answer.text
        assert said in answer.json()["error"]
        assert one.state is IncidentState.TRIGGERED
        moments = (await one.get("/incidents/1"))["timeline"]
        assert "refused" not in [line["what"] for line in moments]


async def test_what_is_not_possible_is_a_conflict_and_what_is_not_there_is_missing() -> None:
    async with brigade() as one:
        await one.fire()
        late = await one.post("/incidents/1/escalate", {"by": "ana", "level": -1})
        assert (late.status_code, late.json()["error"]) == (409, "it has moved on to level 0 meanwhile")
        await one.act("resolve")
        for action in ("ack", "unack", "snooze", "escalate", "assign", "resolve"):
            body = {
                "by": "ana",
                **({"duration": "1h"} if action == "snooze" else {}),
                **({"to": "bo"} if action == "assign" else {}),
            }
            answer = await one.post(f"/incidents/1/{action}", body)
            assert (answer.status_code, answer.json()["error"]) == (409, "the incident is resolved")
        for number in ("2", "x", "1" * 30):
            for path in (f"/incidents/{number}/ack", f"/incidents/{number}/silence"):
                assert (await one.post(path, {"by": "ana"})).status_code == 404
            assert (await one.client.get(f"{BASE}/incidents/{number}")).status_code == 404
            assert (await one.client.get(f"{BASE}/incidents/{number}/review")).status_code == 404


async def test_a_stale_page_cannot_acknowledge_what_has_begun_again() -> None:
    async with brigade() as one:
        await one.fire()
        seen = (await one.client.get(f"{BASE}/incidents/1")).headers["etag"]
        await one.act("ack")
        await one.act("unack")
        stale = await one.post("/incidents/1/ack", {"by": "ana"}, **{"If-Match": seen})
        assert stale.status_code == 412
        assert stale.json()["error"] == 'the incident has begun again since (epoch 2, you saw "1")'
        assert one.state is IncidentState.TRIGGERED
        for fresh in ('"2"', "*", '"1", "2"', 'W/"2"'):
            assert (await one.post("/incidents/1/ack", {"by": "ana"}, **{"If-Match": fresh})).status_code == 200


async def test_a_request_that_is_repeated_is_answered_as_before_and_done_once() -> None:
    async with brigade() as one:
        await one.fire()
        body, key = {"by": "ana", "note": "the disk is full"}, {"Idempotency-Key": "4711"}
        first, again, *others = await asyncio.gather(*(one.post("/incidents/1/note", body, **key) for _ in range(5)))
        assert {answer.text for answer in (again, *others)} == {first.text}
        assert sorted("idempotent-replayed" in answer.headers for answer in (first, again, *others)) == [False] + [True] * 4
        lines = [line["what"] for line in (await one.get("/incidents/1"))["timeline"]]
        assert lines.count("note") == 1
        other = await one.post("/incidents/1/note", {**body, "note": "another"}, **key)
        assert (other.status_code, "was used for another request" in other.text) == (422, True)
        assert (await one.post("/incidents/1/note", body, **{"Idempotency-Key": "x" * (LONGEST + 1)})).status_code == 400
        one.api.now += REMEMBERED
        assert "idempotent-replayed" not in (await one.post("/incidents/1/note", body, **key)).headers


async def test_what_was_refused_may_be_asked_again_with_the_same_key() -> None:
    async with brigade() as one:
        key = {"Idempotency-Key": "4711"}
        assert (await one.post("/incidents/1/ack", {"by": "ana"}, **key)).status_code == 404
        await one.fire()
        assert (await one.post("/incidents/1/ack", {"by": "ana"}, **key)).status_code == 200


async def test_only_so_many_answers_are_remembered() -> None:
    remembered, done = Remembered(), []

    async def ask(key: int) -> None:
        async def act() -> Response:
            done.append(key)
            return Response()

        headers = [(b"idempotency-key", str(key).encode())]
        scope = {"type": "http", "method": "POST", "path": "/", "server": ("e", 80), "headers": headers, "query_string": b""}
        await remembered.once(Request(scope), b"", START, act)

    for key in (*range(MOST + 1), MOST, 1, 0):
        await ask(key)
    assert done[MOST + 1 :] == [0]


async def test_silencing_an_incident_holds_it() -> None:
    async with brigade() as one:
        await one.fire()
        made = (await one.post("/incidents/1/silence", {"by": "Ana", "duration": "30m"})).json()
        assert [(one["name"], one["value"]) for one in made["matcherSets"][0]] == [("alertname", "Down"), ("component", "api")]
        assert (made["createdBy"], made["comment"], made["mutes"]) == ("ana", "incident 1: Down api", 1)
        assert made["endsAt"] == "2026-03-01T12:30:00Z"
        assert (await one.get("/incidents/1"))["holds"] == ["silence"]
        for body, said in (({"by": ""}, "by: "), ({"by": "ana", "duration": "long"}, "duration: ")):
            refused = await one.post("/incidents/1/silence", body)
            assert (refused.status_code, said in refused.json()["error"]) == (400, True)
        await one.act("resolve")
        assert (await one.post("/incidents/1/silence", {"by": "ana"})).status_code == 409


async def test_an_incident_is_silenced_until_its_alerts_are_over() -> None:
    async with brigade() as one:
        await one.fire()
        made = (await one.post("/incidents/1/silence", {"by": "ana", "until_resolved": True})).json()
        assert (made["untilResolved"], made["endsAt"]) == (True, "2026-03-31T12:00:00Z")


async def test_an_incident_without_labels_is_silenced_alert_by_alert() -> None:
    async with brigade(replace(configured(), route=replace(route(by=[], wait="0s"), escalation="ladder"))) as one:
        await one.fire()
        await one.fire(alertname="Slow", severity="warning")
        made = (await one.post("/incidents/1/silence", {"by": "ana"})).json()
        assert [{pair["name"]: pair["value"] for pair in each} for each in made["matcherSets"]] == [
            {"alertname": "Down", "component": "api", "severity": "critical"},
            {"alertname": "Slow", "component": "api", "severity": "warning"},
        ]


async def test_the_review_has_the_facts_and_asks_the_questions() -> None:
    terms = ladder(ack=AckTerms(timeout=timedelta(minutes=10)))
    async with brigade(configured(terms)) as one:
        await one.fire()
        await one.pass_time(300)
        await one.pass_time(900)
        await one.act("ack", by="mia", note="pipes | and <b>tags</b>")
        await one.pass_time(700)
        await one.act("note", by="mia", note="the disk was full")
        await one.act("resolve", by="mia")
        answer = await one.client.get(f"{BASE}/incidents/1/review")
    text = answer.text
    assert answer.headers["content-type"].startswith("text/markdown")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Incident 1: Down api",
        *("## Summary", "## Impact", "## Timeline", "## Evidence", "### Values", "### Who was told when"),
        *("## What went well", "## What went badly", "## Actions"),
    ]
    assert "| 2026-03-01 12:20:00 UTC | Mia acknowledged: pipes \\| and &lt;b&gt;tags&lt;/b&gt; | api, 127.0.0.1" in text
    assert "| 2026-03-01 12:05:00 UTC | Bo | sms | page, level 2 | accepted |" in text
    assert "- It took 20m until somebody acknowledged it. Why?" in text
    assert "- At 2026-03-01 12:31:40 UTC the acknowledgement ran out. Was it handed over?" in text
    assert "Notes that were taken meanwhile:\n\n- the disk was full" in text


async def test_old_incidents_are_shown_from_the_store() -> None:
    async with brigade() as one:
        await one.fire()
        await one.act("resolve")
        await one.pass_time(timedelta(days=3).total_seconds())
        assert 1 not in one.api.service.machine.incidents.table
        found = await one.get("/incidents/1")
        assert (found["state"], found["next"], len(found["pages"])) == ("resolved", None, 2)
        late = await one.post("/incidents/1/note", {"by": "ana", "note": "late"})
        assert (late.status_code, "was over long ago" in late.json()["error"]) == (409, True)
