"""Maintenance windows on the pages: seen first, then set; what is wrong stands beside its field."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from evaluator.core.labels import Matcher
from evaluator.core.muting.windows import Window
from evaluator.core.recurrence.cron_texts import parse_cron
from tests.web.stage import OWN, Stage, settings
from tests.web.test_pages import words

FORM = {
    "name": "backups",
    "matchers": 'alertname="Down"',
    "schedule": "0 3 * * *",
    "zone": "Europe/Berlin",
    "lasts": "1h",
    "author": "ada",
    "comment": "tapes",
}


async def seen(stage: Stage, **fields: str) -> str:
    """What the preview of a form says that it was of."""
    page = await stage.post_form("/windows/new", action="preview", **fields)
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found is not None, words(page.text)
    return found[1]


async def create(stage: Stage, **fields: str) -> Window:
    """Set a window as somebody would; the one there is."""
    made = await stage.post_form("/windows/new", action="create", seen=await seen(stage, **fields), **fields)
    assert made.status_code == 303, words(made.text)
    (window,) = stage.machine.silencing.windows
    return window


async def test_nothing_is_set_before_it_was_previewed() -> None:
    """The preview says what it would mute now, and when it comes next, on the clocks that count."""
    stage = Stage()
    stage.post({"alertname": "Down"}, {"alertname": "Slow"})
    first = await stage.post_form("/windows/new", action="create", **FORM)
    assert "Would mute 1 of 2 alerts that fire now" in words(first.text)
    assert "Mon 2026-03-02 03:00 to Mon 2026-03-02 04:00 Europe/Berlin (in 14h)" in words(first.text)
    assert list(stage.machine.silencing.windows) == []
    window = await create(stage, **FORM)
    assert (window.name, window.duration, window.location, window.until) == (
        "backups",
        timedelta(hours=1),
        "Europe/Berlin",
        None,
    )
    assert (window.created_by, window.comment) == ("ada", "tapes")


async def test_a_window_is_edited_and_keeps_its_id() -> None:
    stage = Stage()
    window = await create(stage, **FORM)
    assert f'href="./windows/{window.id}/edit"' in await stage.get("/silences")
    form = await stage.get(f"/windows/{window.id}/edit")
    for text in ("alertname=", "0 3 * * *", "Europe/Berlin", 'value="1h"', "tapes", "backups"):
        assert text in form
    changed = await create(stage, **{**FORM, "id": window.id, "lasts": "3h", "until": "2026-04-01 00:00"})
    assert (changed.id, changed.duration) == (window.id, timedelta(hours=3))
    assert "2026-04-01 00:00:00 UTC" in await stage.get(f"/windows/{window.id}/edit")


@pytest.mark.parametrize(
    ("fields", "beside", "said"),
    [
        ({"matchers": ""}, "matchers", "at least one matcher is needed"),
        ({"matchers": 'a=~".*"'}, "matchers", "at least one matcher must not match the empty string"),
        ({"schedule": ""}, "schedule", "say when it begins, as in 0 22 * * tue#2"),
        ({"schedule": "61 * * * *"}, "schedule", "61"),
        ({"zone": "Mars/Base"}, "zone", "unknown time zone"),
        ({"lasts": "soon"}, "lasts", "write 30m, 2h or 1d"),
        ({"lasts": "0s"}, "lasts", "it must last longer than nothing"),
        ({"until": "today"}, "until", "is no instant"),
        ({"until": "2026-02-01"}, "until", "end time"),
        ({"author": ""}, "author", "say who you are"),
        ({"author": "a" * 201}, "author", "at most 200 printable characters"),
        ({"comment": ""}, "comment", "say why"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(fields: dict[str, str], beside: str, said: str) -> None:
    stage = Stage()
    answer = await stage.post_form("/windows/new", action="create", **{**FORM, **fields})
    assert answer.status_code == 400
    found = re.search(rf'id="wrong-{beside}">([^<]*)<', answer.text)
    assert found is not None
    assert said in found[1].replace("&#39;", "'")
    assert list(stage.machine.silencing.windows) == []


async def test_two_windows_do_not_share_a_name() -> None:
    stage = Stage()
    await create(stage, **FORM)
    answer = await stage.post_form("/windows/new", action="create", **FORM)
    found = re.search(r'id="wrong-name">([^<]*)<', answer.text)
    assert found is not None
    assert "take another name" in found[1]


async def test_what_the_file_says_is_edited_in_the_file() -> None:
    nightly = Window("nightly", ((Matcher("alertname", "Down"),),), parse_cron("0 3 * * *"), timedelta(hours=1))
    stage = Stage(settings(windows=(nightly,)))
    assert f"windows/{nightly.id}/edit" not in await stage.get("/silences")
    assert "stands in the configuration" in words(await stage.get(f"/windows/{nightly.id}/edit", 404))
    for name in (nightly.id, "nobody"):
        assert (await stage.post_form("/windows/new", action="create", **{**FORM, "id": name})).status_code == 404


async def test_forms_of_other_sites_set_no_window() -> None:
    stage = Stage()
    fields = {**FORM, "seen": await seen(stage, **FORM)}
    other = await stage.post_form("/windows/new", {"Origin": "https://evil.example"}, action="create", **fields)
    assert (other.status_code, list(stage.machine.silencing.windows)) == (403, [])
    assert (await stage.post_form("/windows/new", {"Origin": OWN}, action="create", **fields)).status_code == 303
