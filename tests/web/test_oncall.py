"""The page of who is on call."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.events import CalendarRead, CalendarUnread, OverrideSet
from evaluator.core.oncall.calendars import Calendar, Span
from evaluator.core.oncall.oncall import Away, CalendarLayer, Override, Schedule
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.oncall.people import Duty, Person
from evaluator.web.oncall import WIDE
from tests.web.brigade import on_ladder, turns
from tests.web.stage import START, Stage
from tests.web.test_pages import HOSTILE, words

UTC = ZoneInfo("UTC")
MADRID = ZoneInfo("Europe/Madrid")


def stage(duty: Duty | None = None) -> Stage:
    """Sunday noon; turns change at nine."""
    return Stage(on_ladder(duty=duty or turns()))


def bars(page: str, kind: str = r"tone\d") -> list[tuple[float, float]]:
    """Beginning and width of what is drawn, of all weeks."""
    found = re.findall(rf'<g class="{kind}"><title>[^<]*</title><rect x="([\d.]+)" y="34" width="([\d.]+)"', page)
    return [(float(x), float(width)) for x, width in found]


async def test_who_is_on_call_now_and_who_is_next() -> None:
    read = words(await stage().get("/oncall"))
    assert "primary Ana layer 1" in read
    assert "until Mon 2026-03-02 09:00, then Bo · UTC" in read
    assert "Ana ana primary sms Sun 2026-03-01 12:00 UTC" in read


async def test_another_time_may_be_asked_about() -> None:
    one = stage()
    assert "primary Bo layer 1" in words(await one.get("/oncall?at=2026-03-02+10:00"))
    assert "is no instant" in words(await one.get("/oncall?at=soon", 400))
    assert "is too far away" in words(await one.get("/oncall?at=9998-01-01", 400))


async def test_four_weeks_are_drawn_from_monday_on() -> None:
    page = await stage().get("/oncall")
    assert page.count('<svg class="week"') == 4
    assert re.findall(r'class="day">(\w+ \d\d \w+)<', page)[::7] == ["Mon 23 Feb", "Mon 02 Mar", "Mon 09 Mar", "Mon 16 Mar"]
    first = bars(page)[:8]
    assert first[0] == (1, 88)  # until nine, less a gap between bars
    assert [x for x, _ in first] == [1, 91, 331, 571, 811, 1051, 1291, 1531]
    assert page.count('class="now"') == 1


async def test_the_week_in_which_clocks_change_is_as_wide_as_the_others() -> None:
    madrid = replace(turns().schedules[0], zone=MADRID)
    page = await stage(replace(turns(), schedules=(madrid,))).get("/oncall?at=2026-03-28")
    week = page.split("<svg")[1]
    days = [float(x) for x in re.findall(r'<line x1="([\d.]+)"', week)][:7]
    assert all(abs(later - earlier - WIDE * 24 / 167) < 0.2 for earlier, later in pairwise(days))
    assert round(WIDE - days[-1]) == 231


async def test_hours_without_anybody_are_said_and_drawn() -> None:
    office = Calendar(UTC, (Span(frozenset(range(5)), 9 * 60, 18 * 60),))
    nobody = Schedule("primary", UTC, (), coverage=office)
    page = await stage(Duty(turns().people, (nobody,))).get("/oncall")
    read = words(page)
    assert "primary nobody nobody until further notice" in read
    assert "▲ nobody from Mon 2026-03-02 09:00 to Mon 2026-03-02 18:00" in read
    assert "and 10 times more" in read
    assert len(bars(page, "hole")) == 20
    assert bars(page, r"tone\d") == []


async def test_overrides_are_listed_drawn_and_taken_back() -> None:
    one = stage()
    override = Override(START, START + timedelta(hours=6), "ana", "bo", "film")
    one.happen(OverrideSet(OverrideRecord("o", "primary", override, "eva")))
    read = words(await one.get("/oncall"))
    assert "primary Bo override: film" in read
    assert "in 6h Ana Bo eva film take back" in read
    assert (await one.post_form("/oncall/overrides/o/end", {})).status_code == 403
    assert (await one.post_form("/oncall/overrides/o/end")).headers["location"] == "../../../oncall"
    assert "primary Ana layer 1" in words(await one.get("/oncall"))
    assert (await one.post_form("/oncall/overrides/none/end")).status_code == 404


async def test_overrides_of_the_configuration_cannot_be_taken_back() -> None:
    override = Override(START, START + timedelta(hours=6), "", "bo")
    written = replace(turns().schedules[0], overrides=(override,))
    page = await stage(replace(turns(), schedules=(written,))).get("/oncall")
    assert "whoever is on call Bo configuration" in words(page)
    assert "take back" not in page


async def test_calendars_that_cannot_be_read_and_name_strangers_are_said() -> None:
    layer = CalendarLayer(file=Path("/etc/night.ics"))
    one = stage(Duty(turns().people, (Schedule("primary", UTC, (layer,)),)))
    shift = Override(START, START + timedelta(hours=9), stand_in="bo", layer=1)
    one.happen(CalendarRead("primary", 1, layer.source, (shift,), ("eve", "the night shift")))
    read = words(await one.get("/oncall"))
    assert "primary Bo layer 1" in read
    assert "the calendar of layer 1 names nobody who is known: eve, the night shift" in read
    one.happen(CalendarUnread("primary", 1, "it was answered 503"))
    assert "the calendar of layer 1 has not been read since just now : it was answered 503" in words(await one.get("/oncall"))


async def test_somebody_who_is_away_or_cannot_be_reached() -> None:
    away = Person("ana", "Ana", UTC, role="boss", away=(Away(START, START + timedelta(days=1)),))
    read = words(await stage(Duty((away,), ())).get("/oncall"))
    assert "Ana ana, boss away nothing" in read
    assert "The configuration has no schedules." in read


@pytest.mark.parametrize("path", ["/oncall", "/oncall?at=%3Cscript%3E"])
async def test_texts_of_strangers_do_nothing(path: str) -> None:
    known = Duty((Person(HOSTILE, HOSTILE, UTC),), (Schedule(HOSTILE, UTC, (), fallback=(HOSTILE,)),))
    answer = await stage(known).client.get(path)
    assert "<script>alert" not in answer.text
