"""Hours without anybody in the weeks ahead, as a running evaluator knows them: with overrides, and calendars that were read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from evaluator.core.analytics.report import Gap
from evaluator.core.analytics.summary import summarize
from evaluator.core.engine import Machine
from evaluator.core.events import CalendarRead, OverrideSet
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings
from evaluator.service.analytics import report

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ZONE, WEEK, DAY = ZoneInfo("UTC"), timedelta(days=7), timedelta(days=1)
CALENDAR = CalendarLayer(file=Path("/etc/rota.ics"))
DUTY = Duty((Person("ana", "Ana", ZONE),), (Schedule("primary", ZONE, (CALENDAR,)),))


def running() -> Machine:
    """Its calendar has not been read."""
    return Machine(Settings(None, (), (), Route("ops"), (), duty=DUTY), NOW)


def ahead(machine: Machine) -> list[Gap]:
    """What the report says."""
    return list(report(summarize((), NOW - WEEK, NOW, {}), machine, NOW, ZONE).gaps)


def test_a_calendar_that_was_read_is_looked_at_and_one_that_was_not_is_not() -> None:
    machine = running()
    assert ahead(machine) == []
    shift = Override(NOW, NOW + 3 * WEEK, stand_in="ana", layer=1)
    machine.handle(CalendarRead("primary", 1, CALENDAR.source, (shift,), ()), NOW)
    assert ahead(machine) == [Gap("primary", NOW + 3 * WEEK, NOW + 4 * WEEK)]


def test_an_override_fills_a_gap() -> None:
    machine = running()
    shift = Override(NOW, NOW + 3 * WEEK, stand_in="ana", layer=1)
    machine.handle(CalendarRead("primary", 1, CALENDAR.source, (shift,), ()), NOW)
    taken = Override(NOW + 3 * WEEK, NOW + 3 * WEEK + DAY, stand_in="ana")
    machine.handle(OverrideSet(OverrideRecord("o", "primary", taken)), NOW)
    assert ahead(machine) == [Gap("primary", NOW + 3 * WEEK + DAY, NOW + 4 * WEEK)]
