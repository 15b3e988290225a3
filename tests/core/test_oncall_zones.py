"""Who is on call while clocks change, in every zone of the database from 2020 until 2026; and by name, where it hurt others.

Zones whose clocks do the same in these years are tried once, each at one of its changes; to be thorough, at all of them,
until 2040.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from evaluator.core.oncall.calendars import Calendar, Span
from evaluator.core.oncall.oncall import Schedule, gaps, on_call, shifts
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.zones import stretches
from tests.effort import THOROUGH

START, STOP = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040 if THOROUGH else 2026, 1, 1, tzinfo=UTC)
HANDOFFS = (time(0), time(2, 30), time(9))
DAY = timedelta(days=1)


@cache
def changes() -> list[tuple[str, ZoneInfo, tuple[datetime, ...]]]:
    """A zone for each set of changes, and when they are."""
    known: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones() - {"localtime"}):
        known.setdefault(_years(ZoneInfo(name)), name)
    found = []
    for number, name in enumerate(known.values()):
        runs = list(stretches(ZoneInfo(name), START, STOP))[1:]
        some = runs if THOROUGH or not runs else [runs[number % len(runs)]]
        found.append((name, ZoneInfo(name), tuple(one.begins for one in some)))
    return [one for one in found if one[2]]


def _years(zone: ZoneInfo) -> tuple[object, ...]:
    """What tells zones apart: their offsets on some days of each year."""
    days = (datetime(year, month, 15, 1, tzinfo=UTC) for year in range(START.year, STOP.year) for month in (1, 3, 4, 7, 10, 11))
    return tuple(at.astimezone(zone).utcoffset() for at in days)


def test_no_handoff_is_lost_or_doubled_by_any_clock() -> None:
    """Daily turns at three times on the wall: one follows the other, within a day give or take what the clocks moved."""
    for name, zone, instants in changes():
        for handoff in HANDOFFS:
            layer = Layer(("ana", "bo"), 1, Unit.DAY, date(2019, 12, 1), handoff)
            for at in instants:
                number = layer.number(at - 2 * DAY, zone)
                turns = [layer.turn(number + step, zone) for step in range(5)]
                lengths = [after - before for before, after in pairwise(turns)]
                assert all(timedelta(hours=20) <= length <= timedelta(hours=28) for length in lengths), (name, handoff, at)


def test_shifts_tile_time_in_every_zone() -> None:
    """Two layers over each change: shifts meet, and say what is true at their beginnings, ends and middles, whenever asked."""
    nights = Span(frozenset(range(7)), 22 * 60, 6 * 60)
    for name, zone, instants in changes():
        day = Layer(("ana", "bo"), 1, Unit.DAY, date(2019, 12, 1), time(2, 30))
        night = Layer(("cy",), 1, Unit.DAY, date(2019, 12, 1), time(22), active=(nights,))
        schedule = Schedule("primary", zone, (day, night))
        for at in (instants[0], instants[-1]):
            found = list(shifts(schedule, at - DAY, at + DAY, {}))
            assert (found[0].start, found[-1].end) == (at - DAY, at + DAY), name
            for one, following in pairwise(found):
                assert one.end == following.start, name
            for one in found:
                for instant in (one.start, one.start + (one.end - one.start) / 2, one.end - timedelta(microseconds=1)):
                    assert on_call(schedule, instant, {}) == one.on_call, (name, instant)
            assert not list(gaps(schedule, at - DAY, at + DAY, {})), name


def wall(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


WEEKLY_CHICAGO = Layer(("ana", "bo"), 1, Unit.WEEK, date(2024, 1, 1), time(9), weekday=0)


@pytest.mark.parametrize(
    ("layer", "zone", "before", "after"),
    [
        pytest.param(
            Layer(("ana", "bo"), 1, Unit.DAY, date(2024, 11, 1), time(9)),
            "America/Chicago",
            wall("2024-11-02T09:00", "America/Chicago"),
            wall("2024-11-03T09:00", "America/Chicago"),
            id="a day of 25 hours is one turn, handed over at nine",
        ),
        pytest.param(
            Layer(("ana", "bo"), 1, Unit.DAY, date(2024, 3, 1), time(2, 30)),
            "America/Chicago",
            wall("2024-03-09T02:30", "America/Chicago"),
            wall("2024-03-10T03:00", "America/Chicago"),
            id="a hand-off in the hour that is skipped is at the first instant after it",
        ),
        pytest.param(
            Layer(("ana", "bo"), 1, Unit.DAY, date(2024, 11, 1), time(1, 30)),
            "America/Chicago",
            wall("2024-11-02T01:30", "America/Chicago"),
            wall("2024-11-03T01:30", "America/Chicago", fold=0),
            id="a hand-off in the hour that comes twice is at its first coming",
        ),
        pytest.param(
            WEEKLY_CHICAGO,
            "America/Chicago",
            wall("2024-10-28T09:00", "America/Chicago"),
            wall("2024-11-04T09:00", "America/Chicago"),
            id="a weekly turn over the change is an hour longer and ends at nine",
        ),
        pytest.param(
            Layer(("ana", "bo"), 1, Unit.DAY, date(2024, 10, 1), time(2)),
            "Australia/Lord_Howe",
            wall("2024-10-05T02:00", "Australia/Lord_Howe"),
            wall("2024-10-06T02:30", "Australia/Lord_Howe"),
            id="clocks that move by half an hour",
        ),
        pytest.param(
            Layer(("ana", "bo"), 1, Unit.MONTH, date(2024, 1, 31), time(9)),
            "Europe/Madrid",
            wall("2024-02-29T09:00", "Europe/Madrid"),
            wall("2024-03-31T09:00", "Europe/Madrid"),
            id="a monthly turn from the last day of a short month",
        ),
    ],
)
def test_turns_over_a_change_of_the_clocks(layer: Layer, zone: str, before: datetime, after: datetime) -> None:
    number = layer.number(before, ZoneInfo(zone))
    assert (layer.turn(number, ZoneInfo(zone)), layer.turn(number + 1, ZoneInfo(zone))) == (before, after)


def test_an_hour_that_comes_twice_is_covered_both_times() -> None:
    """Office hours that end at half past one end when the clocks show that for the second time."""
    office = Calendar(ZoneInfo("America/Chicago"), (Span(frozenset({5}), 20 * 60, 90),))
    opening = list(office.between(wall("2024-11-03T00:00", "America/Chicago"), wall("2024-11-03T03:00", "America/Chicago")))
    assert opening == [(wall("2024-11-02T20:00", "America/Chicago"), wall("2024-11-03T01:30", "America/Chicago", fold=1))]
