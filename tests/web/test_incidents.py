"""The pages of incidents, as somebody without JavaScript sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.events import MaintenanceSet
from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentRecord, IncidentState, MaintenanceRecord
from evaluator.core.labels import Matcher
from tests.core.incidents.ladder import ladder
from tests.web.brigade import DOWN, burning, on_ladder
from tests.web.stage import START, Stage
from tests.web.test_pages import HOSTILE, words


def first(stage: Stage) -> IncidentRecord:
    return stage.machine.incidents.table[1]


# -- the list ---------------------------------------------------------------------------------------------------------


async def test_a_card_says_who_is_called_and_who_is_next() -> None:
    stage = burning()
    stage.pass_time(minutes=1)
    page = await stage.get("/incidents")
    read = words(page)
    assert "1 Down" in read
    assert "critical" in read
    assert "on-call has been told (Ana by sms)" in read
    assert "next: backup in 4m" in read
    assert re.findall(r'<li class="(\w+)"><b>', page) == ["fired", "next", "ahead", "ahead"]


async def test_what_nobody_is_on_comes_first_then_the_gravest() -> None:
    stage = Stage(on_ladder())
    for number, severity in enumerate(("warning", "critical", "critical"), 1):
        stage.post({**DOWN, "alertname": f"A{number}", "severity": severity})
    stage.deliver()
    stage.happen(Acted(Action.ACK, 3, "ana", "web"))
    assert re.findall(r'id="i(\d)"', await stage.get("/incidents")) == ["2", "1", "3"]


async def test_a_list_is_narrowed_by_labels_and_words() -> None:
    stage = burning()
    stage.post({**DOWN, "alertname": "Slow", "component": "db", "severity": "warning"})
    assert re.findall(r'id="i(\d)"', await stage.get('/incidents?filter=component%3D"db"')) == ["2"]
    assert re.findall(r'id="i(\d)"', await stage.get('/incidents?filter=severity%3D"critical"')) == ["1"]
    assert re.findall(r'id="i(\d)"', await stage.get("/incidents?filter=dow")) == ["1"]
    assert "No open incident is as you ask" in await stage.get("/incidents?filter=fast")
    assert "is as you ask" in await stage.get("/incidents?filter=fast&state=over")
    await stage.get("/incidents?filter=a~b", 400)


async def test_incidents_that_are_over_are_a_list_of_their_own() -> None:
    stage = burning()
    stage.pass_time(minutes=2)
    stage.happen(Acted(Action.ACK, 1, "ana", "web"))
    stage.happen(Acted(Action.RESOLVE, 1, "ana", "web"))
    stage.happen(Acted(Action.LABEL, 1, "ana", "web", text="false_positive"))
    assert "Nobody is being chased." in words(await stage.get("/incidents"))
    read = words(await stage.get("/incidents?state=over"))
    assert "1 Down" in read
    assert "Ana" in read
    assert "by hand" in read
    assert "false positive" in read


async def test_without_escalations_the_page_says_so() -> None:
    assert "The configuration has no escalations" in words(await Stage().get("/incidents"))


async def test_maintenance_stands_above_what_it_holds() -> None:
    stage = burning()
    ends = START + timedelta(hours=2)
    stage.happen(MaintenanceSet(MaintenanceRecord("m", (Matcher("component", "api"),), START, ends, "ana", "new disks")))
    read = words(await stage.get("/incidents"))
    assert "Maintenance of component=&#34;api&#34; : new disks — Ana, ends in 2h" in read
    assert "held by maintenance" in read


async def test_whoever_acted_last_here_acknowledges_with_one_button() -> None:
    stage = burning()
    assert "acknowledge as" not in await stage.get("/incidents")
    stage.client.cookies.set("author", "ana")
    assert "acknowledge as ana" in words(await stage.get("/incidents"))
    answer = await stage.post_form("/incidents/1/act", by="ana", epoch="1", action="ack")
    assert (answer.status_code, answer.headers["location"]) == (303, "../../incidents/1")
    assert first(stage).state is IncidentState.ACKED


async def test_the_wall_and_an_alert_lead_to_their_incident() -> None:
    stage = burning()
    wall = await stage.get()
    assert 'href="./incidents/1"' in wall
    assert "incidents 1 triggered" in words(wall)
    (fingerprint,) = {alert.fingerprint for alert in stage.machine.alerts}
    assert 'href="../incidents/1"' in await stage.get(f"/alerts/{fingerprint}")


# -- one incident -----------------------------------------------------------------------------------------------------


async def test_the_page_of_an_incident_tells_its_story() -> None:
    stage = burning()
    stage.pass_time(minutes=5)
    stage.deliver()
    stage.happen(Acted(Action.ACK, 1, "bo", "slack", "U02BO", text="on it"))
    read = words(await stage.get("/incidents/1"))
    for text in ("Bo is on it", "Bo acknowledged: on it by slack", "level backup: bo (sms)", "told ana by sms: accepted"):
        assert text in read
    assert "next: the owner is reminded in 50m" in read
    assert "nobody answers" in read
    assert "runbook" in read
    assert read.index("Bo acknowledged") < read.index("opened: Down")


@pytest.mark.parametrize(
    ("before", "buttons"),
    [
        ((), ["ack", "escalate", "snooze", "note", "assign", "resolve", "label"]),
        ((Action.ACK,), ["ack", "escalate", "snooze", "unack", "note", "assign", "resolve", "label"]),
        ((Action.RESOLVE,), ["note", "label"]),
    ],
)
async def test_the_buttons_are_those_that_are_possible(before: tuple[Action, ...], buttons: list[str]) -> None:
    stage = burning()
    for action in before:
        stage.happen(Acted(action, 1, "ana", "web"))
    assert re.findall(r'name="action" value="(\w+)"', await stage.get("/incidents/1")) == buttons


async def test_every_button_does_what_it_says() -> None:
    stage = burning()
    for fields in (
        {"action": "escalate", "epoch": "1", "level": "0", "note": "help"},
        {"action": "ack", "epoch": "1", "lasts": "8h"},
        {"action": "snooze", "epoch": "1", "lasts": "30m"},
        {"action": "unack", "epoch": "1"},
        {"action": "assign", "epoch": "2", "to": "bo"},
        {"action": "note", "epoch": "2", "note": "the disk is full"},
        {"action": "label", "epoch": "2", "label": "useful"},
        {"action": "resolve", "epoch": "2"},
    ):
        answer = await stage.post_form("/incidents/1/act", by="Ana", **fields)
        assert answer.status_code == 303, fields
        assert answer.cookies["author"] == "ana"
    moments = await stage.moments(1)
    acts = [(one.what, one.detail) for one in moments if one.by]
    assert acts == [
        ("escalated", "to backup: help"),
        ("acked", "until 2026-03-01 13:00:00 UTC"),
        ("snoozed", "until 2026-03-01 12:30:00 UTC"),
        ("unacked", ""),
        ("assigned", "bo"),
        ("note", "the disk is full"),
        ("labelled", "useful"),
        ("resolved", "by hand"),
    ]
    assert {(one.by, one.via) for one in moments if one.by} == {("ana", "web")}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "ack", "by": ""}, "say who you are; the timeline will tell others"),
        ({"action": "ack", "by": "x" * 201}, "give a name of at most 200 printable characters"),
        ({"action": "ack", "epoch": "2"}, "the incident has begun again since (epoch 1, you saw 2)"),
        ({"action": "escalate", "level": "-1"}, "it has moved on to level 0 meanwhile"),
        ({"action": "snooze", "lasts": "soon"}, "write 30m, 2h or 1d"),
        ({"action": "snooze", "lasts": "0s"}, "it must be longer than nothing"),
        ({"action": "snooze", "lasts": "30d"}, "nobody may put it off for more than 1d"),
        ({"action": "note", "note": "x" * 9000}, "write at most 8000 characters"),
        ({"action": "assign"}, "say whom it is assigned to"),
        ({"action": "dance"}, "choose what to do"),
    ],
)
async def test_what_is_not_possible_is_said_and_what_was_typed_stays(fields: dict[str, str], said: str) -> None:
    stage = burning()
    answer = await stage.post_form("/incidents/1/act", **{"by": "ana", "note": "my words", "epoch": "1", **fields})
    assert answer.status_code == 409
    assert "Nothing was changed." in answer.text
    assert said in words(answer.text)
    assert fields.get("note", "my words")[:100] in answer.text
    assert first(stage).state is IncidentState.TRIGGERED


async def test_other_sites_cannot_act() -> None:
    stage = burning()
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = await stage.post_form("/incidents/1/act", headers, by="ana", action="ack", epoch="1")
        assert answer.status_code == 403
    assert first(stage).state is IncidentState.TRIGGERED


async def test_nothing_is_changed_while_the_store_refuses() -> None:
    stage = burning()
    stage.unavailable = "the disk is full"
    answer = await stage.post_form("/incidents/1/act", by="ana", action="ack", epoch="1")
    assert (answer.status_code, "Nothing was changed: the disk is full" in answer.text) == (503, True)


@pytest.mark.parametrize("number", ["2", "x", "1" * 30])
async def test_an_incident_that_is_not_there(number: str) -> None:
    stage = burning()
    assert "There is no incident" in await stage.get(f"/incidents/{number}", 404)
    assert (await stage.post_form(f"/incidents/{number}/act", by="ana", action="ack")).status_code == 404


async def test_texts_of_strangers_do_nothing() -> None:
    stage = Stage(on_ladder(ladder(ladder().levels[0])))
    stage.post({**DOWN, "alertname": HOSTILE, "component": HOSTILE}, annotations={"summary": HOSTILE})
    stage.happen(Acted(Action.NOTE, 1, HOSTILE, "web", HOSTILE, text=HOSTILE))
    for path in ("/incidents", "/incidents/1", "/"):
        assert HOSTILE not in await stage.get(path)
    assert HOSTILE not in (await stage.post_form("/incidents/1/act", by=HOSTILE, note=HOSTILE, action="dance")).text


async def test_a_silence_may_wait_for_its_alerts_to_end() -> None:
    """The form says what it waits for; what fires nothing has nothing to wait for."""
    stage = burning()
    fields = {"matchers": 'component="api"', "lasts": "8h", "author": "ana", "comment": "new disks", "resolved": "yes"}
    seen = re.search(r'name="seen" value="(\w+)"', (await stage.post_form("/silences/new", action="preview", **fields)).text)
    assert seen is not None
    made = await stage.post_form("/silences/new", action="create", seen=seen[1], **fields)
    assert made.status_code == 303
    assert "ends with its 1 alert, at the latest in 8h" in words(await stage.get("/silences"))
    (silence,) = stage.machine.muting.silences
    form = await stage.get(f"/silences/{silence.id}/edit")
    assert 'name="resolved" value="yes" checked' in form
    nothing = await stage.post_form("/silences/new", action="create", **{**fields, "matchers": 'component="db"'})
    assert "nothing fires that it would mute, so there is nothing to wait for" in words(nothing.text)


async def test_an_incident_that_is_held_says_by_what() -> None:
    stage = burning()
    stage.silence(Matcher("component", "api"))
    page = await stage.get("/incidents/1")
    assert "held by silence" in words(page)
    assert 'value="escalate"' not in page


async def test_a_page_of_an_incident_that_only_the_store_knows_has_no_buttons() -> None:
    stage = burning()
    old = replace(first(stage), number=9, state=IncidentState.RESOLVED, resolved_at=START)

    async def incident(number: int) -> IncidentRecord | None:
        return old if number == 9 else None

    stage.incident = incident  # type: ignore[method-assign]
    page = await stage.get("/incidents/9")
    assert 'name="action"' not in page
    refused = await stage.post_form("/incidents/9/act", by="ana", action="note", note="x")
    assert (refused.status_code, "there is no incident 9" in refused.text) == (409, True)
