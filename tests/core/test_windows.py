"""Maintenance windows: which occurrence is active, when the next begins, and that an occurrence is the same silence always."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.cron_texts import parse_cron
from evaluator.core.labels import Matcher
from evaluator.core.silence import Silence
from evaluator.core.silences import Silences
from evaluator.core.windows import Window, next_occurrence, occurrence

MATCHERS = ((Matcher("job", "backup"),),)
HOUR = timedelta(hours=1)


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
        ("0 * * * *", 1.5, "2026-01-10 12:15", "10 12:00 to 10 13:30", "10 13:00 to 10 14:30"),
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
    assert occurrence(subject, at("2026-01-11 01:00")) == ahead
    assert occurrence(replace(subject, location="Europe/Paris"), at("2026-01-11 01:00")) == ahead
    assert (ahead.matcher_sets, ahead.created_by, ahead.comment) == (MATCHERS, "ann", "the nightly backup")
    others = [next_occurrence(subject, ahead.starts_at), next_occurrence(replace(subject, name="x"), at("2026-01-10 12:00"))]
    assert ahead.id not in {other.id for other in others}


def test_an_occurrence_that_is_expired_early_stays_expired() -> None:
    subject, silences, now = window("0 22 * * *", 8), Silences(), at("2026-01-10 23:00")
    tonight = occurrence(subject, now)
    assert tonight is not None
    assert silences.admit(tonight)
    silences.expire(tonight.id, now)
    assert not silences.admit(occurrence(subject, now + HOUR) or tonight)
    assert silences.admit(next_occurrence(subject, now))


@pytest.mark.parametrize(("zone", "hours", "problem"), [("Nowhere", 1, "unknown time zone"), ("UTC", 0, "more than nothing")])
def test_refused(zone: str, hours: int, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        window("0 22 * * *", hours, zone)
