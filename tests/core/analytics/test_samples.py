"""What a handful of durations comes to."""

from __future__ import annotations

from datetime import timedelta
from statistics import NormalDist, mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.analytics.samples import sample, wilson

SPANS = st.lists(st.one_of(st.none(), st.integers(0, 10**6).map(lambda n: timedelta(seconds=n))), max_size=60)


def seconds(*numbers: int | None) -> list[timedelta | None]:
    """As durations."""
    return [None if number is None else timedelta(seconds=number) for number in numbers]


def test_what_never_happened_is_counted_and_not_averaged() -> None:
    """Neither nought nor an endless time may stand for it."""
    found = sample(seconds(60, None, 120, None, 600))
    assert (found.n, found.never, found.never_share) == (3, 2, 0.4)
    assert (found.median, found.mean) == (timedelta(seconds=120), timedelta(seconds=260))


def test_nothing_comes_to_nothing() -> None:
    found = sample([], excluded=4)
    assert (found.n, found.median, found.p90, found.mean, found.never_share, found.excluded) == (0, None, None, None, None, 4)


@pytest.mark.parametrize(("n", "p90"), [(1, 1), (9, 9), (10, 9), (11, 10), (20, 18), (30, 27), (70, 63)])
def test_nine_in_ten_do_not_exceed_the_p90(n: int, p90: int) -> None:
    assert sample(seconds(*range(1, n + 1))).p90 == timedelta(seconds=p90)


@given(SPANS)
def test_figures_are_those_of_what_happened(spans: list[timedelta | None]) -> None:
    found, known = sample(spans), [one.total_seconds() for one in spans if one is not None]
    assert found.n + found.never == len(spans)
    if known:
        assert found.median is not None
        assert found.mean is not None
        assert found.p90 is not None
        assert found.median.total_seconds() == median(known)
        assert found.mean.total_seconds() == pytest.approx(mean(known), abs=1e-5)
        below = sum(one <= found.p90.total_seconds() for one in known)
        assert 10 * below >= 9 * len(known)


def test_wilson_by_hand() -> None:
    """9 of 10: the textbook's interval; 0 of 0: none."""
    low, high = wilson(9, 10) or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_bounds_solve_the_equation_that_they_come_from(counted: tuple[int, int]) -> None:
    """The share that was seen is 1.96 standard errors from either bound."""
    hits, n = counted
    low, high = wilson(hits, n) or (0, 0)
    assert 0 <= low <= hits / n <= high <= 1
    assert NormalDist().cdf(1.96) == pytest.approx(0.975, abs=1e-4)
    for bound in (low, high):
        if 1e-9 < bound < 1 - 1e-9:
            assert (hits / n - bound) ** 2 == pytest.approx(1.96**2 * bound * (1 - bound) / n)
