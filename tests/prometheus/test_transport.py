"""HTTP/1.1 over kept connections."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Awaitable, Callable

import httpx
import pytest

from evaluator.core.evaluation.answers import Answer
from evaluator.prometheus import PrometheusClient
from evaluator.wire.keep_alive import KeepAliveTransport
from tests.prometheus.asking import AT, client, source, using
from tests.prometheus.scripted import EMPTY, JSON, ONE, Say, Scripted


def several(times: int) -> Callable[[PrometheusClient], Awaitable[list[object]]]:
    """Ask so many times, one after the other."""

    async def use(asker: PrometheusClient) -> list[object]:
        return [await asker.query("up", AT, budget=4) for _ in range(times)]

    return use


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_connection_serves_many_queries(framing: str) -> None:
    with Scripted(*[Say(framing=framing)] * 3) as server:
        outcomes = using(lambda: client(source(server.url)), several(3))
        assert [heard.connection for heard in server.heard] == [1, 1, 1]
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


OLD = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + EMPTY


@pytest.mark.parametrize("say", [Say(framing="close"), Say(headers=(JSON, ("Connection", "close"))), Say(raw=OLD, close=True)])
def test_a_connection_that_the_server_ends_is_not_used_again(say: Say) -> None:
    with Scripted(say, say) as server:
        outcomes = using(lambda: client(source(server.url)), several(2))
        assert [heard.connection for heard in server.heard] == [1, 2]
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


def test_a_kept_connection_that_died_is_replaced_without_a_word() -> None:
    """Servers close idle connections; that is no failure, and no retry."""

    async def use(asker: PrometheusClient) -> list[object]:
        first = await asker.query("up", AT, budget=4)
        server.hang_up()  # this loop has had no chance to notice when the next query is written
        return [first, await asker.query("up", AT, budget=4)]

    with Scripted() as server:
        outcomes = using(lambda: client(source(server.url)), use)
        assert [heard.connection for heard in server.heard] == [1, 2]
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


def test_remarks_before_the_answer_are_skipped() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(ONE), ONE)
    with Scripted(Say(raw=hints + answer)) as server:
        (outcome,) = using(lambda: client(source(server.url)), several(1))
    assert isinstance(outcome, Answer)
    assert outcome.samples[0].labels == {"job": "api"}


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    """Or they would be read as the answer to the next query."""
    twice = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(EMPTY), EMPTY) * 2
    with Scripted(Say(raw=twice), Say(ONE)) as server:
        _, second = using(lambda: client(source(server.url)), several(2))
        assert [heard.connection for heard in server.heard] == [1, 2]
    assert isinstance(second, Answer)
    assert len(second.samples) == 1


def test_headers_without_end_are_refused() -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-Header: %b\r\n" % (b"x" * 1000) * 100
    with Scripted(Say(raw=endless), Say(ONE)) as server:
        (outcome,) = using(lambda: client(source(server.url)), several(1))
        assert len(server.heard) == 2
    assert isinstance(outcome, Answer)


def test_a_compressed_answer_is_read_although_none_was_asked_for() -> None:
    with Scripted(Say(gzip.compress(ONE), headers=(JSON, ("Content-Encoding", "gzip")))) as server:
        (outcome,) = using(lambda: client(source(server.url)), several(1))
        assert server.heard[0].headers["accept-encoding"] == "identity"
    assert isinstance(outcome, Answer)
    assert len(outcome.samples) == 1


def test_a_connection_of_a_cancelled_query_is_not_used_again() -> None:
    async def use(asker: PrometheusClient) -> object:
        query = asyncio.create_task(asker.query("slow", AT, budget=4))
        await asyncio.to_thread(server.first_heard.wait, 4)
        query.cancel()
        with pytest.raises(asyncio.CancelledError):
            await query
        return await asker.query("up", AT, budget=4)

    with Scripted(Say(raw=b"")) as server:
        outcome = using(lambda: client(source(server.url)), use)
        assert [heard.connection for heard in server.heard] == [1, 2]
    assert isinstance(outcome, Answer)


def test_it_runs_on_uvloop_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def run() -> None:
        asker = client(source(server.url))
        assert [type(outcome) for outcome in await several(2)(asker)] == [Answer, Answer]
        await asker.aclose()

    with Scripted() as server:
        uvloop.run(run())
        assert [heard.connection for heard in server.heard] == [1, 1]


def test_it_is_an_httpx_transport() -> None:
    """Other methods and errors are httpx's own."""

    async def run() -> None:
        transport = KeepAliveTransport(ssl.create_default_context(), most=1000)
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            answer = await http.get(f"{server.url}/some/where?a=1")
            assert answer.json()["status"] == "success"
            with pytest.raises(httpx.UnsupportedProtocol):
                await http.get("ftp://127.0.0.1/")

    with Scripted() as server:
        asyncio.run(run())
        assert (server.heard[0].method, server.heard[0].target) == ("GET", "/some/where?a=1")
