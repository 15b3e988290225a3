"""Short looks at the recent past: answered in time, or not at all."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from evaluator.core.evaluation.curves import Point
from evaluator.core.labels import Labels
from evaluator.core.settings import Authorization, DatasourceKind, HttpSettings, Secret
from evaluator.prometheus.ranges import AT_ONCE, LEFT_ALONE, MOST_BYTES, RangeClient, Span
from evaluator.promql.drawing import narrowed
from tests.prometheus.asking import Clock, source
from tests.prometheus.scripted import EMPTY, HANG_UP, HTML, ONE, SILENCE, Say, Scripted

SPAN = Span(1000.0, 1600.5, 10.0)


def matrix(*series: object) -> Say:
    return Say(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}}).encode())


UP = matrix({"metric": {"job": "api"}, "values": [[1000, "1"], [1010, "NaN"], [1020, "+Inf"], [1030, "0.5"]]})
SEEN = {Labels({"job": "api"}): ((1000.0, 1.0), (1030.0, 0.5))}


async def asked(client: RangeClient, seconds: float = 2.0, times: int = 1) -> list[object]:
    try:
        return [await client.ask("up", SPAN, seconds) for _ in range(times)]
    finally:
        await client.aclose()


def test_what_is_asked_and_what_comes_back() -> None:
    http = HttpSettings(authorization=Authorization("Bearer", Secret("abc")))
    with Scripted(UP) as server:
        client = RangeClient(source(f"{server.url}/base", http=http, kind=DatasourceKind.VICTORIAMETRICS))
        assert asyncio.run(asked(client)) == [SEEN]
        (heard,) = server.heard
    assert (heard.method, heard.target, heard.headers["authorization"]) == ("POST", "/base/api/v1/query_range", "Bearer abc")
    times = {"start": "1000.000", "end": "1600.500", "step": "10.000", "timeout": "2.000"}
    assert heard.form == {"query": "up", **times, "nocache": "1"}


@pytest.mark.parametrize(
    "say",
    [
        HANG_UP,
        Say(b"<html>", headers=(HTML,)),
        Say(b"overloaded", 503),
        Say(ONE),
        Say(EMPTY[:20]),
        Say(b'{"status":"error","errorType":"timeout","error":"x"}', 422),
        Say(b" " * (MOST_BYTES + 1)),
        matrix({"metric": {}, "values": [[1, "nothing"]]}),
    ],
)
def test_whatever_is_no_answer_is_none_and_the_server_is_left_alone_for_a_while(say: Say) -> None:
    clock = Clock()

    async def run(client: RangeClient) -> None:
        assert await client.ask("up", SPAN, 2.0) is None
        assert await client.ask("up", SPAN, 2.0) is None
        clock.seconds += LEFT_ALONE
        assert await client.ask("up", SPAN, 2.0) == SEEN
        await client.aclose()

    with Scripted(say, UP) as server:
        asyncio.run(run(RangeClient(source(server.url), clock=clock)))
        assert len(server.heard) == 2


def test_a_silent_server_costs_the_time_that_was_given_and_no_more() -> None:
    with Scripted(SILENCE) as server:
        assert asyncio.run(asked(RangeClient(source(server.url)), seconds=0.05)) == [None]


def test_a_server_that_is_not_there_and_credentials_that_cannot_be_read_are_no_answer(tmp_path: Path) -> None:
    lost = HttpSettings(authorization=Authorization("Bearer", Secret(path=tmp_path / "nothing")))
    for datasource in (source("http://127.0.0.1:1"), source("http://127.0.0.1:1", http=lost)):
        assert asyncio.run(asked(RangeClient(datasource))) == [None]


def test_a_storm_of_messages_does_not_become_a_storm_of_queries() -> None:
    async def run(client: RangeClient) -> list[object]:
        answers = await asyncio.gather(*(client.ask("up", SPAN, 2.0) for _ in range(10)))
        await client.aclose()
        return list(answers)

    with Scripted(*[UP] * 10) as server:
        answers = asyncio.run(run(RangeClient(source(server.url))))
    assert len(server.heard) == AT_ONCE
    assert [answer for answer in answers if answer] == [SEEN] * AT_ONCE


@pytest.mark.realtime
def test_a_real_prometheus_gives_the_series_that_were_named_and_no_other(prometheus: str) -> None:
    now = time.time()
    both = 'label_replace(demo_up, "job", "a$$b", "", "") or demo_up'
    expr, _ = narrowed(both, [{"__name__": "x", "job": "a$b"}, {"job": "nobody"}])

    async def run() -> Mapping[Labels, tuple[Point, ...]] | None:
        client = RangeClient(source(prometheus))
        try:
            return await client.ask(expr, Span(now - 4800, now, 120.0), 5.0)
        finally:
            await client.aclose()

    found = asyncio.run(run())
    assert found is not None
    assert [labels.get("job") for labels in found] == ["a$b"]
    (points,) = found.values()
    assert len(points) > 10
    assert {value for _, value in points} == {1.0}
