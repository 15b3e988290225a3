"""The flap score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.analytics.flapping import STATES, flap_score, flaps


@pytest.mark.parametrize(
    ("states", "score"),
    [
        ([], 0.0),
        ([True], 0.0),
        ([False, True], 6.0),  # one change, the newest: 1.2 of 20
        ([True] + [False] * 20, 4.0),  # one change, the oldest: 0.8 of 20
        ([True, False] * 10 + [True], 100.0),
        ([False] * 40 + [True, False], (1.2 + 1.2 - 0.4 / 19) / 20 * 100),
        ([True, False] * 20 + [False] * 21, 0.0),  # what is long past is forgotten
    ],
)
def test_newer_changes_count_more(states: list[bool], score: float) -> None:
    assert flap_score(states) == pytest.approx(score)


@given(st.lists(st.booleans(), max_size=60))
def test_the_score_is_a_share_of_what_is_recent(states: list[bool]) -> None:
    score = flap_score(states)
    assert -1e-9 <= score <= 100 + 1e-9
    assert score == flap_score(states[-STATES:])
    assert flap_score([*states, not states[-1] if states else True]) >= flap_score([*states, states[-1] if states else False])


@pytest.mark.parametrize(
    ("score", "before", "after"),
    [
        (30.0, False, False),
        (30.1, False, True),
        (25.0, True, True),
        (25.0, False, False),
        (20.0, True, True),
        (19.9, True, False),
    ],
)
def test_it_takes_less_to_go_on_than_to_begin(score: float, before: bool, after: bool) -> None:
    assert flaps(score, before) is after
