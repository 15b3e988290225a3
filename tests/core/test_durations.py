"""Durations as Prometheus reads and prints them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.durations import format_duration, parse_duration

READ = [
    ("0", timedelta(0)),
    ("0s", timedelta(0)),
    ("1ms", timedelta(milliseconds=1)),
    ("324ms", timedelta(milliseconds=324)),
    ("3s", timedelta(seconds=3)),
    ("90m", timedelta(minutes=90)),
    ("1h30m", timedelta(minutes=90)),
    ("4d1h", timedelta(hours=97)),
    ("1d12h", timedelta(hours=36)),
    ("14d", timedelta(days=14)),
    ("8w", timedelta(weeks=8)),
    ("1y2w3d4h5m6s7ms", timedelta(days=365 + 14 + 3, hours=4, minutes=5, seconds=6, milliseconds=7)),
    ("0y0m5s", timedelta(seconds=5)),
    ("007s", timedelta(seconds=7)),
]


@pytest.mark.parametrize(("text", "duration"), READ)
def test_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


REFUSED = [
    ("", "empty duration string"),
    ("1", 'not a valid duration string: "1"'),
    ("1y1m1d", 'not a valid duration string: "1y1m1d"'),
    ("-5m", 'not a valid duration string: "-5m"'),
    ("1.5h", 'not a valid duration string: "1.5h"'),
    ("30m1h", 'not a valid duration string: "30m1h"'),
    ("1h 30m", 'not a valid duration string: "1h 30m"'),
    (" 1h", 'not a valid duration string: " 1h"'),
    ("1h\n", 'not a valid duration string: "1h\n"'),
    ("5m5m", 'not a valid duration string: "5m5m"'),
    ("1M", 'not a valid duration string: "1M"'),
    ("1sms", 'not a valid duration string: "1sms"'),
    ("h", 'not a valid duration string: "h"'),
    ("٣s", 'not a valid duration string: "٣s"'),
    ("00", 'not a valid duration string: "00"'),
    ("293y", "duration out of range"),
    ("9223372036855ms", "duration out of range"),
    ("9" * 40 + "s", "duration out of range"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_duration(text)
    assert str(refused.value) == message


def test_the_longest() -> None:
    """What 64 bits of nanoseconds hold, to the millisecond."""
    assert parse_duration("9223372036854ms") == timedelta(milliseconds=9223372036854)


PRINTED = [
    (timedelta(0), "0s"),
    (timedelta(microseconds=999), "0s"),
    (timedelta(minutes=90), "1h30m"),
    (timedelta(days=14), "2w"),
    (timedelta(days=8), "8d"),
    (timedelta(days=365), "1y"),
    (timedelta(days=366), "366d"),
    (timedelta(days=365 + 14), "379d"),
    (timedelta(hours=36), "1d12h"),
    (timedelta(seconds=61, milliseconds=5), "1m1s5ms"),
    (timedelta(minutes=-90), "-1h30m"),
]


@pytest.mark.parametrize(("duration", "text"), PRINTED)
def test_printed(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


@given(st.integers(0, 9223372036854))
def test_what_is_printed_reads_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration
