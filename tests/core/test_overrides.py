"""Overrides that people made and shifts that were read from calendars: what counts when, what is kept, what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from evaluator.core.effects import Effect, Forget, Save
from evaluator.core.engine import Machine
from evaluator.core.events import CalendarRead, CalendarUnread, OverrideEnded, OverrideSet, Reloaded
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule, on_call, shifts
from evaluator.core.oncall.override_table import REMEMBERED, Standing
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.oncall.people import Duty
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.records import AlertRecord, Kept
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Receiver, Settings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEKLY = Layer(("ana", "bo"), 1, Unit.WEEK, date(2026, 3, 2))
CALENDAR = CalendarLayer(file=Path("/etc/night.ics"))
PRIMARY = Schedule("primary", ZoneInfo("UTC"), (WEEKLY, CALENDAR))
SETTINGS = Settings(None, (), (), Route("team"), (Receiver("team"),), duty=Duty((), (PRIMARY,)))


def override(name: str, begin: float, end: float, who: str, **more: str) -> OverrideSet:
    """Somebody takes over, hours after the start."""
    return OverrideSet(
        OverrideRecord(name, "primary", Override(START + begin * HOUR, START + end * HOUR, stand_in=who, **more))
    )


def shift(begin: float, end: float, who: str) -> Override:
    """One that the calendar says."""
    return Override(START + begin * HOUR, START + end * HOUR, stand_in=who, layer=2)


def read(*found: Override) -> CalendarRead:
    """The calendar says this and nothing else."""
    return CalendarRead("primary", 2, CALENDAR.source, found)


def now_on_call(machine: Machine, at: float) -> tuple[tuple[str, ...], str]:
    """Who is on call, hours after the start."""
    found = on_call(PRIMARY, START + at * HOUR, {}, machine.overrides.of("primary"))
    return found.people, found.why


def kept(effects: list[Effect]) -> list[OverrideRecord]:
    return [one.record for one in effects if isinstance(one, Save) and isinstance(one.record, OverrideRecord)]


def test_an_override_counts_while_it_lasts_and_is_kept() -> None:
    machine = Machine(SETTINGS, START)
    (record,) = kept(machine.handle(override("a", 1, 3, "bo", reason="dentist"), START))
    assert record.made_at == START
    assert [now_on_call(machine, at) for at in (0.5, 1, 3)] == [
        (("ana",), "layer 1"),
        (("bo",), "override: dentist"),
        (("ana",), "layer 1"),
    ]


def test_the_one_that_was_made_last_counts_also_after_a_restart() -> None:
    machine = Machine(SETTINGS, START)
    first = kept(machine.handle(override("z", 0, 9, "bo"), START))
    second = kept(machine.handle(override("a", 0, 9, "cy"), START + HOUR))
    third = kept(machine.handle(override("z", 0, 9, "di"), START + 2 * HOUR))
    assert now_on_call(machine, 3)[0] == ("di",)
    again = Machine(SETTINGS, START + 2 * HOUR)
    assert again.restore(Kept(overrides=(*second, *third)), START + 2 * HOUR) == []
    assert first[0].id == third[0].id
    assert now_on_call(again, 3) == now_on_call(machine, 3)


def test_one_that_is_taken_back_ends_there_and_one_to_come_goes_without_a_trace() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(override("on", 0, 9, "bo"), START)
    machine.handle(override("ahead", 5, 9, "cy"), START)
    (ended,) = kept(machine.handle(OverrideEnded("on"), START + HOUR))
    assert ended.override.end == START + HOUR
    assert [now_on_call(machine, at)[0] for at in (0.5, 1)] == [("bo",), ("ana",)]
    assert machine.handle(OverrideEnded("ahead"), START + HOUR) == [Forget(OverrideRecord, ("ahead",))]
    assert machine.handle(OverrideEnded("on"), START + 2 * HOUR) == []
    assert machine.handle(OverrideEnded("never was"), START + 2 * HOUR) == []


def test_what_is_long_over_is_forgotten() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(override("old", 0, 1, "bo"), START)
    machine.handle(override("new", 2, 3, "bo"), START + HOUR)
    assert set(machine.overrides.table) == {"old", "new"}
    effects = machine.handle(override("late", 9999, 10000, "bo"), START + HOUR + REMEMBERED)
    assert Forget(OverrideRecord, ("old",)) in effects
    assert set(machine.overrides.table) == {"new", "late"}


def test_shifts_of_a_calendar_count_as_its_layer() -> None:
    """Above the layers before it, below every override; two at once are both on call."""
    machine = Machine(SETTINGS, START)
    machine.handle(read(shift(1, 4, "cy"), shift(2, 4, "bo"), shift(6, 7, "cy")), START)
    machine.handle(override("a", 6, 8, "di"), START)
    found = shifts(PRIMARY, START, START + 9 * HOUR, {}, machine.overrides.of("primary"))
    assert [((one.start - START) / HOUR, one.on_call.people, one.on_call.why) for one in found] == [
        (0, ("ana",), "layer 1"),
        (1, ("cy",), "layer 2"),
        (2, ("cy", "bo"), "layer 2"),
        (4, ("ana",), "layer 1"),
        (6, ("di",), "override"),
        (8, ("ana",), "layer 1"),
    ]


def test_a_calendar_that_is_read_again_changes_what_is_to_come_and_nothing_before() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(read(shift(-9, -8, "cy"), shift(0, 4, "cy"), shift(8, 9, "cy")), START)
    assert machine.handle(read(shift(-9, -8, "cy"), shift(0, 4, "cy"), shift(8, 9, "cy")), START + HOUR) == []
    machine.handle(read(shift(-9, -8, "bo"), shift(0, 4, "bo")), START + 2 * HOUR)
    assert [now_on_call(machine, at)[0] for at in (-8.5, 1, 3, 8)] == [("cy",), ("cy",), ("bo",), ("ana",)]
    again = Machine(SETTINGS, START + 3 * HOUR)
    again.restore(Kept(overrides=tuple(machine.overrides.table.values())), START + 3 * HOUR)
    assert again.handle(read(shift(-9, -8, "bo"), shift(0, 4, "bo")), START + 3 * HOUR) == []


def test_shifts_of_a_calendar_that_the_configuration_no_longer_names_do_not_count() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(read(shift(0, 4, "cy")), START)
    machine.handle(override("a", 5, 6, "di"), START)
    other = replace(PRIMARY, layers=(WEEKLY, CalendarLayer(file=Path("/etc/other.ics"))))
    machine.handle(Reloaded(replace(SETTINGS, duty=Duty((), (other,)))), START)
    assert set(machine.overrides.table) == {"a"}
    gone = Machine(replace(SETTINGS, duty=Duty((), (other,))), START)
    record = OverrideRecord("s", "primary", shift(0, 4, "cy"), source=CALENDAR.source)
    assert gone.restore(Kept(overrides=(record,)), START) == [Forget(OverrideRecord, ("s",))]


def test_a_calendar_that_cannot_be_read_counts_as_it_was_and_says_since_when() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(read(shift(0, 9, "cy")), START)
    for hours in (1, 2):
        machine.handle(CalendarUnread("primary", 2, "answered 503"), START + hours * HOUR)
    assert machine.overrides.calendars["primary", 2] == Standing(START, "answered 503", START + HOUR)
    assert now_on_call(machine, 3)[0] == ("cy",)
    machine.handle(CalendarRead("primary", 2, CALENDAR.source, (shift(0, 9, "cy"),), ("eve",)), START + 3 * HOUR)
    assert machine.overrides.calendars["primary", 2] == Standing(START + 3 * HOUR, strangers=("eve",))


def told(machine: Machine) -> list[str]:
    """The built-in alerts about calendars that fire, and what they say."""
    alerts = [alert for alert in machine.alerts if alert.firing and alert.labels["alertname"] == "EvaluatorCalendarUnreadable"]
    return [dict(alert.described.annotations.expanded)["description"] for alert in alerts]


def test_a_calendar_that_cannot_be_read_twice_in_a_row_is_an_alert_that_says_how_old_its_copy_is() -> None:
    machine = Machine(SETTINGS, START)
    machine.handle(read(shift(0, 9, "cy")), START)
    machine.handle(CalendarUnread("primary", 2, "answered 503"), START + HOUR)
    assert told(machine) == []
    machine.handle(CalendarUnread("primary", 2, "answered 503"), START + 2 * HOUR)
    (said,) = told(machine)
    since, read_at = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (START + HOUR, START))
    assert said.startswith(f"It cannot be since {since}: answered 503. What it said at {read_at} counts")
    machine.handle(read(shift(0, 9, "cy")), START + 3 * HOUR)
    assert told(machine) == []


def test_the_alert_about_a_calendar_ends_with_its_layer() -> None:
    machine = Machine(SETTINGS, START)
    for hours in (1, 2):
        machine.handle(CalendarUnread("primary", 2, "answered 503"), START + hours * HOUR)
    assert "before the evaluator was started" in told(machine)[0]
    machine.handle(Reloaded(replace(SETTINGS, duty=Duty((), (replace(PRIMARY, layers=(WEEKLY,)),)))), START + 3 * HOUR)
    assert told(machine) == []


def test_the_alert_about_a_calendar_lasts_through_a_restart_until_it_is_read() -> None:
    machine = Machine(SETTINGS, START)
    effects = [
        effect for hours in (1, 2) for effect in machine.handle(CalendarUnread("primary", 2, "no"), START + hours * HOUR)
    ]
    alerts = tuple(effect.record for effect in effects if isinstance(effect, Save) and isinstance(effect.record, AlertRecord))
    again = Machine(SETTINGS, START + 3 * HOUR)
    again.restore(Kept(alerts=alerts), START + 3 * HOUR)
    assert len(told(again)) == 1
    again.handle(read(shift(0, 9, "cy")), START + 3 * HOUR)
    assert told(again) == []
