"""The pieces of a schedule as people write them, and what is said of those that cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.oncall.calendars import Span
from evaluator.core.oncall.oncall_texts import parse_date, parse_every, parse_handoff, parse_instant, parse_span
from evaluator.core.oncall.rotations import Unit

EVERY_DAY = frozenset(range(7))
MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("Mon-Fri 09:00-18:00", Span(frozenset(range(5)), 540, 1080)),
        ("Fri-Mon 22:00-06:00", Span(frozenset({4, 5, 6, 0}), 1320, 360)),
        ("Mon, Wed 09:00-12:00", Span(frozenset({0, 2}), 540, 720)),
        ("saturday 00:00-24:00", Span(frozenset({5}), 0, 1440)),
        ("18:00-00:00", Span(EVERY_DAY, 1080, 1440)),
    ],
)
def test_hours_of_a_week(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Mon-Fri", "not hours of a week"),
        ("Mox 09:00-10:00", 'not a day of the week: "Mox"'),
        ("09:00-09:00", "lasts no time"),
        ("09:00-25:00", 'not a time of day: "25:00"'),
        ("24:00-06:00", "lasts no time"),
    ],
)
def test_hours_that_are_none(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse_span(text)


def test_turns_and_handoffs() -> None:
    assert [parse_every(text) for text in ("1 week", "2 days", "12hours", "1 Month")] == [
        (1, Unit.WEEK),
        (2, Unit.DAY),
        (12, Unit.HOUR),
        (1, Unit.MONTH),
    ]
    assert [parse_handoff(text) for text in ("Mon 09:00", "22:30")] == [(0, time(9)), (None, time(22, 30))]
    for text in ("", "0 weeks", "week", "1 year", "1.5 days"):
        with pytest.raises(ValueError, match="not the length of a turn"):
            parse_every(text)
    for text in ("", "9:00", "Mon", "Mon 24:00"):
        with pytest.raises(ValueError, match="not a hand-off"):
            parse_handoff(text)


def test_days_and_instants() -> None:
    assert parse_date("2026-01-05") == date(2026, 1, 5)
    assert parse_instant("2026-03-02T09:00", MADRID) == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert parse_instant("2026-03-02T09:00Z", MADRID) == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert parse_instant("2026-07-01", MADRID) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    for text in ("", "tomorrow", "2026-13-01"):
        with pytest.raises(ValueError, match="not a"):
            parse_date(text)
        with pytest.raises(ValueError, match="not a time"):
            parse_instant(text, MADRID)
