"""Delays between attempts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.notifying.backoff import FIRST, GROWTH, LONGEST, delay
from tests.effort import examples


@settings(max_examples=examples(20))
@given(st.text("0123456789abcdef", max_size=16), st.integers(1, 1_000_000))
def test_every_delay_is_within_half_of_its_step(row: str, attempt: int) -> None:
    steady = min(FIRST * GROWTH ** min(attempt - 1, 20), LONGEST)
    assert steady * 0.5 <= delay(row, attempt) <= steady * 1.5


def test_the_same_attempt_waits_the_same_time() -> None:
    """A machine that is played again waits as it did."""
    assert delay("row", 3) == delay("row", 3)


def test_rows_that_failed_together_come_back_apart() -> None:
    delays = [delay(f"row {n}", 9) for n in range(1000)]
    assert len(set(delays)) > 990
    mean = sum(delays, timedelta()) / len(delays)
    assert abs(mean - FIRST * GROWTH**8) < FIRST


def test_waiting_longer_and_longer_up_to_a_minute() -> None:
    """The first twenty attempts of one row spread over minutes, not over hours."""
    waited = sum((delay("row", attempt) for attempt in range(1, 21)), timedelta())
    assert timedelta(minutes=5) < waited < timedelta(minutes=20)
