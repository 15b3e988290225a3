"""RRULEs: what comes when, against the reference implementation for Python; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule as reference
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.muting.windows import Window, next_occurrence, occurrence, occurrences
from evaluator.core.recurrence.recurring import Recurring, latest_time, next_time, walls_from
from evaluator.core.recurrence.rrule_texts import parse_rrule
from evaluator.core.recurrence.schedule_texts import parse_schedule
from tests.effort import examples

BERLIN = ZoneInfo("Europe/Berlin")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "after", "times"),
    [
        ("FREQ=DAILY;BYHOUR=2", "2026-01-01T03:00", ["2026-01-02T02:00", "2026-01-03T02:00"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU;BYHOUR=22;BYMINUTE=30", "2026-01-01", ["2026-01-06T22:30", "2026-01-13T22:30"]),
        ("rrule:freq=monthly;byday=2tu;byhour=22", "2026-01-01", ["2026-01-13T22:00", "2026-02-10T22:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=22", "2026-01-01", ["2026-01-30T22:00", "2026-02-27T22:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=1", "2026-02-01", ["2026-02-28T01:00", "2026-03-31T01:00"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=18", "2026-01-01", ["2026-01-30T18:00", "2026-02-27T18:00"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;BYHOUR=3", "2026-01-01", ["2026-03-29T03:00", "2027-03-28T03:00"]),
        ("FREQ=YEARLY;BYDAY=1MO,-1MO;BYHOUR=3", "2026-01-01", ["2026-01-05T03:00", "2026-12-28T03:00", "2027-01-04T03:00"]),
        ("FREQ=DAILY;BYHOUR=2,14;BYMINUTE=0,30", "2026-01-01T02:10", ["2026-01-01T02:30", "2026-01-01T14:00"]),
        ("DTSTART:20260107T220000 RRULE:FREQ=WEEKLY;INTERVAL=2", "2025-01-01", ["2026-01-07T22:00", "2026-01-21T22:00"]),
        ("DTSTART:20260131T010000\nRRULE:FREQ=MONTHLY", "2026-01-01", ["2026-01-31T01:00", "2026-03-31T01:00"]),
        ("DTSTART:20240229T010000\nRRULE:FREQ=YEARLY", "2024-03-01", ["2028-02-29T01:00", "2032-02-29T01:00"]),
        ("DTSTART:20260106\nFREQ=DAILY;INTERVAL=3", "2026-01-01", ["2026-01-06T00:00", "2026-01-09T00:00"]),
    ],
)
def test_what_comes_next(rule: str, after: str, times: list[str]) -> None:
    found = parse_rrule(rule)
    assert [one.isoformat(timespec="minutes") for one in islice(walls_from(found, wall(after)), len(times))] == times


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        ("DTSTART:20260106T220000 FREQ=DAILY;COUNT=3", "2026-01-08T21:00"),
        ("DTSTART:20260106T220000 FREQ=DAILY;UNTIL=20260108", "2026-01-08T21:00"),
        ("FREQ=DAILY;BYHOUR=22;UNTIL=20260108T220000", "2026-01-08T21:00"),
        ("FREQ=DAILY;BYHOUR=22;UNTIL=20260108T210000Z", "2026-01-08T21:00"),
        ("FREQ=DAILY;BYHOUR=22;UNTIL=20260108T205959Z", "2026-01-07T21:00"),
    ],
)
def test_ends(rule: str, last: str) -> None:
    """COUNT and UNTIL say which time is the last; in Berlin, where 22:00 is 21:00 UTC in winter."""
    found = parse_rrule(rule)
    assert latest_time(found, BERLIN, utc("2030-01-01")) == utc(last)
    assert next_time(found, BERLIN, utc(last) - timedelta(seconds=1)) == utc(last)
    assert next_time(found, BERLIN, utc(last)) is None


def test_begins() -> None:
    """Before DTSTART nothing comes, however well the day fits."""
    found = parse_rrule("DTSTART:20260106T220000 FREQ=DAILY;BYHOUR=20,22")
    assert latest_time(found, BERLIN, utc("2026-01-06T20:59")) is None
    assert next_time(found, BERLIN, utc("2025-06-01")) == utc("2026-01-06T21:00")
    assert latest_time(found, BERLIN, utc("2026-01-06T21:00")) == utc("2026-01-06T21:00")


def test_daylight_saving() -> None:
    """As with cron, 02:30 comes every day once, at the first instant after the gap where it is skipped."""
    found = parse_rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30")
    assert next_time(found, BERLIN, utc("2026-03-28T12:00")) == utc("2026-03-29T01:00")
    assert next_time(found, BERLIN, utc("2026-10-24T12:00")) == utc("2026-10-25T00:30")
    assert next_time(found, BERLIN, utc("2026-10-25T00:30")) == utc("2026-10-26T01:30")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("RRULE:", "FREQ= is not understood"),
        ("DTSTART:20260101T220000", "one rule is needed"),
        ("FREQ=DAILY;BYHOUR=2 FREQ=DAILY;BYHOUR=3", "one rule is needed"),
        ("RRULE:BYDAY=MO", "FREQ= is not understood"),
        ("FREQ=HOURLY", "write DAILY, WEEKLY, MONTHLY, YEARLY, and BYHOUR"),
        ("FREQ=DAILY", "names no time of day; add BYHOUR"),
        ("FREQ=WEEKLY;BYHOUR=2", "names no day; add BYDAY"),
        ("FREQ=MONTHLY;BYHOUR=2", "add BYMONTHDAY or BYDAY"),
        ("FREQ=YEARLY;BYMONTH=2;BYHOUR=2", "names no day"),
        ("FREQ=DAILY;BYHOUR=2;INTERVAL=2", "INTERVAL needs to know from when"),
        ("FREQ=DAILY;BYHOUR=2;COUNT=2", "COUNT needs to know from when"),
        ("DTSTART:20260101 FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude each other"),
        ("DTSTART:20260101 FREQ=DAILY;UNTIL=20250101", "it ends before it begins"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=2", "never comes"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR 24 is out of range 0 to 23"),
        ("FREQ=MONTHLY;BYMONTHDAY=0;BYHOUR=1", "BYMONTHDAY 0 is out of range 1 to 31 or -31 to -1"),
        ("FREQ=MONTHLY;BYDAY=2X;BYHOUR=1", "BYDAY 2X is not understood"),
        ("FREQ=MONTHLY;BYDAY=0MO;BYHOUR=1", "BYDAY 0MO is not understood"),
        ("FREQ=WEEKLY;BYDAY=2MO;BYHOUR=1", "a number before a weekday is not for FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1;BYHOUR=1", "BYMONTHDAY is not for FREQ=WEEKLY"),
        ("FREQ=DAILY;BYHOUR=1;BYHOUR=2", "BYHOUR stands there twice"),
        ("FREQ=DAILY;BYHOUR=", "BYHOUR stands there without a value"),
        ("FREQ=DAILY;BYHOUR=1;BYWEEKNO=3", "BYWEEKNO is not understood"),
        ("FREQ=DAILY;BYHOUR=1;BYSECOND=3", "whole minutes"),
        ("FREQ=DAILY;BYHOUR=1;WKST=XX", "WKST XX is not understood"),
        ("FREQ=DAILY;BYHOUR=1;UNTIL=soon", 'UNTIL "SOON" is no time'),
        ("DTSTART:20260101T220001 FREQ=DAILY", "whole minutes"),
        ("DTSTART:20260101T220000Z FREQ=DAILY", "on the clocks of `location`"),
        ("DTSTART;TZID=Europe/Berlin:20260101T220000 FREQ=DAILY", "on the clocks of `location`"),
        ("DTSTART:20260101T220000 RRULE:FREQ=DAILY EXDATE:20260102T220000", "EXDATE is not understood"),
        ("DTSTART:20260101T220000 RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL 0 is out of range"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;BYHOUR=1,2", "one time of day"),
    ],
)
def test_refused(rule: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        parse_schedule(rule)


def test_window() -> None:
    """A window whose rule ends is over when its last occurrence is, also when it is edited, and mutes nobody after that."""
    window = Window(
        "patch night",
        ((Matcher("env", "staging", MatchOp.EQUAL),),),
        parse_schedule("DTSTART:20260106T220000\n RRULE:FREQ=WEEKLY;COUNT=2"),
        timedelta(hours=2),
        "Europe/Berlin",
    )
    assert window.schedule.text == "DTSTART:20260106T220000 RRULE:FREQ=WEEKLY;COUNT=2"
    found = [(one.starts_at, one.ends_at) for one in occurrences(window, utc("2026-01-01"))]
    assert found == [
        (utc("2026-01-06T21:00"), utc("2026-01-06T23:00")),
        (utc("2026-01-13T21:00"), utc("2026-01-13T23:00")),
    ]
    assert occurrence(window, utc("2026-01-06T20:59")) is None
    assert next_occurrence(window, utc("2026-01-13T21:00")) is None
    assert (window.ends_at, window.over(utc("2026-01-13T22:59")), window.over(utc("2026-01-13T23:00"))) == (
        utc("2026-01-13T23:00"),
        False,
        True,
    )
    assert replace(window, duration=timedelta(hours=3)).ends_at == utc("2026-01-14T00:00")
    assert replace(window, until=utc("2026-01-13T22:00")).ends_at == utc("2026-01-13T22:00")


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    return st.lists(st.integers(low, high).filter(bool), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))


def weekdays(numbers: list[str]) -> st.SearchStrategy[str]:
    """Weekdays, each with one of these numbers before it."""
    one = st.tuples(st.sampled_from(numbers), st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])).map("".join)
    return st.lists(one, min_size=1, max_size=4, unique=True).map(",".join)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that begin at some minute of 2024 to 2027. The reference takes `2TU,WE` for what is both, which nothing is."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}"]
    optional = {
        "INTERVAL": st.integers(1, 5).map(str),
        "BYMONTH": numbers(1, 12),
        "BYDAY": weekdays(draw(st.sampled_from([[""], ["1", "2", "-1", "5"]])) if freq in ("MONTHLY", "YEARLY") else [""]),
        "BYHOUR": numbers(1, 23),
        "BYMINUTE": numbers(1, 59),
        "WKST": st.sampled_from(["MO", "SU", "WE"]),
        **({} if freq == "WEEKLY" else {"BYMONTHDAY": numbers(-31, 31)}),
    }
    parts += [f"{key}={draw(values)}" for key, values in optional.items() if draw(st.booleans())]
    said = ";".join(parts)
    if any(key in said for key in ("BYMONTH=", "BYDAY=", "BYMONTHDAY=")) and "BYHOUR" not in said and "BYMINUTE" not in said:
        parts += [f"BYSETPOS={draw(numbers(-3, 3))}"] * draw(st.booleans())
    begins = draw(st.datetimes(wall("2024-01-01"), wall("2027-03-01")))
    return f"DTSTART:{begins:%Y%m%dT%H%M}00 RRULE:{';'.join(parts)}"


@pytest.mark.slow
@given(rules(), st.sampled_from(["20270601T120000", "20320101T000000"]))
@settings(max_examples=examples(10))
def test_comes_when_the_reference_says(text: str, until: str) -> None:
    """Every time until some day is one of `dateutil`'s, which looks for those of a rule that never comes for very long."""
    try:
        rule = parse_rrule(f"{text};UNTIL={until}")
    except ValueError:
        reject()
    theirs = list(islice(reference.rrulestr(f"{text};UNTIL={until}".replace(" ", "\n")), 20))
    assert list(islice(_times(rule), 20)) == theirs
    if len(theirs) < 20:
        found = latest_time(rule, ZoneInfo("UTC"), utc("2040-01-01"))
        assert [found.replace(tzinfo=None) if found else None] == (theirs[-1:] or [None])


def _times(rule: Recurring) -> Iterator[datetime]:
    at: datetime | None = utc("2020-01-01")
    while at is not None and (at := next_time(rule, ZoneInfo("UTC"), at)) is not None:
        yield at.replace(tzinfo=None)
