"""From the text of an answer to samples, and what is not an answer."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Histogram, ResultType, Sample
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.prometheus.interning import LabelSets
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.verdict import judge

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def read(body: str | bytes, **headers: str) -> Answer | Failure:
    """What a 200 with this body means."""
    text = body.encode() if isinstance(body, str) else body
    return judge(Reply(200, httpx.Headers({"Content-Type": "application/json", **headers}), text, 0.25), LabelSets(), NOW)


def result(kind: str, text: str, rest: str = "") -> Answer:
    """The answer in a success of that type."""
    answer = read(f'{{"status":"success","data":{{"resultType":"{kind}","result":{text}}}{rest}}}')
    assert isinstance(answer, Answer), answer
    return answer


def test_an_empty_vector() -> None:
    answer = result("vector", "[]")
    assert (answer.type, answer.samples, answer.partial, answer.seconds, answer.size) == (
        ResultType.VECTOR, (), False, 0.25, 63,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-0.5", -0.5), ("+Inf", math.inf), ("-Inf", -math.inf), ("1e-07", 1e-7), ("1e+21", 1e21), ("0", 0.0)],
)
def test_values(text: str, value: float) -> None:
    assert result("vector", f'[{{"metric":{{"b":"2","a":"1"}},"value":[1.5,"{text}"]}}]').samples == (
        Sample(Labels({"a": "1", "b": "2"}), value),
    )
    assert result("scalar", f'[1700000000.123,"{text}"]').samples == (Sample(NO_LABELS, value),)


def test_no_number() -> None:
    """NaN is a value: a rule that compares it, or counts it, decides itself what that means."""
    assert math.isnan(result("vector", '[{"metric":{},"value":[1,"NaN"]}]').samples[0].value)


def test_a_native_histogram() -> None:
    buckets = '[[0,"0.5","1","2"],[3,"-1","1","0.5"]]'
    text = f'[{{"metric":{{}},"histogram":[1,{{"count":"3","sum":"1.5","buckets":{buckets}}}]}}]'
    histogram = Histogram("3", "1.5", ((0, "0.5", "1", "2"), (3, "-1", "1", "0.5")))
    assert result("vector", text).samples == (Sample(NO_LABELS, 0.0, histogram),)


def test_a_native_histogram_without_observations_has_no_buckets() -> None:
    text = '[{"metric":{},"histogram":[1,{"count":"0","sum":"0"}]}]'
    assert result("vector", text).samples == (Sample(NO_LABELS, 0.0, Histogram("0", "0")),)


def test_a_string_and_a_matrix() -> None:
    assert result("string", '[1,"deploy 7"]').text == "deploy 7"
    assert result("matrix", '[{"metric":{},"values":[[1,"2"]]}]').samples == ()


@pytest.mark.parametrize(
    ("rest", "partial"),
    [
        ("", False),
        (',"isPartial":false', False),
        (',"isPartial":true', True),
        (',"warnings":["remote_read: remote server http://store/read returned HTTP status 500"]', True),
        (',"warnings":["No StoreAPIs matched for this query"]', True),
        (',"warnings":["results truncated due to limit"]', True),
        (',"warnings":["PromQL warning: quantile value should be between 0 and 1, got 2 (1:1)"]', False),
        (',"warnings":["PromQL info: metric might not be a counter","fetch series: store-2 is down"]', True),
        (',"infos":["PromQL info: metric might not be a counter"]', False),
        (',"warnings":null,"infos":null', False),
        (',"warnings":["11 more warning annotations omitted"]', True),
    ],
)
def test_partial_answers(rest: str, partial: bool) -> None:
    """Every warning that is not about the expression means that series may be missing."""
    assert result("vector", "[]", rest).partial is partial


def test_remarks_are_handed_on_in_one_line_each() -> None:
    answer = result("vector", "[]", ',"warnings":["PromQL warning:\\n odd"],"infos":["' + "x" * 1000 + '"]')
    assert answer.warnings == ("PromQL warning: odd",)
    assert [len(text) for text in answer.infos] == [300]


def test_the_servers_clock() -> None:
    body = '{"status":"success","data":{"resultType":"vector","result":[]}}'
    assert read(body, Date="Sun, 01 Mar 2026 10:00:05 GMT").server_time == datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)  # type: ignore[union-attr]
    assert read(body, Date="yesterday").server_time is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "[]",
        "{}",
        '{"status":"ok"}',
        '{"status":"success"}',
        '{"status":"success","data":null}',
        '{"status":"success","data":[]}',
        '{"status":"success","data":{"resultType":"vectors","result":[]}}',
        '{"status":"success","data":{"resultType":"vector"}}',
        '{"status":"success","data":{"resultType":"vector","result":null}}',
        '{"status":"success","data":{"resultType":"vector","result":{}}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"2"]}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":["1","2"]}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"two"]}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"2"]}]}}',
        '{"status":"success","data":{"resultType":"scalar","result":[]}}',
        '{"status":"success","data":{"resultType":"vector","result":[]}} and more',
        '{"status":"success","isPartial":"maybe","data":{"resultType":"vector","result":[]}}',
        b'{"status":"success","data":{"resultType":"string","result":[1,"\xff"]}}',
        "just text",
    ],
)
def test_another_shape_is_not_an_answer(body: str | bytes) -> None:
    """Least of all an empty one."""
    failure = read(body)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.NOT_PROMETHEUS


@given(st.integers(1, 110))
def test_an_answer_that_ends_in_the_middle_is_a_passing_failure(size: int) -> None:
    body = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"api"},"value":[1700000000,"1"]}]}}'
    assert len(body) == 112
    failure = read(body[:size])
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.TRANSIENT


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.sampled_from(["success", "vector", "1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["status", "data", "resultType", "result", "metric", "value"]), inner),
))  # fmt: skip
def test_no_json_is_misread(tree: object) -> None:
    """Whatever comes, it is an answer in the API's form or a failure; nothing is raised."""
    outcome = read(json.dumps(tree))
    assert isinstance(outcome, Answer) == (isinstance(tree, dict) and _is_answer(tree))


def _is_answer(tree: dict[str, object]) -> bool:
    inner = tree.get("data")
    if tree.get("status") != "success" or not isinstance(inner, dict) or inner.get("resultType") != "vector":
        return False
    return isinstance(inner.get("result"), list) and all(map(_is_series, inner["result"]))


def _is_series(series: object) -> bool:
    if not isinstance(series, dict) or not isinstance(series.get("metric"), dict):
        return False
    value = series.get("value")
    return (
        all(isinstance(text, str) for text in series["metric"].values())
        and isinstance(value, list)
        and len(value) == 2
        and type(value[0]) is float
        and value[1] == "1"
    )


def test_the_same_series_has_the_same_labels() -> None:
    """Nothing is built twice for a series that keeps coming back."""
    label_sets = LabelSets()
    assert label_sets.read(b'{"a":"1"}') is label_sets.read(b'{"a":"1"}')


def test_what_is_asked_for_stays_and_the_memory_stays_small() -> None:
    label_sets = LabelSets(most=10)
    kept = label_sets.read(b'{"a":"kept"}')
    for number in range(100):
        label_sets.read(b'{"a":"%d"}' % number)
        assert label_sets.read(b'{"a":"kept"}') is kept
        assert len(label_sets) <= 10
