"""The short road: requests are sent once, and an answer counts as soon as its headers are there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from evaluator.core.http import HttpSettings, Secret, TlsSettings
from evaluator.wire.client import build_async_client
from evaluator.wire.errors import explain
from tests.prometheus.scripted import Scripted

pytestmark = pytest.mark.realtime

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG_UP = b"hang up"


class Server:
    """Answers each request with the next of `answers`; one that is None ends the connection.

    What stands behind `|` waits for `go`. asked: counts the requests.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.open = 0
        self.heads: list[bytes] = []
        self.asked = asyncio.Semaphore(0)
        self.ended = asyncio.Event()
        self.go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open += 1
        try:
            while self.answers:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.asked.release()
                answer = self.answers.pop(0)
                if answer is None:
                    break
                first, _, later = answer.partition(b"|")
                writer.write(first)
                if later:
                    await self.go.wait()
                    if later == HANG_UP:
                        break
                    writer.write(later)
            else:
                await reader.read()
        except asyncio.IncompleteReadError:
            pass
        finally:
            self.open -= 1
            writer.close()
            self.ended.set()


@asynccontextmanager
async def served(server: Server, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The URL of a server."""
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls) as listening:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"


async def test_a_connection_serves_many_requests() -> None:
    server = Server(OK, OK, OK)
    async with served(server) as url, build_async_client(HttpSettings()) as client:
        assert [(await client.post(url)).text for _ in range(3)] == ["ok"] * 3
        assert server.connections == 1


async def test_requests_at_once_have_a_connection_each() -> None:
    server = Server(*[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n|ok"] * 3)
    async with served(server) as url, build_async_client(HttpSettings()) as client:
        under_way = [asyncio.create_task(client.post(url)) for _ in range(3)]
        for _ in under_way:
            await server.asked.acquire()
        server.go.set()
        assert [answer.text for answer in await asyncio.gather(*under_way)] == ["ok"] * 3
        assert server.connections == 3


async def test_headers_are_an_answer_while_the_body_is_still_to_come() -> None:
    server = Server(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n|3\r\ncde\r\n0\r\n\r\n", OK)
    async with served(server) as url, build_async_client(HttpSettings()) as client:
        async with client.stream("POST", url) as answer:
            assert answer.status_code == 202
            server.go.set()
            assert await answer.aread() == b"abcde"
        assert (await client.post(url)).text == "ok"
        assert server.connections == 1


async def test_a_connection_whose_body_was_not_read_to_its_end_is_not_used_again() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab|cde", OK)
    async with served(server) as url, build_async_client(HttpSettings()) as client:
        async with client.stream("POST", url) as answer:
            assert answer.status_code == 200
        assert (await client.post(url)).text == "ok"
        assert server.connections == 2


async def test_a_body_that_breaks_off_is_an_error_at_its_end() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab|" + HANG_UP)
    async with served(server) as url, build_async_client(HttpSettings()) as client, client.stream("POST", url) as answer:
        assert answer.status_code == 200
        server.go.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await answer.aread()


async def test_a_request_that_a_kept_connection_swallowed_is_not_sent_again() -> None:
    """Whether it was received is unknown, so whoever asked decides."""
    server = Server(OK, None, OK)
    async with served(server) as url, build_async_client(HttpSettings()) as client:
        await client.post(url)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(url)
        assert len(server.heads) == 2


async def test_a_connection_that_the_server_closed_while_idle_is_not_written_to() -> None:
    """Also when this loop has had no chance to notice, as in a storm: nothing is left unknown for that."""
    with Scripted() as server:
        async with build_async_client(HttpSettings()) as client:
            await client.post(server.url)
            server.hang_up()
            assert (await client.post(server.url)).status_code == 200
        assert [heard.connection for heard in server.heard] == [1, 2]


@pytest.mark.parametrize("name", ["X-A\r\nX-B", "X-A\n", "X\0"])
async def test_a_header_that_would_be_two_is_not_sent(name: str) -> None:
    server = Server(OK)
    async with served(server) as url, build_async_client(HttpSettings(headers=((name, Secret("v")),))) as client:
        with pytest.raises(httpx.LocalProtocolError) as caught:
            await client.post(url)
        assert explain(caught.value) == "the request is not valid HTTP; look at the configured headers"
        assert server.heads == []


async def test_closing_the_client_closes_free_connections() -> None:
    server = Server(OK, OK)
    async with served(server) as url:
        async with build_async_client(HttpSettings()) as client:
            await client.post(url)
            assert server.open == 1
        await server.ended.wait()
        assert server.open == 0


async def test_without_http2_the_short_road_leads_through_tls() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Server(OK, OK)
    with authority.cert_pem.tempfile() as path:
        settings = HttpSettings(tls=TlsSettings(ca_file=Path(path)), enable_http2=False)
        async with served(server, context) as url, build_async_client(settings) as client:
            assert [(await client.post(url)).text for _ in range(2)] == ["ok", "ok"]
            assert server.connections == 1
