"""Calendars that layers stand in: read at once and again and again, and what counts while they cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.events import CalendarRead, CalendarUnread, Event
from evaluator.core.http import Secret
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule, on_call
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.settings import Settings
from evaluator.service.calendars import LARGEST, Calendars
from evaluator.service.wakeups import Wakeups
from tests.api.alertmanager import Api, serving, settings
from tests.ical.test_reading import calendar
from tests.local_server import LocalServer, Reply
from tests.service.servers import until

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BOUNDS = (NOW - timedelta(minutes=30), NOW + timedelta(minutes=30))
ANA = Override(*BOUNDS, stand_in="ana", layer=1)
PEOPLE = (Person("ana", "Ana", ZoneInfo("UTC")), Person("bo", "Bo", ZoneInfo("UTC")))
TODAY = "DTSTART:20260302T090000Z|DTEND:20260302T100000Z|SUMMARY:"


def configured(*layers: CalendarLayer) -> Settings:
    """A schedule of these layers."""
    return settings(duty=Duty(PEOPLE, (Schedule("primary", ZoneInfo("Europe/Madrid"), layers),)))


class Desk:
    """Calendars that are read by a test, and what the machine is told."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.calendars = Calendars(self.told.append, lambda: NOW)
        self.wakeups = Wakeups(lambda: None)

    async def follow(self, configured: Settings) -> None:
        """Take over a configuration, and wait until what that begins is done."""
        self.calendars.follow(configured, self.wakeups)
        await self.calendars.idle()


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    one = Desk()
    one.wakeups.start()
    try:
        yield one
    finally:
        one.wakeups.stop()
        await one.calendars.aclose()


async def test_a_file_is_read_at_once_and_again_in_its_time(tmp_path: Path) -> None:
    layer = CalendarLayer(file=tmp_path / "a.ics", refresh=timedelta(hours=1))
    (tmp_path / "a.ics").write_bytes(calendar(TODAY + "ana", TODAY + "eve"))
    async with desk() as one:
        await one.follow(configured(layer))
        assert one.told == [CalendarRead("primary", 1, layer.source, (ANA,), ("eve",))]
        due = one.wakeups.due["calendar primary/1"]
        assert due is not None
        (tmp_path / "a.ics").unlink()
        await one.calendars.read(("primary", 1))
        assert one.told[1:] == [CalendarUnread("primary", 1, "No such file or directory")]


async def test_a_reload_reads_what_is_new_and_lets_go_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(calendar(TODAY + "ana"))
    (tmp_path / "b.ics").write_bytes(calendar(TODAY + "bo"))
    first, second = CalendarLayer(file=tmp_path / "a.ics"), CalendarLayer(file=tmp_path / "b.ics")
    async with desk() as one:
        await one.follow(configured(first))
        await one.follow(configured(first))
        assert len(one.told) == 1
        await one.follow(configured(first, second))
        assert sorted(event.layer for event in one.told if isinstance(event, CalendarRead)) == [1, 1, 2]  # read side by side
        await one.follow(configured())
        assert [name for name in one.wakeups.due if name.startswith("calendar")] == []
        await one.calendars.read(("primary", 1))
        assert len(one.told) == 3


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(503), "it was answered 503"),
        (Reply(body=b"<html>Sign in</html>"), "ValueError: Content line could not be parsed into parts"),
        (Reply(body=b" " * (LARGEST + 1)), "it is larger than 8 MiB"),
        (Reply(raw=b""), "RemoteProtocolError"),
    ],
    ids=["refused", "a page", "too large", "cut off"],
)
async def test_what_cannot_be_read_is_said_without_its_address(
    reply: Reply, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with LocalServer(reply) as server, desk() as one:
        await one.follow(configured(CalendarLayer(Secret(f"{server.url}/private-4711/basic.ics"))))
        await one.calendars.read(("primary", 1))
    (told, again) = one.told
    assert isinstance(told, CalendarUnread)
    assert told.error.startswith(error)
    assert again == told
    logged = capsys.readouterr().out
    assert logged.count("calendar not read") == 1
    assert "4711" not in logged + told.error


async def who(api: Api) -> tuple[str, ...]:
    """Who is on call now."""
    machine = api.service.machine
    (schedule,) = machine.settings.duty.schedules
    return on_call(schedule, NOW, {}, machine.overrides.of("primary")).people


@pytest.mark.realtime
async def test_shifts_count_and_stay_while_the_server_fails_also_after_a_restart() -> None:
    found = Reply(body=calendar(TODAY + "ana"))
    async with LocalServer(found, Reply(503)) as server:
        with_url = configured(CalendarLayer(Secret(f"{server.url}/basic.ics")))
        async with serving(with_url, clock=lambda: NOW) as api:
            await until(lambda: api.service.machine.overrides.table)
            assert await who(api) == ("ana",)
            kept = api.service.store.load().overrides
        async with serving(with_url, clock=lambda: NOW) as api:
            await asyncio.sleep(0)
            api.service.machine.overrides.restore(kept, NOW)
            await until(lambda: api.service.machine.overrides.calendars)
            assert api.service.machine.overrides.calendars["primary", 1].error == "it was answered 503"
            assert await who(api) == ("ana",)


async def test_a_first_start_waits_for_a_calendar_but_not_for_ever(tmp_path: Path) -> None:
    """Nor does a later one, when shifts are known; what is not answered in time is told to the machine when it is."""
    layer = CalendarLayer(file=tmp_path / "a.ics")
    (tmp_path / "a.ics").write_bytes(calendar(TODAY + "ana"))
    async with desk() as one:
        one.calendars.follow(configured(layer), one.wakeups)
        await one.calendars.begin(lambda _: (ANA,))
        assert one.told == []
        await one.calendars.begin(lambda _: (), patience=0)
        assert one.told == []
        await one.calendars.begin(lambda _: (replace(ANA, layer=0),), patience=60)
        assert [type(event) for event in one.told] == [CalendarRead]


@pytest.mark.realtime
async def test_whoever_is_on_call_by_a_calendar_is_known_before_anything_happens(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(calendar(TODAY + "ana"))
    async with serving(configured(CalendarLayer(file=tmp_path / "a.ics")), clock=lambda: NOW) as api:
        await api.fire(alertname="Down")
        assert await who(api) == ("ana",)


async def test_another_title_names_somebody_else(tmp_path: Path) -> None:
    layer = CalendarLayer(file=tmp_path / "a.ics")
    (tmp_path / "a.ics").write_bytes(calendar(TODAY + "eve"))
    async with desk() as one:
        await one.follow(configured(layer))
        newcomer = replace(PEOPLE[0], key="eve", name="Eve")
        now = configured(layer)
        await one.follow(replace(now, duty=replace(now.duty, people=(*PEOPLE, newcomer))))
        first, second = one.told
        assert isinstance(first, CalendarRead)
        assert isinstance(second, CalendarRead)
        assert (first.strangers, first.shifts) == (("eve",), ())
        assert [shift.stand_in for shift in second.shifts] == ["eve"]
