"""Maintenance on the pages: begun, planned, edited and ended; what is wrong stands beside its field."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from evaluator.core.incidents.records import Hold, MaintenanceRecord
from evaluator.core.labels import Matcher
from tests.web.brigade import burning
from tests.web.stage import START, Stage
from tests.web.test_pages import words

FORM = {"component": "api", "lasts": "2h", "author": "Ana", "reason": "new disks"}


def only(stage: Stage) -> MaintenanceRecord:
    """The one there is."""
    (record,) = stage.machine.incidents.maintenance.values()
    return record


async def test_it_is_begun_edited_and_ended() -> None:
    """Ana is found by her name; what it is of and when it began stay as they are, and so does an end that nobody changes."""
    stage = burning()
    assert 'href="./maintenance/new"' in await stage.get("/incidents")
    assert (await stage.post_form("/maintenance/new", **FORM)).status_code == 303
    known = only(stage)
    assert (known.matchers, known.author) == ((Matcher("component", "api"),), "ana")
    assert (known.starts_at, known.ends_at) == (stage.now, stage.now + timedelta(hours=2))
    assert stage.machine.incidents.table[1].holds == (Hold.MAINTENANCE,)
    stage.pass_time(minutes=30)
    assert f'href="./maintenance/{known.id}/edit"' in await stage.get("/incidents")
    page = await stage.get(f"/maintenance/{known.id}/edit")
    assert 'value="Ana"' in page
    assert 'value="new disks"' in page
    kept = {"id": known.id, "author": "bo", "reason": "old disks"}
    assert (await stage.post_form("/maintenance/new", **kept)).status_code == 303
    assert (only(stage).ends_at, only(stage).author, only(stage).reason) == (known.ends_at, "bo", "old disks")
    await stage.post_form("/maintenance/new", **kept, lasts="3h")
    assert (only(stage).id, only(stage).starts_at) == (known.id, known.starts_at)
    assert only(stage).ends_at == stage.now + timedelta(hours=3)
    assert (await stage.post_form(f"/maintenance/{known.id}/end")).status_code == 303
    assert stage.machine.incidents.maintenance == {}
    assert stage.machine.incidents.table[1].holds == ()


@pytest.mark.parametrize(
    ("fields", "matchers"),
    [
        ({"component": "", "everything": "yes"}, ()),
        ({"component": "", "matchers": 'cluster="eu"\nteam="db"'}, (Matcher("cluster", "eu"), Matcher("team", "db"))),
    ],
)
async def test_it_is_planned_of_whatever_is_worked_on(fields: dict[str, str], matchers: tuple[Matcher, ...]) -> None:
    stage = Stage()
    planned = {**FORM, **fields, "starts": "2026-03-01 22:00", "until": "2026-03-01 23:00"}
    assert (await stage.post_form("/maintenance/new", **planned)).status_code == 303
    known = only(stage)
    assert (known.matchers, known.starts_at, known.ends_at) == (matchers, START.replace(hour=22), START.replace(hour=23))
    page = await stage.get("/incidents")
    assert "Maintenance to come" in page
    assert "take it back" in page


@pytest.mark.parametrize(
    ("fields", "beside", "said"),
    [
        ({"component": ""}, "matchers", "say what is worked on"),
        ({"everything": "yes"}, "matchers", "say what is worked on"),
        ({"component": "", "matchers": "a~b"}, "matchers", "line 1: "),
        ({"component": "", "matchers": "a=b\nor\na=c"}, "matchers", "maintenance knows no alternatives"),
        ({"starts": "later"}, "starts", "is no instant"),
        ({"lasts": "long"}, "lasts", "write 30m, 2h or 1d, or give an end"),
        ({"lasts": ""}, "lasts", "or give an end"),
        ({"lasts": "31d"}, "lasts", "longer than 30 days"),
        ({"until": "2026-02-01"}, "until", "it ends before it begins"),
        ({"author": ""}, "author", "say who you are"),
        ({"author": "a" * 300}, "author", "at most 200 printable characters"),
        ({"reason": ""}, "reason", "say what is being done"),
        ({"reason": "a" * 1001}, "reason", "at most 1000 characters"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(fields: dict[str, str], beside: str, said: str) -> None:
    stage = Stage()
    answer = await stage.post_form("/maintenance/new", **{**FORM, **fields})
    assert answer.status_code == 400
    found = re.search(rf'id="wrong-{beside}">([^<]*)<', answer.text)
    assert found is not None
    assert said in found[1]
    assert stage.machine.incidents.maintenance == {}


async def test_what_is_over_cannot_be_changed() -> None:
    stage = Stage()
    assert "it may be over" in words(await stage.get("/maintenance/gone/edit", 404))
    assert (await stage.post_form("/maintenance/new", **FORM, id="gone")).status_code == 404
    assert (await stage.post_form("/maintenance/gone/end")).status_code == 404


async def test_forms_of_other_sites_hold_nobody_back() -> None:
    stage = Stage()
    other = await stage.post_form("/maintenance/new", {"Origin": "https://evil.example"}, **FORM)
    assert (other.status_code, stage.machine.incidents.maintenance) == (403, {})
