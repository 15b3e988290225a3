"""An answer that is recognised is the answer that would have been read, whatever the series are called."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.prometheus.interning import LabelSets
from evaluator.prometheus.recalling import Recall, timeless
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.verdict import judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS = {"content-type": "application/json"}

words = st.sampled_from(["a", "value", '"value":[', '"value":[1,', "1700000000,", "\\", '\\"value":[', "日本", "]}"]) | st.text(
    max_size=5
)
metrics = st.dictionaries(words, words, max_size=3)
values = st.sampled_from(["0", "1", "-0", "NaN", "+Inf", "1700000000", "1e21"])
Series = tuple[dict[str, str], float | None, str]
times = st.sampled_from([1700000000, 1700000000.5, 1700000001, 1, 17])
results = st.lists(st.tuples(metrics, times | st.none(), values), max_size=4)


def reply(result: list[Series], at: float, status: int = 200) -> Reply:
    """A vector of these series; where the time is None it is `at`, as in every answer of a real server."""
    series = [{"metric": metric, "value": [at if time is None else time, value]} for metric, time, value in result]
    body = {"status": "success", "data": {"resultType": "vector", "result": series}}
    return Reply(status, HEADERS, json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), seconds=at)


def read(sent: Reply, label_sets: LabelSets) -> Answer | Failure:
    return judge(sent, label_sets, NOW)


@given(st.lists(st.tuples(results, st.sampled_from([1700000000, 1700000015, 1])), min_size=1, max_size=6))
def test_what_is_recalled_is_what_would_be_read(
    history: list[tuple[list[Series], float]],
) -> None:
    recall, label_sets = Recall(), LabelSets()
    for result, at in [*history, *history[::-1]]:
        sent = reply(result, at)
        found = recall.read("up", sent, lambda sent=sent: read(sent, label_sets))  # type: ignore[misc]
        assert repr(found) == repr(read(sent, LabelSets()))  # NaN is not equal to itself


def test_an_answer_that_says_the_same_later_is_not_read_again() -> None:
    recall, label_sets = Recall(), LabelSets()
    result = [({"job": "a"}, None, "1"), ({"job": "b"}, None, "2")]
    first = recall.read("up", reply(result, 1700000000), lambda: read(reply(result, 1700000000), label_sets))

    def never() -> Answer:
        raise AssertionError("it was read again")

    second = recall.read("up", reply(result, 1700000015), never)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert second.samples is first.samples
    assert second.seconds == 1700000015
    assert second == replace(first, seconds=second.seconds)


@pytest.mark.parametrize("status", [400, 503])
def test_refusals_are_always_read(status: int) -> None:
    recall, count = Recall(), []
    sent = reply([({}, None, "1")], 1, status)
    for _ in range(2):
        recall.read("up", sent, lambda: count.append(1) or read(sent, LabelSets()))  # type: ignore[func-returns-value]
    assert len(count) == 2


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    recall = Recall(most=1000)
    for number in range(50):
        sent = reply([({"job": "x" * 100}, None, "1")], 1)
        recall.read(f"up{number}", sent, lambda sent=sent: read(sent, LabelSets()))  # type: ignore[misc]
    assert sum(len(heard.text) for heard in recall._known.values()) == recall._size <= 1000


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data":{"result":[]}}', b'{"a":"\\"value\\":[1,"}'])
def test_a_body_without_samples_is_not_worth_remembering(body: bytes) -> None:
    assert timeless(body) == b""
