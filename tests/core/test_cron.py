"""Cron schedules: what they mean, when they come, and what daylight saving does to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evaluator.core.recurrence.cron import Cron, latest_at, next_after
from evaluator.core.recurrence.cron_texts import NICKNAMES, parse_cron
from evaluator.core.zones import first_instant, load_zone
from tests.effort import examples

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def comes(text: str, start: str, count: int, zone: str = "UTC") -> list[str]:
    """The next times that a schedule comes after `start`, in UTC."""
    return [f"{instant:%Y-%m-%d %H:%M}" for instant in islice(following(parse_cron(text), load_zone(zone), at(start)), count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 2 * * *", ["2026-01-01 02:30", "2026-01-02 02:30"]),
        ("*/20 * * * *", ["2026-01-01 00:20", "2026-01-01 00:40", "2026-01-01 01:00"]),
        ("5/25 0 * * *", ["2026-01-01 00:05", "2026-01-01 00:30", "2026-01-01 00:55", "2026-01-02 00:05"]),
        ("10-40/15 12 * * *", ["2026-01-01 12:10", "2026-01-01 12:25", "2026-01-01 12:40", "2026-01-02 12:10"]),
        ("0,30 6,18 * * *", ["2026-01-01 06:00", "2026-01-01 06:30", "2026-01-01 18:00", "2026-01-01 18:30"]),
        ("0 0 * * mon-fri", ["2026-01-02 00:00", "2026-01-05 00:00", "2026-01-06 00:00"]),
        (
            "0 0 * * FRI-mon",
            ["2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-05 00:00", "2026-01-09 00:00"],
        ),
        ("0 0 * * 5-7", ["2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00", "2026-01-09 00:00"]),
        ("0 0 * * 7", ["2026-01-04 00:00", "2026-01-11 00:00"]),
        ("0 0 * * sat-sun", ["2026-01-03 00:00", "2026-01-04 00:00", "2026-01-10 00:00"]),
        ("0 0 1 nov-feb *", ["2026-02-01 00:00", "2026-11-01 00:00", "2026-12-01 00:00", "2027-01-01 00:00"]),
        ("0 0 1 jan,jul *", ["2026-07-01 00:00", "2027-01-01 00:00"]),
        ("0 0 31 * *", ["2026-01-31 00:00", "2026-03-31 00:00", "2026-05-31 00:00"]),
        ("0 0 l * *", ["2026-01-31 00:00", "2026-02-28 00:00", "2026-03-31 00:00"]),
        ("0 0 1,L 2 *", ["2026-02-01 00:00", "2026-02-28 00:00", "2027-02-01 00:00"]),
        ("0 22 * * tue#2", ["2026-01-13 22:00", "2026-02-10 22:00", "2026-03-10 22:00"]),
        ("0 0 * * 5#5", ["2026-01-30 00:00", "2026-05-29 00:00"]),
        ("0 0 * * friL,mon#1", ["2026-01-05 00:00", "2026-01-30 00:00", "2026-02-02 00:00", "2026-02-27 00:00"]),
        ("0 0 * * 7L", ["2026-01-25 00:00", "2026-02-22 00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 13 * fri", ["2026-01-02 00:00", "2026-01-09 00:00", "2026-01-13 00:00", "2026-01-16 00:00"]),
        ("0 0 */2 * fri", ["2026-01-09 00:00", "2026-01-23 00:00", "2026-02-13 00:00"]),
        ("0 0 13 * */5", ["2026-02-13 00:00", "2026-03-13 00:00", "2026-09-13 00:00"]),
        ("0 0 31 2 sun", ["2026-02-01 00:00", "2026-02-08 00:00"]),
        ("0 0 * * 6-1/2", ["2026-01-03 00:00", "2026-01-05 00:00"]),
        ("@hourly", ["2026-01-01 01:00", "2026-01-01 02:00"]),
        ("@daily", ["2026-01-02 00:00"]),
        ("@Midnight", ["2026-01-02 00:00"]),
        ("@weekly", ["2026-01-04 00:00"]),
        ("@monthly", ["2026-02-01 00:00"]),
        ("@yearly", ["2027-01-01 00:00"]),
        ("@annually", ["2027-01-01 00:00"]),
    ],
)
def test_schedules(text: str, expected: list[str]) -> None:
    """From the first minute of 2026, a Thursday."""
    assert comes(text, "2026-01-01 00:00", len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no schedule"),
        ("* * * *", "is no schedule"),
        ("0 * * * * *", "is no schedule"),
        ("@reboot", "@yearly, "),
        ("60 * * * *", "minute 60 is out of range 0 to 59"),
        ("0 24 * * *", "hour 24 is out of range 0 to 23"),
        ("0 0 0 * *", "day of the month 0 is out of range 1 to 31"),
        ("0 0 * 13 *", "month 13 is out of range 1 to 12"),
        ("0 0 * * 8", "weekday 8 is out of range 0 to 7"),
        ("0 0 * * 8#1", "weekday 8 is out of range"),
        ("0 0 * * tue#6", "not understood"),
        ("0 0 * * monday", 'weekday "monday" is not understood; write 0 to 7 or sun to sat'),
        ("0 0 * january *", 'month "january" is not understood; write 1 to 12 or jan to dec'),
        ("0 0 1W * *", "not understood"),
        ("0 0 ? * *", "not understood"),
        ("-5 * * * *", "not understood"),
        ("1,,2 * * * *", "not understood"),
        ("*-5 * * * *", "not understood"),
        ("*/0 * * * *", "a step of 0"),
        ("*/-1 * * * *", "not understood"),
        ("0 22-6 * * *", 'hour "22-6" ends before it begins; write two ranges'),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 apr,jun,sep,nov *", "never comes"),
        ("٣ * * * *", "not understood"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_cron(text)


def test_nicknames_are_schedules() -> None:
    assert [parse_cron(name).minutes for name in NICKNAMES] == [parse_cron(text).minutes for text in NICKNAMES.values()]


def test_the_rarest_day_is_found() -> None:
    """A fifth Friday in February comes once in 28 years, or 40 over a century that is no leap year."""
    assert comes("0 0 * 2 fri#5", "2026-01-01 00:00", 3) == ["2036-02-29 00:00", "2064-02-29 00:00", "2092-02-29 00:00"]
    assert comes("0 0 * 2 fri#5", "2093-01-01 00:00", 1) == ["2104-02-29 00:00"]


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        # 29 March: from 02:00 to 03:00. 25 October: from 03:00 back to 02:00.
        ("30 2 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:30"]),
        ("*/15 2 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-30 00:00", "2026-03-30 00:15"]),
        ("0,30 2,3 * * *", "2026-03-28 12:00", ["2026-03-29 01:00", "2026-03-29 01:30", "2026-03-30 00:00"]),
        ("30 2 * * *", "2026-10-24 12:00", ["2026-10-25 00:30", "2026-10-26 01:30"]),
        ("*/30 * * * *", "2026-10-24 23:45", ["2026-10-25 00:00", "2026-10-25 00:30", "2026-10-25 02:00"]),
        ("45 2 * * *", "2026-10-25 01:10", ["2026-10-26 01:45"]),
        ("0 0 * * *", "2026-03-28 12:00", ["2026-03-28 23:00", "2026-03-29 22:00"]),
    ],
)
def test_each_time_on_the_wall_counts_once(text: str, start: str, expected: list[str]) -> None:
    """Berlin: a skipped time comes at the skip, a repeated one the first time."""
    assert comes(text, start, len(expected), "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("text", "instant", "expected"),
    [
        ("30 2 * * *", "2026-03-29 01:00", "2026-03-29 01:00"),
        ("30 2 * * *", "2026-03-29 00:59", "2026-03-28 01:30"),
        ("45 2 * * *", "2026-10-25 01:10", "2026-10-25 00:45"),
        ("30 2 * * *", "2026-10-25 01:30", "2026-10-25 00:30"),
        ("0 3 * * *", "2026-10-25 01:59", "2026-10-24 01:00"),
        ("0 3 * * *", "2026-10-25 02:00", "2026-10-25 02:00"),
        ("0 0 29 2 *", "2026-01-01 00:00", "2024-02-28 23:00"),
    ],
)
def test_the_latest_time(text: str, instant: str, expected: str) -> None:
    """Berlin again; the instant itself counts."""
    assert latest_at(parse_cron(text), load_zone("Europe/Berlin"), at(instant)) == at(expected)


SHIFTS = [
    ("Europe/Berlin", "2026-03-28 12:00"),
    ("Europe/Berlin", "2026-10-24 12:00"),
    ("America/Santiago", "2025-04-05 12:00"),
    ("America/Santiago", "2025-09-06 12:00"),
    ("Australia/Lord_Howe", "2026-04-04 00:00"),
    ("Australia/Lord_Howe", "2026-10-03 00:00"),
    ("America/St_Johns", "2010-11-06 12:00"),
    ("Pacific/Apia", "2011-12-29 22:00"),
]
MINUTES = {"0": {0}, "30": {30}, "*/7": set(range(0, 60, 7)), "59": {59}, "15,45": {15, 45}}
HOURS = {"*": set(range(24)), "0": {0}, "1": {1}, "2": {2}, "2-3": {2, 3}, "23": {23}, "*/6": {0, 6, 12, 18}}
WEEKDAYS = {"*": set(range(1, 8)), "sun": {7}, "5-7": {5, 6, 7}}
minutes, hours, weekdays = (st.sampled_from(list(fields)) for fields in (MINUTES, HOURS, WEEKDAYS))


@settings(max_examples=examples(6))
@given(st.sampled_from(SHIFTS), minutes, hours, weekdays)
@example(("Pacific/Apia", "2011-12-29 22:00"), "30", "*", "*")
def test_a_schedule_comes_when_the_wall_says_so(shift: tuple[str, str], minute: str, hour: str, weekday: str) -> None:
    """Every matching time on the wall is looked up one by one; `next_after` and `latest_at` agree with the list."""
    zone, start = load_zone(shift[0]), at(shift[1])
    cron = parse_cron(f"{minute} {hour} * * {weekday}")
    first = start.astimezone(zone).replace(tzinfo=None)
    walls = [first + number * MINUTE for number in range(-1440, 2 * 1440)]
    due = sorted({first_instant(wall, zone) for wall in walls if on_the_wall(wall, minute, hour, weekday)})
    expected = [instant for instant in due if start < instant < start + timedelta(days=1)]
    assert list(islice(following(cron, zone, start), len(expected))) == expected
    for instant in expected:
        assert latest_at(cron, zone, instant) == instant
        assert latest_at(cron, zone, next_after(cron, zone, instant) - MINUTE) == instant


def following(cron: Cron, zone: ZoneInfo, instant: datetime) -> Iterator[datetime]:
    """All times after `instant`."""
    while True:
        instant = next_after(cron, zone, instant)
        yield instant


def on_the_wall(wall: datetime, minute: str, hour: str, weekday: str) -> bool:
    """Whether the schedule of these three fields comes then."""
    return wall.minute in MINUTES[minute] and wall.hour in HOURS[hour] and wall.isoweekday() in WEEKDAYS[weekday]


def test_days_are_known_without_a_clock() -> None:
    assert parse_cron("0 22 * * tue#2").comes_on(date(2026, 1, 13))
    assert not parse_cron("0 22 * * tue#2").comes_on(date(2026, 1, 6))
