"""Buckets: what a limit gives out, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.notifying.rates import Bucket, RateLimit
from tests.effort import examples

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def taken(limit: RateLimit, until: timedelta, *pauses: timedelta) -> list[float]:
    """When somebody who takes whatever there is gets it, in seconds; they rest for each of the pauses in turn."""
    bucket, now, times = Bucket(limit), T0, []
    rests = iter(pauses)
    while now < T0 + until:
        bucket.take(now)
        times.append((now - T0).total_seconds())
        now = max(bucket.free_at(now), now + next(rests, timedelta(0)))
    return times


@pytest.mark.parametrize(
    ("limit", "times"),
    [
        (RateLimit(1, SECOND), [0, 1, 2, 3]),
        (RateLimit(1, SECOND, burst=3), [0, 0, 0, 1, 2, 3]),
        (RateLimit(4, timedelta(seconds=2)), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
        (RateLimit(1, MINUTE, burst=2), [0, 0]),
    ],
)
def test_a_full_bucket_gives_a_burst_and_then_a_steady_rate(limit: RateLimit, times: list[float]) -> None:
    assert taken(limit, 4 * SECOND) == times


def test_a_bucket_fills_while_nobody_takes() -> None:
    """After five quiet seconds the whole burst is there again, and no more than that."""
    assert taken(RateLimit(1, SECOND, burst=2), 8 * SECOND, timedelta(0), 5 * SECOND) == [0, 0, 5, 5, 6, 7]


def test_what_is_left_is_counted_in_whole_ones() -> None:
    bucket = Bucket(RateLimit(2, SECOND, burst=3))
    assert bucket.left(T0) == 3
    bucket.take(T0)
    bucket.take(T0)
    assert [bucket.left(T0 + timedelta(milliseconds=ms)) for ms in (0, 499, 500, 999, 1000, 9000)] == [1, 1, 2, 2, 3, 3]


def test_nothing_is_given_out_while_it_is_held() -> None:
    bucket = Bucket(RateLimit(1, SECOND, burst=3))
    bucket.hold(T0 + MINUTE)
    bucket.hold(T0 + SECOND)
    assert (bucket.left(T0), bucket.free_at(T0)) == (0, T0 + MINUTE)
    assert bucket.left(T0 + MINUTE) == 3


@settings(max_examples=examples(5))
@given(st.integers(1, 50), st.integers(1, 90), st.integers(1, 20), st.lists(st.integers(0, 20_000), max_size=30))
def test_no_span_of_time_sees_more_than_it_may(messages: int, seconds: int, burst: int, rests: list[int]) -> None:
    """In any `per` there are at most `messages` and the burst."""
    limit = RateLimit(messages, seconds * SECOND, burst)
    times = taken(limit, 60 * SECOND, *(timedelta(milliseconds=rest) for rest in rests))
    for first in times:
        assert sum(first <= time < first + seconds - 0.001 for time in times) <= messages + burst
