"""Which expressions share a request, and how; that they get what they would get alone is shown in conformance."""

from __future__ import annotations

import pytest

from evaluator.core.evaluation.answers import Sample
from evaluator.core.labels import Labels
from evaluator.promql.cutting import ForeignSeriesError, Unmarked, cut
from evaluator.promql.expression import Dialect
from evaluator.promql.plan import MARKER, Bound, Known, Measure, Request, explained, parts, plan
from evaluator.promql.shape import shape_of


def planned(*exprs: str, known: Known | None = None, **measure: float) -> tuple[Request, ...]:
    return plan(exprs, Dialect.PROMETHEUS, Measure(**measure), known or Known())  # type: ignore[arg-type]


def texts(*exprs: str) -> list[str]:
    """What is asked for, request by request and part by part."""
    return [fetch.text for request in planned(*exprs) for fetch in request.fetches]


@pytest.mark.parametrize(
    ("exprs", "asked"),
    [
        (["up == 0", "up == 0"], ["up == 0"]),
        (["x > 1", "x > 3", "x >= 2"], ["x > 1"]),
        (["x > 2", "x >= 2"], ["x >= 2"]),
        (["x < 2", "x <= 2", "x < -5"], ["x <= 2"]),
        (["x > 1", "x < 3"], ["x > 1", "x < 3"]),
        (["1 < x", "x > 1 * 1024 / 512"], ["1 < x"]),
        (["x > 1", "x > -Inf"], ["x > -Inf"]),
        (["x == 1", "x == 2"], ["x == 1", "x == 2"]),
        (["x > bool 1", "x > bool 2"], ["x > bool 1", "x > bool 2"]),
        (["x > NaN", "x > 1"], ["x > NaN", "x > 1"]),
        (["x > 2 ^ 3", "x > 1"], ["x > 2 ^ 3", "x > 1"]),
        (['x{a="1"} > 1', 'x{a="2"} > 1'], ['x{a=~"1|2"} > 1']),
        (['x{a="1"} > 1', 'x{a="2"} > 5'], ['x{a="1"} > 1', 'x{a="2"} > 5']),
        (['x{a="1"} > 1', 'x{a="1"} > 5', 'x{a="2"} > 1'], ['x{a=~"1|2"} > 1']),
        (['x{a="1",b="1"}', 'x{a="1",b="2"}', 'x{a="2",b="1"}'], ['x{a=~"1|2",b="1"}', 'x{a="1",b="2"}']),
        (['x{a=""}', 'x{a="2"}'], ['x{a=""}', 'x{a="2"}']),
        (['x{a="1.5"}', 'x{a="a|b"}'], [r'x{a=~"1\\.5|a\\|b"}']),
        (['rate(x{a="1"}[5m] offset 1m)', 'rate(x{a="2"}[5m] offset 1m)'], ['rate(x{a=~"1|2"}[5m] offset 1m)']),
        (['sum(x{a="1"})', 'sum(x{a="2"})'], ['sum(x{a="1"})', 'sum(x{a="2"})']),
        (['sum by (a) (x{a="1"})', 'sum by (a) (x{a="2"})'], ['sum by (a) (x{a=~"1|2"})']),
        (['absent(x{a="1"})', 'absent(x{a="2"})'], ['absent(x{a="1"})', 'absent(x{a="2"})']),
        (['x{a="1"} * on (b) y{a="1"}', 'x{a="2"} * on (b) y{a="2"}'], [f'x{{a="{n}"}} * on (b) y{{a="{n}"}}' for n in (1, 2)]),
        (['x{a="1"} / y{a="1"}', 'x{a="2"} / y{a="2"}'], ['x{a=~"1|2"} / y{a=~"1|2"}']),
        (['topk(1, x{a="1"})', 'topk(1, x{a="2"})'], ['topk(1, x{a="1"})', 'topk(1, x{a="2"})']),
    ],
)  # fmt: skip
def test_what_is_asked_for(exprs: list[str], asked: list[str]) -> None:
    assert texts(*exprs) == asked


def test_parts_stand_side_by_side_with_their_number() -> None:
    (request,) = planned("up == 0", "1", "sum(x) > 2")
    assert request.text == (
        f'(label_replace(up == 0, "{MARKER}", "0", "", "")) or '
        f'(label_replace(vector(1), "{MARKER}", "1", "", "") or label_replace(sum(x) > 2, "{MARKER}", "2", "", ""))'
    )
    assert request.exprs == ("up == 0", "1", "sum(x) > 2")


@pytest.mark.parametrize(
    "expr",
    [
        "sort(x)",
        "sort_desc(x)",
        '"text"',
        "x[5m]",
        "frobnicate(x)",
        "x >",
        f'label_replace(x, "{MARKER}", "$1", "job", "(.*)")',
    ],
)
def test_what_nothing_can_be_said_of_goes_alone(expr: str) -> None:
    *_, request = planned("up", "down", expr)
    assert (request.text, request.marked) == (expr, False)
    assert request.alone


