"""A rule that sees again the very answer that changed nothing is told so at no cost; it lives as if it had looked."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.events import Observation, QueryReturned
from evaluator.core.labels import Labels
from tests.core.playbook import T0, failure, rule


def answer(*values: int) -> dict[Labels, Observation]:
    """Series by number, with these values; none where the value is 0."""
    return {
        Labels({"alertname": "A", "n": str(number)}): Observation(Labels({"n": str(number)}), float(value))
        for number, value in enumerate(values)
        if value
    }


ANSWERS = [answer(*values) for values in [(), (1,), (2,), (1, 1), (0, 1), (1, 2, 3)]]
HOLDS = [rule("A", hold, keep) for hold in ("0s", "2m") for keep in ("0s", "3m")]
steps = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3) | st.none(), st.integers(1, 4)), max_size=25)


@given(steps, st.integers(0, 3), st.integers(0, 2))
def test_the_same_object_again_is_the_same_answer_again(
    script: list[tuple[int, bool, int | None, int]], first: int, limit: int
) -> None:
    """Whatever comes in between: failures, partial answers, another `for`."""
    shared, copied = RuleEvaluation(HOLDS[first]), RuleEvaluation(HOLDS[first])
    slot = T0
    for number, partial, reload, minutes in script:
        slot += timedelta(minutes=minutes)
        if reload is not None and minutes == 4:
            for one in (shared, copied):
                one.rule = HOLDS[reload]
                one.fail(slot, failure())
        same = shared.answer(QueryReturned("A", slot, ANSWERS[number], partial), limit)
        fresh = copied.answer(QueryReturned("A", slot, dict(ANSWERS[number]), partial), limit)
        assert [(one.tracked.labels, one.before, one.after) for one in same] == [
            (one.tracked.labels, one.before, one.after) for one in fresh
        ]
        assert {labels: (one.life, one.value) for labels, one in shared.alerts.items()} == {
            labels: (one.life, one.value) for labels, one in copied.alerts.items()
        }
        assert (shared.health, shared.refused, shared.series) == (copied.health, copied.refused, copied.series)


def test_an_answer_that_says_the_same_costs_nothing_once_all_fire() -> None:
    one = RuleEvaluation(HOLDS[0])
    for minute in range(3):
        one.answer(QueryReturned("A", T0 + timedelta(minutes=minute), ANSWERS[5]), 0)
    lives = [tracked.life for tracked in one.alerts.values()]
    assert one.answer(QueryReturned("A", T0 + timedelta(minutes=3), ANSWERS[5]), 0) == ()
    assert all(after.life is before for after, before in zip(one.alerts.values(), lives, strict=True))
