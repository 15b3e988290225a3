"""Who is on call: hand-offs on the wall clock, layers, overrides, absences; over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.oncall.calendars import Calendar, Span
from evaluator.core.oncall.oncall import Away, OnCall, Override, Schedule, gaps, on_call, shifts
from evaluator.core.oncall.rotations import Layer, Unit
from tests.effort import examples

MADRID = ZoneInfo("Europe/Madrid")
WORKDAYS, NIGHTS = frozenset(range(5)), Span(frozenset(range(4)), 22 * 60, 6 * 60)
WEEKLY = Layer(("ana", "bo"), 1, Unit.WEEK, date(2026, 1, 5), time(9), weekday=0)
NIGHT = Layer(("cy",), 1, Unit.DAY, date(2026, 1, 5), time(22), active=(NIGHTS,))
PRIMARY = Schedule("primary", MADRID, (WEEKLY, NIGHT), fallback=("mia",))


def local(text: str, zone: ZoneInfo = MADRID) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("at", "people", "why"),
    [
        ("2026-01-05T08:59", ("mia",), "fallback"),
        ("2026-01-05T09:00", ("ana",), "layer 1"),
        ("2026-01-05T21:59", ("ana",), "layer 1"),
        ("2026-01-05T22:00", ("cy",), "layer 2"),
        ("2026-01-06T05:59", ("cy",), "layer 2"),
        ("2026-01-06T06:00", ("ana",), "layer 1"),
        ("2026-01-09T05:59", ("cy",), "layer 2"),  # the night that began on Thursday
        ("2026-01-09T23:00", ("ana",), "layer 1"),
        ("2026-01-12T08:59", ("ana",), "layer 1"),
        ("2026-01-12T09:00", ("bo",), "layer 1"),
        ("2026-03-30T08:59", ("bo",), "layer 1"),  # the day after the clocks went forward
        ("2026-03-30T09:00", ("ana",), "layer 1"),
    ],
)
def test_who_is_on_call(at: str, people: tuple[str, ...], why: str) -> None:
    assert on_call(PRIMARY, local(at), {}) == OnCall(people, why)


@pytest.mark.parametrize(
    ("override", "people", "why"),
    [
        (Override(local("2026-01-06T09:00"), local("2026-01-07T09:00"), "ana", "bo", "dentist"), ("bo",), "override: dentist"),
        (Override(local("2026-01-06T09:00"), local("2026-01-07T09:00"), "bo", "dan"), ("ana",), "layer 1"),
        (Override(local("2026-01-06T09:00"), local("2026-01-07T09:00"), "", "dan"), ("dan",), "override"),
        (Override(local("2026-01-06T09:00"), local("2026-01-07T09:00"), "ana"), ("mia",), "fallback"),
        (Override(local("2026-01-06T12:01"), local("2026-01-07T09:00"), "ana", "bo"), ("ana",), "layer 1"),
        (Override(local("2026-01-06T09:00"), local("2026-01-06T12:00"), "ana", "bo"), ("ana",), "layer 1"),
    ],
)
def test_overrides(override: Override, people: tuple[str, ...], why: str) -> None:
    at = local("2026-01-06T12:00")
    assert on_call(PRIMARY, at, {}, [override]) == OnCall(people, why)


def test_of_two_overrides_the_later_one_counts() -> None:
    day = local("2026-01-06T09:00"), local("2026-01-07T09:00")
    made = [Override(*day, "ana", "bo"), Override(*day, "bo", "dan")]
    assert on_call(PRIMARY, local("2026-01-06T12:00"), {}, made).people == ("dan",)


def test_whoever_is_away_is_not_on_call() -> None:
    """Nor as a stand-in; only a fallback is named in any case."""
    at, gone = local("2026-01-06T23:00"), (Away(local("2026-01-01T00:00"), local("2026-02-01T00:00")),)
    assert on_call(PRIMARY, at, {"cy": gone}) == OnCall(("ana",), "layer 1")
    assert on_call(PRIMARY, at, {"cy": gone, "ana": gone}) == OnCall(("mia",), "fallback")
    assert on_call(PRIMARY, at, {"cy": gone, "ana": gone, "mia": gone}) == OnCall(("mia",), "fallback")
    assert on_call(PRIMARY, at, {"dan": gone}, [Override(at, at + timedelta(hours=1), "cy", "dan")]).people == ("cy",)


def test_gaps_are_those_inside_the_coverage() -> None:
    office = Calendar(MADRID, (Span(WORKDAYS, 9 * 60, 18 * 60),), frozenset({date(2026, 1, 7)}))
    days = Layer(("ana",), 1, Unit.DAY, date(2026, 1, 5), active=(Span(frozenset({0, 4}), 9 * 60, 18 * 60),))
    schedule = Schedule("part", MADRID, (days,), coverage=office)
    found = list(gaps(schedule, local("2026-01-05T00:00"), local("2026-01-12T00:00"), {}))
    assert found == [
        (local("2026-01-06T09:00"), local("2026-01-06T18:00")),
        (local("2026-01-08T09:00"), local("2026-01-08T18:00")),
    ]
    assert sum((end - begin for begin, end in gaps(schedule, *_week(), {})), timedelta(0)) == timedelta(hours=18)


def _week() -> tuple[datetime, datetime]:
    return local("2026-01-05T00:00"), local("2026-01-12T00:00")


LAST_OF_MONTH = Layer(("a",), 1, Unit.MONTH, date(2026, 1, 31), time(9))
HALF_DAYS = Layer(("a",), 12, Unit.HOUR, date(2026, 3, 28), time(8))
FORTNIGHTS = Layer(("a",), 2, Unit.WEEK, date(2026, 1, 6), time(9), weekday=0)
SKIPPED = Layer(("a",), 1, Unit.DAY, date(2026, 3, 28), time(2, 30))  # the clocks go from 02:00 to 03:00 on the 29th


@pytest.mark.parametrize(
    ("layer", "turns"),
    [
        (LAST_OF_MONTH, ["2026-01-31T09:00", "2026-02-28T09:00", "2026-03-31T09:00"]),
        (HALF_DAYS, ["2026-03-28T08:00", "2026-03-28T20:00", "2026-03-29T08:00"]),
        (FORTNIGHTS, ["2026-01-12T09:00", "2026-01-26T09:00", "2026-02-09T09:00"]),
        (SKIPPED, ["2026-03-28T02:30", "2026-03-29T03:00", "2026-03-30T02:30"]),
    ],
)
def test_turns_begin_on_the_wall_clock(layer: Layer, turns: list[str]) -> None:
    assert [layer.turn(number, MADRID) for number in range(3)] == [local(turn).astimezone(UTC) for turn in turns]


def test_a_span_ends_when_its_hour_is_over_for_the_second_time() -> None:
    """In the night of 25 October 2026 the clocks of Madrid show 02:00 to 03:00 twice."""
    night = Calendar(MADRID, (Span(frozenset(range(7)), 150, 170),))
    (opening,) = night.between(local("2026-10-25T00:00"), local("2026-10-26T00:00"))
    assert opening == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 50, tzinfo=UTC))


zones = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
spans = st.builds(
    Span, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(1, 1440)
).filter(lambda span: span.begin != span.end)  # fmt: skip
layers = st.builds(
    Layer,
    rotation=st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(tuple),
    every=st.integers(1, 40),
    unit=st.sampled_from(Unit),
    start=st.dates(date(2019, 1, 1), date(2040, 1, 1)),
    handoff=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    weekday=st.none() | st.integers(0, 6),
    active=st.lists(spans, max_size=2).map(tuple),
)


@given(layers, zones, instants)
def test_every_instant_belongs_to_exactly_one_turn(layer: Layer, zone: ZoneInfo, at: datetime) -> None:
    number = layer.number(at, zone)
    assert layer.turn(number, zone) <= at < layer.turn(number + 1, zone)


@settings(max_examples=examples(8))
@given(st.lists(layers, min_size=1, max_size=3), zones, instants, st.integers(1, 60), st.data())
def test_shifts_tile_time_and_say_what_each_instant_says(
    some: list[Layer], zone: ZoneInfo, start: datetime, days: int, data: st.DataObject
) -> None:
    stop = start + timedelta(days=days)
    schedule = Schedule("s", zone, tuple(some), fallback=("z",))
    away = {"a": (Away(start + timedelta(days=1), start + timedelta(days=2)),)}
    made = [Override(start + timedelta(hours=5), start + timedelta(hours=30), "b", "c")]
    found = list(shifts(schedule, start, stop, away, made))
    assert (found[0].start, found[-1].end) == (start, stop)
    assert all(one.end == other.start for one, other in pairwise(found))
    at = data.draw(st.datetimes(start.replace(tzinfo=None), stop.replace(tzinfo=None) - timedelta(seconds=1)))
    instant = at.replace(tzinfo=UTC)
    (mine,) = (shift for shift in found if shift.start <= instant < shift.end)
    assert mine.on_call == on_call(schedule, instant, away, made)
    assert mine.on_call.people
