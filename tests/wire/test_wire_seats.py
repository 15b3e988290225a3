"""Connections that are kept for reuse: one is used again, as many as are needed, no more are kept than may be."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from evaluator.wire import seats
from tests.service.servers import until

pytestmark = pytest.mark.realtime


class Counting:
    """A server that counts its connections; `held` keeps answers back until it is set. answers: to one connection."""

    def __init__(self, answers: int = 100) -> None:
        self.answers = answers
        self.connections = 0
        self.open = 0
        self.held = asyncio.Event()
        self.held.set()
        self.waiting = asyncio.Semaphore(0)

    async def __aenter__(self) -> Counting:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            for _ in range(self.answers):
                if not await reader.readline():
                    break
                while (await reader.readline()).strip():
                    pass
                self.waiting.release()
                await self.held.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        finally:
            self.open -= 1
            writer.close()


def client_with_seats() -> httpx.AsyncClient:
    """What speaks HTTP/2, and what goes through a proxy, has seats."""
    return httpx.AsyncClient(
        transport=seats.Seats(lambda limits: httpx.AsyncHTTPTransport(limits=limits, trust_env=False)), trust_env=False
    )


async def test_a_connection_is_used_again() -> None:
    async with Counting() as server, client_with_seats() as client:
        for _ in range(5):
            assert (await client.get(server.url)).text == "ok"
        assert server.connections == 1


async def test_requests_at_once_have_a_connection_each_and_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "KEPT", 3)
    async with Counting() as server, client_with_seats() as client:
        server.held.clear()
        under_way = [asyncio.create_task(client.get(server.url)) for _ in range(5)]
        for _ in under_way:
            await server.waiting.acquire()
        server.held.set()
        await asyncio.gather(*under_way)
        assert server.connections == 5
        await until(lambda: server.open == 3)
        await asyncio.gather(*(client.get(server.url) for _ in range(3)))
        assert server.connections == 5


async def test_a_connection_of_a_request_that_was_given_up_is_not_used_again() -> None:
    """What comes late would be taken for the answer to the next request."""
    async with Counting() as server, client_with_seats() as client:
        server.held.clear()
        task = asyncio.create_task(client.get(server.url))
        await server.waiting.acquire()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.held.set()
        assert (await client.get(server.url)).text == "ok"
        assert server.connections == 2


async def test_what_the_server_closed_is_made_anew() -> None:
    async with Counting(answers=1) as server, client_with_seats() as client:
        for _ in range(3):
            assert (await client.get(server.url)).text == "ok"
            await until(lambda: not server.open)
        assert server.connections == 3


async def test_closing_the_client_closes_free_connections_and_those_in_use() -> None:
    async with Counting() as server:
        client = client_with_seats()
        await client.get(server.url)
        async with client.stream("GET", server.url):
            await client.get(server.url)
            await client.aclose()
        await until(lambda: not server.open)
        assert server.connections == 2
