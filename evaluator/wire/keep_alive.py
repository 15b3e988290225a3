"""HTTP/1.1 over connections that are kept, for clients that ask one server small things all day.

An httpx transport, put in place of httpx's own: the same client above it, the same requests and answers, but a response is
parsed by llhttp (through httptools), see `arriving`. A request costs a fraction of the processor time: with thousands of rules
queries are what an evaluator spends most of its life on, and in a storm, when everything is told at once, deliveries are.

What it does not do is left to the general client (see `client`): proxies, HTTP/2. Redirects are answers here. A body that
grows beyond the limit ends the connection, so memory stays bounded.

Time limits are the caller's, by cancelling; the connection of a cancelled request is closed. Only connecting has a limit
of its own, from the request's timeouts, because "no connection" and "no answer" send people to different places.
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx

from evaluator.wire.arriving import Arriving
from evaluator.wire.message import pairs_of

_IDLE_SECONDS = 60.0  # less than what load balancers usually allow before they drop a connection without a word
_ERRNO = re.compile(r"\[Errno (\d+)\]")

_Origin = tuple[str, str, int]


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """Connections to whom requests name, opened as needed and kept for the next request."""

    def __init__(self, tls: ssl.SSLContext, *, most: int, repeats: bool = True, whole: bool = True) -> None:
        """most: bytes of a body that are accepted.

        repeats: a request may be sent again when a kept connection turns out to be closed by the server; else whether it was
        received stays unknown then, and somebody else decides. whole: answers are handed over when they have arrived
        completely; else when their headers have, so that a status counts although the body never ends.
        """
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._most = most
        self._repeats = repeats
        self._whole = whole
        self._idle: dict[_Origin, deque[_Connection]] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send and receive. Raises httpx.TransportError of the fitting class."""
        url = request.url
        origin = (url.scheme, url.raw_host.decode(), url.port or (443 if url.scheme == "https" else 80))
        payload = _encode(request)
        connection = self._kept(origin)
        if connection is not None:
            try:
                return await self._ask(connection, origin, request, payload)
            except httpx.TransportError:
                if connection.heard or not self._repeats:
                    raise  # else the server ended an idle connection while we wrote, so ask on a new one
        return await self._ask(await self._connect(origin, request), origin, request, payload)

    async def aclose(self) -> None:
        """Close the connections that are idle; those in use close with their requests."""
        self._closed = True
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _ask(self, connection: _Connection, origin: _Origin, request: httpx.Request, payload: bytes) -> httpx.Response:
        if (trace := request.extensions.get("trace")) is not None:
            await trace("http11.send_request_body.started", {"request": request})
        try:
            response = await connection.ask(payload)
        except BaseException:
            connection.close()
            raise
        if isinstance(response.stream, httpx.ByteStream):
            self._leave(origin, connection)
        else:
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _Body(response.stream, lambda: self._leave(origin, connection))
        return response

    def _leave(self, origin: _Origin, connection: _Connection) -> None:
        if connection.reusable and not self._closed:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.setdefault(origin, deque()).append(connection)
        else:
            connection.close()

    def _kept(self, origin: _Origin) -> _Connection | None:
        connections = self._idle.get(origin)
        if not connections:
            return None
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while connections and (connections[0].idle_since < oldest or not connections[0].reusable):
            connections.popleft().close()
        while connections:
            connection = connections.pop()
            if connection.reusable and (self._repeats or not connection.ending):
                return connection
            connection.close()
        return None

    async def _connect(self, origin: _Origin, request: httpx.Request) -> _Connection:
        scheme, host, port = origin
        if scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"unsupported scheme {scheme!r}")
        tls, name = (self._tls, host) if scheme == "https" else (None, None)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._most, self._whole), host, port, ssl=tls, server_hostname=name
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("no connection") from _plain(error)
        return connection


class _Connection(asyncio.Protocol):
    """One connection, at most one request under way on it."""

    def __init__(self, most: int, whole: bool) -> None:
        self._most = most
        self._whole = whole
        self._open = False
        self._answer: Arriving | None = None
        self.idle_since = 0.0

    @property
    def reusable(self) -> bool:
        """Whether the next request may be sent here."""
        return self._open and (self._answer is None or self._answer.keeps)

    @property
    def heard(self) -> int:
        """Bytes of the latest answer."""
        return self._answer.heard if self._answer is not None else 0

    @property
    def ending(self) -> bool:
        """Whether the server has said something, which on an idle connection is goodbye, that this loop has yet to notice."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def ask(self, payload: bytes) -> asyncio.Future[httpx.Response]:
        """Write a request; the future holds its response or an httpx.TransportError."""
        self._answer = Arriving(self._most, self._whole)
        self._transport.write(payload)
        return self._answer.response

    def close(self) -> None:
        """Close at once; what was under way is given up."""
        self._open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by behaviour, not by class
        self._open = True

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or answer.over:
            self.close()  # bytes that nobody asked for; what follows them could not be told from an answer
            return
        if not answer.feed(data):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        if self._answer is not None:
            self._answer.cut_off(exc)


class _Body(httpx.AsyncByteStream):
    """A response's body, whose end is told."""

    def __init__(self, stream: httpx.AsyncByteStream, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended: Callable[[], None] | None = ended

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()


def _encode(request: httpx.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b\r\n" % pair for pair in pairs_of(request)]
    head = b"".join(lines)
    if not head.count(b"\r") == head.count(b"\n") == len(lines) or b"\0" in head:
        raise httpx.LocalProtocolError("a header holds what no header can hold")
    assert isinstance(request.stream, httpx.SyncByteStream)  # a body that waits for something has no place here
    return b"".join([head, b"\r\n", *request.stream])


def _plain(error: Exception) -> Exception:
    """asyncio words a refused connection as `Connect call failed ('127.0.0.1', 9090)`; the system's words say more."""
    numbers = [] if isinstance(error, ssl.SSLError) else _ERRNO.findall(str(error))
    return OSError(int(numbers[-1]), os.strerror(int(numbers[-1]))) if numbers else error
