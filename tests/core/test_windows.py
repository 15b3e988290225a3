"""Maintenance windows: which occurrence is active, when the next begins, and that an occurrence is the same silence always."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence, derived_id
from evaluator.core.muting.windows import Window, next_occurrence, occurrence, occurrences
from evaluator.core.recurrence.cron_texts import parse_cron

MATCHERS = ((Matcher("job", "backup"),),)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def window(schedule: str, hours: float, zone: str = "Europe/Berlin") -> Window:
    return Window("backup", MATCHERS, parse_cron(schedule), hours * HOUR, zone, "ann", "the nightly backup")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(silence: Silence | None) -> str:
    return f"{silence.starts_at:%d %H:%M} to {silence.ends_at:%d %H:%M}" if silence else ""


@pytest.mark.parametrize(
    ("schedule", "hours", "instant", "active", "following"),
    [
        ("0 22 * * *", 8, "2026-01-10 12:00", "", "10 21:00 to 11 05:00"),
        ("0 22 * * *", 8, "2026-01-10 21:00", "10 21:00 to 11 05:00", "11 21:00 to 12 05:00"),
        ("0 22 * * *", 8, "2026-01-11 04:59", "10 21:00 to 11 05:00", "11 21:00 to 12 05:00"),
        ("0 22 * * *", 8, "2026-01-11 05:00", "", "11 21:00 to 12 05:00"),
        ("0 22 * * fri", 60, "2026-01-11 12:00", "09 21:00 to 12 09:00", "16 21:00 to 19 09:00"),
        ("0 22 * * tue#2", 4, "2026-01-13 23:00", "13 21:00 to 14 01:00", "10 21:00 to 11 01:00"),
        ("0 * * * *", 1.5, "2026-01-10 12:15", "10 12:00 to 10 13:00", "10 13:00 to 10 14:00"),
        ("30 2 * * *", 2, "2026-03-29 01:30", "29 01:00 to 29 03:00", "30 00:30 to 30 02:30"),
        ("30 2 * * *", 2, "2026-10-25 02:15", "25 00:30 to 25 02:30", "26 01:30 to 26 03:30"),
        ("30 1 * * *", 2, "2026-10-25 01:00", "24 23:30 to 25 01:30", "26 00:30 to 26 02:30"),
    ],
)
def test_occurrences(schedule: str, hours: float, instant: str, active: str, following: str) -> None:
    """On Berlin's clocks; a window lasts its hours however the clocks are set meanwhile."""
    subject = window(schedule, hours)
    assert span(occurrence(subject, at(instant))) == active
    assert span(next_occurrence(subject, at(instant))) == following


def test_an_occurrence_is_the_same_silence_whoever_derives_it() -> None:
    """Found ahead, found while it is on, found from another zone with the same clocks; and no other has its id."""
    subject = window("0 22 * * *", 8)
    ahead = next_occurrence(subject, at("2026-01-10 12:00"))
    assert ahead is not None
    assert occurrence(subject, at("2026-01-11 01:00")) == ahead
    assert occurrence(replace(subject, location="Europe/Paris"), at("2026-01-11 01:00")) == ahead
    assert (ahead.matcher_sets, ahead.created_by, ahead.comment) == (MATCHERS, "ann", "the nightly backup")
    others = [
        next_occurrence(subject, ahead.starts_at),
        next_occurrence(replace(subject, id="x"), at("2026-01-10 12:00")),
        next_occurrence(replace(subject, matcher_sets=()), at("2026-01-10 12:00")),
    ]
    assert ahead.id not in {other.id for other in others if other is not None}


def test_a_window_is_known_by_its_name_unless_it_has_an_id() -> None:
    assert window("@daily", 1).id == window("0 22 * * *", 8).id == derived_id("window", "backup")
    assert replace(window("@daily", 1), id="x").key == ("x",)


def test_occurrences_that_meet_follow_each_other() -> None:
    """Four hours every three hours is always, in pieces that do not overlap."""
    pieces = list(islice(occurrences(window("0 */3 * * *", 4, "UTC"), at("2026-01-10 01:00")), 3))
    assert [span(piece) for piece in pieces] == ["10 00:00 to 10 03:00", "10 03:00 to 10 06:00", "10 06:00 to 10 09:00"]


@pytest.mark.parametrize(
    ("until", "found"),
    [
        ("2026-01-11 12:00", ["10 22:00 to 11 06:00"]),
        ("2026-01-11 03:00", ["10 22:00 to 11 03:00"]),
        ("2026-01-11 22:00", ["10 22:00 to 11 06:00"]),
        ("2026-01-11 22:01", ["10 22:00 to 11 06:00", "11 22:00 to 11 22:01"]),
        ("2026-01-10 22:00", []),
        ("2026-01-09 22:00", []),
    ],
)
def test_the_end_of_a_window_ends_the_occurrence_that_is_on(until: str, found: list[str]) -> None:
    subject = replace(window("0 22 * * *", 8, "UTC"), until=at(until))
    assert [span(one) for one in occurrences(subject, at("2026-01-10 21:00"))] == found
    assert subject.over(at(until))


@given(
    st.sampled_from(["0 22 * * *", "30 2 * * *", "*/20 1-3 * * *", "0 3 * * sun", "@hourly", "30 1 L * fri#2"]),
    st.sampled_from([0.25, 1.0, 8.0, 30.0]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 4, 6), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
)
def test_whatever_the_clocks_do_occurrences_are_found_from_both_sides(
    schedule: str, hours: float, zone: str, instant: datetime
) -> None:
    """In the weeks in which clocks are set: in order, never two at once, and the one that is on is the one that was next."""
    subject = window(schedule, hours, zone)
    ahead = list(islice(occurrences(subject, instant), 4))
    for one, following in pairwise(ahead):
        assert one.starts_at < one.ends_at <= following.starts_at
        assert one.ends_at - one.starts_at <= hours * HOUR
    for one in ahead:
        assert occurrence(subject, one.starts_at) == occurrence(subject, one.ends_at - MICROSECOND) == one
        assert next_occurrence(subject, one.starts_at - MICROSECOND) == one
    assert len({one.id for one in ahead}) == 4


@pytest.mark.parametrize(("zone", "hours", "problem"), [("Nowhere", 1, "unknown time zone"), ("UTC", 0, "more than nothing")])
def test_refused(zone: str, hours: int, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        window("0 22 * * *", hours, zone)
