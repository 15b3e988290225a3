"""Time intervals: what they hold, how they are written, and when they change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluator.core.muting.interval_texts import parse_days_of_month, parse_months, parse_times, parse_weekdays, parse_years
from evaluator.core.muting.intervals import HORIZON, ClockMute, NamedInterval, TimeInterval, clock_mute, next_change
from evaluator.core.zones import first_instant, load_zone, stretches
from tests.effort import examples

MINUTE = timedelta(minutes=1)
WORKDAYS, OFFICE = ((1, 5),), ((9 * 60, 17 * 60),)


def at(text: str) -> datetime:
    """`2020-05-04 15:04`, in UTC unless an offset follows."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


office = TimeInterval(times=OFFICE, weekdays=WORKDAYS)
april = TimeInterval(days_of_month=((4, 6),), months=((4, 4),), years=((2020, 2020),))
last_three = TimeInterval(days_of_month=((-3, -1),))
any_day = TimeInterval(days_of_month=((-31, 31),), months=((6, 6),))
sydney = TimeInterval(times=OFFICE, weekdays=WORKDAYS, location="Australia/Sydney")
last_day = TimeInterval(days_of_month=((-1, -1),), location="America/New_York")
not_in_february = TimeInterval(days_of_month=((30, 31),), months=((2, 2),), years=((2020, 2023),))
mixed = TimeInterval(
    times=((13 * 60, 15 * 60),),
    weekdays=((1, 3), (6, 6), (0, 0)),
    days_of_month=((1, 1), (10, 10), (20, -1)),
    months=((1, 3),),
    years=((2020, 2023),),
)
quarter_end = TimeInterval(
    times=OFFICE,
    weekdays=((1, 5), (0, 0)),
    days_of_month=((-7, -1),),
    months=((1, 3),),
    years=((2020, 2025), (2030, 2035)),
)
friday_night = TimeInterval(times=((22 * 60, 6 * 60),), weekdays=((5, 5),))
new_year_night = TimeInterval(times=((22 * 60, 6 * 60),), days_of_month=((31, 31),), months=((12, 12),), years=((2025, 2025),))
long_weekend = TimeInterval(weekdays=((5, 1),))
winter = TimeInterval(months=((11, 2),))
until_midnight = TimeInterval(times=((22 * 60, 24 * 60),), weekdays=((5, 5),))
half_past_two = TimeInterval(times=((150, 151),), location="Europe/Berlin")


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (TimeInterval(), ["2020-01-01 00:00", "1999-12-31 23:59"], []),
        (office, ["2020-05-04 15:04", "2020-05-04 09:00", "2020-05-04 16:59:59"], ["2020-05-03 15:04", "2020-05-04 08:59"]),
        (office, [], ["2020-05-04 17:00"]),
        (april, ["2020-04-06 23:05", "2020-04-04 00:00"], ["2020-04-07 00:00", "2021-04-05 00:00"]),
        (last_three, ["2020-02-29 00:00", "2020-01-29 00:00", "2020-01-31 23:59"], ["2020-01-27 00:00", "2020-03-01 00:00"]),
        (any_day, ["2020-06-01 00:00", "2020-06-30 00:00"], ["2020-05-31 00:00"]),
        (sydney, ["2021-04-06 13:00+10:00"], ["2021-04-06 13:00"]),
        (sydney, ["2021-10-31 22:00"], ["2021-10-31 21:00"]),
        (last_day, ["2021-03-31 12:00-04:00", "2021-03-31 23:59-04:00"], ["2021-03-30 12:00-04:00", "2021-04-01 00:00-04:00"]),
        (not_in_february, [], ["2021-02-28 12:00", "2020-02-29 12:00"]),
        (mixed, ["2021-01-10 13:00"], ["2021-01-20 12:59", "2021-02-02 13:00"]),
        (quarter_end, ["2021-01-27 09:00", "2025-03-31 16:00", "2035-01-31 13:00"], []),
        (quarter_end, [], ["2021-01-30 13:00", "2021-04-01 13:00", "2026-01-30 13:00", "2035-01-31 17:01"]),
        (TimeInterval(times=()), [], ["2020-01-01 00:00"]),
        (TimeInterval(years=()), [], ["2020-01-01 00:00"]),
    ],
)
def test_contains_as_alertmanager(interval: TimeInterval, inside: list[str], outside: list[str]) -> None:
    assert [text for text in inside if not interval.contains(at(text))] == []
    assert [text for text in outside if interval.contains(at(text))] == []


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (friday_night, ["2026-01-02 22:00", "2026-01-03 05:59"], ["2026-01-02 05:59", "2026-01-02 21:59", "2026-01-03 06:00"]),
        (friday_night, [], ["2026-01-03 22:00"]),
        (new_year_night, ["2025-12-31 23:00", "2026-01-01 05:00"], ["2025-12-31 05:00", "2026-01-01 23:00"]),
        (long_weekend, ["2026-01-02 00:00", "2026-01-04 12:00", "2026-01-05 23:59"], ["2026-01-01 23:59", "2026-01-06 00:00"]),
        (winter, ["2026-11-01 00:00", "2026-02-28 23:59", "2026-12-25 00:00"], ["2026-10-31 23:59", "2026-03-01 00:00"]),
        (until_midnight, ["2026-01-02 23:59"], ["2026-01-03 00:00"]),
    ],
)
def test_ranges_go_round(interval: TimeInterval, inside: list[str], outside: list[str]) -> None:
    """A range that ends before it begins goes round, and a night belongs to the day on which it begins."""
    assert [text for text in inside if not interval.contains(at(text))] == []
    assert [text for text in outside if interval.contains(at(text))] == []