def test_a_known_culprit_stays_alone() -> None:
    first, second = planned("up", "bad", "down", known=Known(alone={"bad": "it was refused"}))
    assert (first.exprs, second.exprs, second.alone) == (("up", "down"), ("bad",), "it was refused")


def test_requests_are_bounded_in_number_length_and_time() -> None:
    exprs = [f"metric_{number} > 1" for number in range(100)]
    assert [len(one.exprs) for one in planned(*exprs, max_rules=40)] == [40, 40, 20]
    assert all(len(one.text) <= 1000 for one in planned(*exprs, max_length=1000))
    slow = Known(seconds={exprs[0]: 0.6, exprs[1]: 0.6})
    assert [len(one.exprs) for one in planned(*exprs, known=slow)] == [1, 99]
    family = [f'x{{a="{number}"}}' for number in range(250)]
    assert [len(one.exprs) for one in planned(*family)] == [100, 100, 50]


def test_every_expression_is_answered_by_exactly_one_request() -> None:
    exprs = [*(f'x{{a="{n}"}} > {n % 3}' for n in range(40)), "up", "sort(up)", "1", "up"]
    answered = [expr for request in planned(*exprs, max_rules=7) for expr in request.exprs]
    assert sorted(answered) == sorted(set(exprs))
    assert planned(*exprs) == planned(*exprs)


def test_parts_of_a_request_answer_the_same_expressions() -> None:
    (request,) = planned(*(f"metric_{number}" for number in range(9)))
    pieces = parts(request, 4, Dialect.PROMETHEUS, Measure())
    assert [len(piece.exprs) for piece in pieces] == [3, 3, 3]
    assert [expr for piece in pieces for expr in piece.exprs] == list(request.exprs)


def test_the_plan_can_be_read() -> None:
    lines = list(explained(planned("up > 1", "up > 2", "down", "sort(x)")))
    assert lines[0] == "request 1: 3 expressions as 2"
    assert lines[2:] == ["request 2: 1 expression, alone: sort orders its result", "  sort(x)"]


# -- cutting ----------------------------------------------------------------------------------------------------------


def sample(value: float, **labels: str) -> Sample:
    return Sample(Labels(labels), value)


def test_an_answer_is_cut_by_number_label_and_bound() -> None:
    (request,) = planned('x{a="1"} > 1', 'x{a="1"} > 5', 'x{a="2"} > 1', "up == 0")
    samples = [
        sample(3.0, a="1", i="p", **{MARKER: "0"}),
        sample(9.0, a="1", i="q", **{MARKER: "0"}),
        sample(2.0, a="2", **{MARKER: "0"}),
        sample(0.0, job="j", **{MARKER: "1"}),
    ]
    assert cut(request, samples, Unmarked()) == {
        'x{a="1"} > 1': [sample(3.0, a="1", i="p"), sample(9.0, a="1", i="q")],
        'x{a="1"} > 5': [sample(9.0, a="1", i="q")],
        'x{a="2"} > 1': [sample(2.0, a="2")],
        "up == 0": [sample(0.0, job="j")],
    }


@pytest.mark.parametrize("marker", ["2", "-", "", "x"])
def test_a_series_that_nobody_asked_for_is_an_error(marker: str) -> None:
    (request,) = planned("up", "down")
    with pytest.raises(ForeignSeriesError, match="marked"):
        cut(request, [sample(1.0, **({MARKER: marker} if marker else {}))], Unmarked())


@pytest.mark.parametrize(
    ("bound", "passing"),
    [
        (Bound(">", 2.0), [3.0, float("inf")]),
        (Bound(">=", 2.0), [2.0, 3.0, float("inf")]),
        (Bound("<", 2.0), [-0.0, float("-inf")]),
        (Bound("<=", 2.0), [2.0, -0.0, float("-inf")]),
        (Bound(">=", 0.0), [2.0, 3.0, -0.0, float("inf")]),
    ],
)
def test_values_are_compared_as_doubles(bound: Bound, passing: list[float]) -> None:
    values = [2.0, 3.0, -0.0, float("inf"), float("-inf"), float("nan")]
    assert [value for value in values if bound.holds(value)] == passing


@pytest.mark.parametrize("text", ["x > 0x10", "x > 1e3", "x > (2 - 1) * 3", "-1 < x"])
def test_constants_are_computed_as_the_server_does(text: str) -> None:
    bound = shape_of(text, Dialect.PROMETHEUS).bound
    assert bound is not None
    assert bound == Bound(">", {"x > 0x10": 16.0, "x > 1e3": 1000.0, "x > (2 - 1) * 3": 3.0, "-1 < x": -1.0}[text])
