"""What of a rule's expression is drawn, and how a server is asked for a few of its series."""

from __future__ import annotations

import pytest

from evaluator.core.evaluation.curves import Threshold
from evaluator.promql.drawing import MOST_OF_AN_EXPRESSION, drawable, narrowed
from evaluator.promql.expression import Dialect


@pytest.mark.parametrize(
    ("rule", "expr", "threshold"),
    [
        ("a > 5", "a", Threshold(">", 5.0)),
        ("5 <= rate(a[5m])", "rate(a[5m])", Threshold(">=", 5.0)),
        ("up == 0", "up", Threshold("==", 0.0)),
        ("((a) != -1)", "(a)", Threshold("!=", -1.0)),
        ("time() - a > 14 * 86400", "time() - a", Threshold(">", 1209600.0)),
        ("(sum by (x) (a) / b < 0.1) and on () c > 3 unless d", "sum by (x) (a) / b", Threshold("<", 0.1)),
        ("a > b", "a > b", None),
        ("a > bool 5", "a > bool 5", None),
        ("a > 1 or b > 2", "a > 1 or b > 2", None),
        ("absent(up)", "absent(up)", None),
        ("NaN < a", "NaN < a", None),
    ],
)
def test_the_compared_side_is_drawn_and_anything_else_as_it_is(rule: str, expr: str, threshold: Threshold | None) -> None:
    drawn = drawable(rule, Dialect.PROMETHEUS)
    assert (drawn.expr.removeprefix("(").removesuffix(")"), drawn.threshold) in [
        (expr.removeprefix("(").removesuffix(")"), threshold)
    ]
    assert drawn.vector


@pytest.mark.parametrize("rule", ["a >", "time() > 5", "smooth(a) > 5", "1"])
def test_what_has_no_series_or_cannot_be_read_is_not_narrowed(rule: str) -> None:
    assert not drawable(rule, Dialect.METRICSQL).vector


def test_a_few_series_are_named_by_their_labels() -> None:
    wanted = [{"__name__": "a", "job": 'x$1"', "zone": "b"}, {"job": "z"}]
    expr, count = narrowed("a", wanted)
    assert count == 2
    assert expr == (
        '(a) and on (job, zone) (label_replace(label_replace(vector(1), "job", "x$$1\\"", "", ""), "zone", "b", "", "")'
        ' or label_replace(vector(1), "job", "z", "", ""))'
    )


def test_what_would_make_the_request_too_long_is_left_out() -> None:
    wanted = [{"job": f"{number:0100}"} for number in range(100)]
    expr, count = narrowed("a", wanted)
    assert 0 < count < 100
    assert len(expr.encode()) <= MOST_OF_AN_EXPRESSION
    assert narrowed("a", [{"job": "x" * 10_000}])[1] == 0