def test_a_skipped_time_never_comes_and_a_repeated_one_comes_twice() -> None:
    """Berlin, 2026: no 02:30 on 29 March, two on 25 October."""
    instants = [at("2026-03-28 00:00") + number * timedelta(minutes=30) for number in range(3 * 48)]
    assert [f"{instant:%d %H:%M}" for instant in instants if half_past_two.contains(instant)] == ["28 01:30", "30 00:30"]
    assert half_past_two.contains(at("2026-10-25 00:30"))
    assert half_past_two.contains(at("2026-10-25 01:30"))


# -- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("00:00", "24:00", (0, 1440)),
        ("09:00", "17:00", (540, 1020)),
        ("23:59", "24:00", (1439, 1440)),
        ("22:00", "06:00", (1320, 360)),
        ("22:00", "00:00", (1320, 1440)),
    ],
)
def test_times(start: str, end: str, expected: tuple[int, int]) -> None:
    assert parse_times(start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        ("01:99", "12:00", "couldn't parse timestamp 01:99, invalid format"),
        ("99:99", "12:00", "invalid format"),
        ("9:00", "12:00", "invalid format"),
        ("09:00:00", "12:00", "invalid format"),
        ("00:00", "24:01", "invalid format"),
        ("٠٩:00", "12:00", "invalid format"),
        ("24:00", "12:00", "start_time cannot be 24:00"),
        ("09:00", "09:00", "both 09:00"),
        ("00:00", "00:00", "both 00:00"),
        ("09:00", "", "both start_time and end_time must be given"),
        ("", "09:00", "both start_time and end_time must be given"),
    ],
)
def test_times_refused(start: str, end: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_times(start, end)


PARSERS = {"weekdays": parse_weekdays, "days": parse_days_of_month, "months": parse_months, "years": parse_years}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("weekdays", "monday", (1, 1)),
        ("weekdays", "MONDAY:Friday", (1, 5)),
        ("weekdays", "sunday:saturday", (0, 6)),
        ("weekdays", "friday:monday", (5, 1)),
        ("weekdays", "saturday:sunday", (6, 0)),
        ("days", "1:-1", (1, -1)),
        ("days", "31", (31, 31)),
        ("days", "-31:-1", (-31, -1)),
        ("days", "20:-9", (20, -9)),
        ("months", "January:MARCH", (1, 3)),
        ("months", "1:12", (1, 12)),
        ("months", "0:13", (0, 13)),
        ("months", "november:february", (11, 2)),
        ("months", "december:1", (12, 1)),
        ("years", "2020:2022", (2020, 2022)),
        ("years", "2020", (2020, 2020)),
    ],
)
def test_ranges(kind: str, text: str, expected: tuple[int, int]) -> None:
    assert PARSERS[kind](text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("weekdays", "blurgsday", "blurgsday is not a valid weekday"),
        ("weekdays", "1:3", "1 is not a valid weekday"),
        ("weekdays", "-2:-1", "-2 is not a valid weekday"),
        ("weekdays", "mon", "mon is not a valid weekday"),
        ("weekdays", "monday:tuesday:friday", "couldn't parse range"),
        ("weekdays", "monday:", "not a valid weekday"),
        ("days", "0", "0 is not a valid day of the month: out of range"),
        ("days", "-50:-20", "-50 is not a valid day of the month: out of range"),
        ("days", "1:50", "50 is not a valid day of the month: out of range"),
        ("days", "-15:5", "end day must be negative if start day is negative"),
        ("days", "20:-10", "end day -10 is always before start day 20"),
        ("days", "10:5", "end day 5 is always before start day 10"),
        ("days", "five", "five is not a valid day of the month"),
        ("days", "1_0", "not a valid day"),
        ("months", "martius", "martius is not a valid month"),
        ("months", "may:junius", "junius is not a valid month"),
        ("months", "13", "13 holds no month"),
        ("months", "0", "0 holds no month"),
        ("months", "13:2", "end month 2 is before start month 13"),
        ("years", "2022:2020", "end year 2020 is before start year 2022"),
        ("years", "twenty", "twenty is not a valid year"),
    ],
)
def test_ranges_refused(kind: str, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        PARSERS[kind](text)


def test_ranges_do_not_go_round_for_those_who_ask_for_alertmanagers_rule() -> None:
    with pytest.raises(ValueError, match="start day cannot be before end day"):
        parse_weekdays("friday:monday", wrap=False)
    with pytest.raises(ValueError, match="end month 1 is before start month 12"):
        parse_months("december:january", wrap=False)
    with pytest.raises(ValueError, match="start_time cannot be equal or greater than end_time"):
        parse_times("22:00", "06:00", wrap=False)
    assert parse_weekdays("monday:friday", wrap=False) == (1, 5)


@pytest.mark.parametrize("name", ["Nowhere/Atall", "America", "../UTC", "/etc/localtime", "utc ", "a\0b"])
def test_unknown_zones(name: str) -> None:
    """Also what the database holds but is no zone, and what would lead out of it."""
    with pytest.raises(ValueError, match="unknown time zone"):
        TimeInterval(location=name)


def test_local_is_the_zone_that_the_machine_is_said_to_live_in() -> None:
    assert load_zone("Local", local="Asia/Tokyo") is load_zone("Asia/Tokyo")
    assert load_zone("") is load_zone("UTC")


# -- routes -----------------------------------------------------------------------------------------------------------

evenings = NamedInterval("evenings", (TimeInterval(times=((0, 540), (1020, 1440)), location="Australia/Sydney"),))
weekends = NamedInterval("weekends", (TimeInterval(weekdays=((6, 6), (0, 0))),))
never = NamedInterval("never")


@pytest.mark.parametrize(
    ("instant", "names"),
    [
        ("2020-01-01 12:00+11:00", ()),
        ("2020-01-01 20:00+11:00", ("evenings",)),
        ("2020-01-01 03:00+11:00", ("evenings",)),
        ("2020-01-04 15:00+11:00", ("weekends",)),
        ("2020-01-04 20:00+11:00", ("evenings", "weekends")),
        ("2020-01-05 08:59+11:00", ("evenings", "weekends")),
    ],
)
def test_the_mute_intervals_that_hold_are_named(instant: str, names: tuple[str, ...]) -> None:
    expected = ClockMute(active=False, names=names) if names else None
    assert clock_mute([evenings, never, weekends], [], at(instant)) == expected


def test_active_intervals_are_asked_first() -> None:
    """Outside of all active intervals that is the only reason, whatever mute intervals hold; inside of one those count."""
    saturday, monday = at("2020-01-04 12:00"), at("2020-01-06 12:00+11:00")
    assert clock_mute([weekends], [never, never], saturday) == ClockMute(active=True, names=("never", "never"))
    assert clock_mute([weekends], [never, weekends], saturday) == ClockMute(active=False, names=("weekends",))
    assert clock_mute([], [never, weekends], saturday) is None
    assert clock_mute([weekends], [weekends], monday) == ClockMute(active=True, names=("weekends",))


# -- changes ----------------------------------------------------------------------------------------------------------

nights_in_berlin = TimeInterval(times=((22 * 60, 6 * 60),), location="Europe/Berlin")
two_to_three = TimeInterval(times=((120, 180),), location="Europe/Berlin")


@pytest.mark.parametrize(
    ("intervals", "start", "expected"),
    [
        ([TimeInterval()], "2026-01-01 00:00", None),
        ([], "2026-01-01 00:00", None),
        ([TimeInterval(years=((2040, 2040),))], "2026-01-01 00:00", None),
        ([TimeInterval(years=((2027, 2027),))], "2026-01-01 00:00", "2027-01-01 00:00"),
        ([TimeInterval(times=((0, 1440),))], "2026-01-01 00:00", None),
        ([office], "2026-01-02 17:00", "2026-01-05 09:00"),
        ([office], "2026-01-05 08:59:59.999999", "2026-01-05 09:00"),
        ([office], "2026-01-05 09:00", "2026-01-05 17:00"),
        ([friday_night], "2026-01-02 12:00", "2026-01-02 22:00"),
        ([friday_night], "2026-01-02 22:00", "2026-01-03 06:00"),
        ([friday_night, TimeInterval(weekdays=((6, 6),))], "2026-01-02 22:00", "2026-01-04 00:00"),
        ([nights_in_berlin], "2026-03-28 22:00", "2026-03-29 04:00"),
        ([nights_in_berlin], "2026-10-24 21:00", "2026-10-25 05:00"),
        ([two_to_three], "2026-03-28 02:00", "2026-03-30 00:00"),
        ([two_to_three], "2026-10-24 23:00", "2026-10-25 00:00"),
        ([two_to_three], "2026-10-25 00:30", "2026-10-25 02:00"),
        ([half_past_two], "2026-10-25 00:31", "2026-10-25 01:30"),
        ([TimeInterval(days_of_month=((29, 29),), months=((2, 2),))], "2026-03-01 00:00", "2028-02-29 00:00"),
    ],
)
def test_the_next_change(intervals: list[TimeInterval], start: str, expected: str | None) -> None:
    """Berlin, 2026: clocks skip from 02:00 to 03:00 on 29 March and repeat that hour on 25 October."""
    assert next_change(intervals, at(start)) == (at(expected) if expected else None)


def test_a_change_beyond_the_horizon_is_found_when_asked_again() -> None:
    olympic = NamedInterval("olympic", (TimeInterval(years=((2030, 2030),)),))
    instant = at("2026-01-01 00:00")
    while (found := olympic.next_change(instant)) is None:
        instant += HORIZON
    assert found == at("2030-01-01 00:00")


# Lord Howe shifts by half an hour, Apia skipped a whole day, Beirut and Santiago shift at midnight, St Johns did so a minute
# later, Casablanca shifts around Ramadan, Kathmandu never.
SHIFTS = [
    ("Europe/Berlin", "2026-03-27 00:00"),
    ("Europe/Berlin", "2026-10-23 00:00"),
    ("America/New_York", "2026-03-06 00:00"),
    ("America/New_York", "2026-10-30 00:00"),
    ("Australia/Lord_Howe", "2026-04-03 00:00"),
    ("Australia/Lord_Howe", "2026-10-02 00:00"),
    ("Pacific/Apia", "2011-12-28 12:00"),
    ("Asia/Beirut", "2024-03-29 00:00"),
    ("Asia/Beirut", "2024-10-25 00:00"),
    ("America/Santiago", "2025-04-04 00:00"),
    ("America/Santiago", "2025-09-05 00:00"),
    ("America/St_Johns", "2010-03-12 00:00"),
    ("America/St_Johns", "2010-11-05 00:00"),
    ("Africa/Casablanca", "2025-02-21 00:00"),
    ("Asia/Kathmandu", "2026-02-26 00:00"),
]


def ranges(low: int, high: int, round_too: bool = True) -> st.SearchStrategy[tuple[tuple[int, int], ...] | None]:
    one = st.tuples(st.integers(low, high), st.integers(low, high))
    ordered = one if round_too else one.map(lambda pair: (min(pair), max(pair)))
    return st.none() | st.lists(ordered, max_size=2).map(tuple)


@st.composite
def intervals_in(draw: st.DrawFn, zone: str) -> TimeInterval:
    minutes = st.sampled_from([0, 1, 30, 59, 60, 90, 119, 120, 150, 180, 360, 720, 1380, 1410, 1439])
    span = st.tuples(minutes, minutes | st.just(1440)).filter(lambda pair: pair[0] != pair[1])
    return TimeInterval(
        times=draw(st.none() | st.lists(span, max_size=2).map(tuple)),
        weekdays=draw(ranges(0, 6)),
        days_of_month=draw(st.none() | st.just(((-3, -1),)) | st.just(((1, 2), (25, 31)))),
        months=draw(st.none() | ranges(1, 12)),
        location=draw(st.just(zone) | st.just("UTC")),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[TimeInterval, ...], datetime]:
    zone, start = draw(st.sampled_from(SHIFTS))
    elements = tuple(draw(st.lists(intervals_in(zone), min_size=1, max_size=2)))
    return elements, at(start) + draw(st.integers(0, 600)) * MINUTE


@settings(max_examples=examples(3))
@given(cases())
@example(((TimeInterval(weekdays=((5, 5),), location="Pacific/Apia"),), at("2011-12-28 12:00")))
@example(((TimeInterval(times=((1410, 30),), weekdays=((0, 0),), location="America/St_Johns"),), at("2010-11-05 00:00")))
def test_no_change_is_skipped_and_none_is_invented(case: tuple[tuple[TimeInterval, ...], datetime]) -> None:
    """Four days minute by minute, across shifts of the clock."""
    elements, start = case
    minutes = [start + number * MINUTE for number in range(4 * 1440)]
    holds = [any(element.contains(minute) for element in elements) for minute in minutes]
    expected = [after for (_, was), (after, now) in pairwise(zip(minutes, holds, strict=True)) if was != now]
    found, instant = [], next_change(elements, start)
    while instant is not None and instant <= minutes[-1]:
        found.append(instant)
        instant = next_change(elements, instant)
    assert found == expected


@pytest.mark.parametrize(("zone", "start"), SHIFTS)
def test_stretches_are_without_holes_and_even(zone: str, start: str) -> None:
    found = list(stretches(load_zone(zone), at(start), at(start) + timedelta(days=365)))
    assert [earlier.ends for earlier in found[:-1]] == [later.begins for later in found[1:]]
    assert (found[0].begins, found[-1].ends) == (at(start), at(start) + timedelta(days=365))
    for stretch in found:
        for instant in (stretch.begins, stretch.ends - timedelta(seconds=1)):
            assert instant.astimezone(load_zone(zone)).utcoffset() == stretch.offset


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/Berlin", "2026-06-01 12:00", "2026-06-01 10:00"),
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
    ],
)
def test_the_first_instant_at_which_clocks_show_a_time(zone: str, wall: str, instant: str) -> None:
    """Skipped times count at the skip, repeated ones the first time."""
    assert first_instant(datetime.fromisoformat(wall), load_zone(zone)) == at(instant)
