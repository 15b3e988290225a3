"""The client and a real Prometheus."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, ResultType, Sample
from evaluator.core.labels import NO_LABELS
from evaluator.prometheus.history import History
from tests.prometheus.asking import AT, ask, source

pytestmark = pytest.mark.realtime


def answer_of(url: str, expr: str) -> Answer:
    outcome = ask(source(url), expr)
    assert isinstance(outcome, Answer), outcome
    return outcome


def test_it_evaluates_at_the_time_that_was_asked_for(prometheus: str) -> None:
    """To the millisecond."""
    answer = answer_of(prometheus, "time()")
    assert answer.type is ResultType.SCALAR
    assert answer.samples == (Sample(NO_LABELS, AT.timestamp()),)


@pytest.mark.parametrize(
    ("expr", "value"), [("vector(1)/0", math.inf), ("-vector(1)/0", -math.inf), ("vector(1e300)*1e-320", 1e300 * 1e-320)]
)
def test_numbers_arrive(prometheus: str, expr: str, value: float) -> None:
    assert [sample.value for sample in answer_of(prometheus, expr).samples] == [value]


def test_no_number_arrives_as_such(prometheus: str) -> None:
    assert math.isnan(answer_of(prometheus, "vector(0)/0").samples[0].value)


@pytest.mark.parametrize(
    ("expr", "kind"), [('"text"', ResultType.STRING), ("demo_up[5m]", ResultType.MATRIX), ("nothing", ResultType.VECTOR)]
)
def test_the_other_results_have_no_samples(prometheus: str, expr: str, kind: ResultType) -> None:
    answer = answer_of(prometheus, expr)
    assert (answer.type, answer.samples) == (kind, ())


def test_labels_arrive_unharmed(prometheus: str) -> None:
    """Quotes, line breaks and letters of the world make the round trip."""
    answer = answer_of(prometheus, r"""label_replace(vector(1), "city", "Zürich \"+&=%\" \n 東京", "", "")""")
    assert answer.samples[0].labels == {"city": 'Zürich "+&=%" \n 東京'}


def test_its_clock_is_read(prometheus: str) -> None:
    server_time = answer_of(prometheus, "1").server_time
    assert server_time is not None
    assert abs(server_time - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ("sum(", "parse error: unclosed left parenthesis"),
        ("demo_up * on() group_left() demo_up[5m]", "400 bad_data"),
        ('label_replace(vector(1), "a", "", "b", "(")', "422 execution"),
    ],
)
def test_what_it_refuses_is_the_faulty_rules_own_failure(prometheus: str, expr: str, said: str) -> None:
    outcome = ask(source(prometheus), expr)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BAD_QUERY
    assert said in outcome.message


def test_another_path_is_not_the_api(prometheus: str) -> None:
    outcome = ask(source(f"{prometheus}/wrong"))
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.NOT_PROMETHEUS
    assert "base before /api/v1" in outcome.message


def test_looking_back(prometheus: str) -> None:
    """Acceptance, existence and values of the past, from the real server."""
    now = datetime.now(UTC)
    with History(source(prometheus)) as history:
        assert history.refused("sum(demo_up)") is None
        assert "unclosed left parenthesis" in (history.refused("sum(") or "")
        assert history.matches('demo_up{job="api"}')
        assert not history.matches('demo_up{job="db"}')
        assert history.metadata("demo_up") == ()
        (series,) = history.query_range("demo_up * 2", now - timedelta(hours=2), now, timedelta(minutes=1))
    assert series.labels == {"job": "api"}
    assert {value for _, value in series.points} == {2.0}
    assert len(series.points) >= 40
