"""HTTP/1.1 over connections that are kept, for clients that ask one server small things all day.

An httpx transport, put in place of httpx's own: the same client above it, the same requests and answers, but a response is
parsed by llhttp (through httptools) and handed over whole. A query costs a fraction of the processor time, and with
thousands of rules that time is what an evaluator spends most of its life on.

What it does not do is left to the general client (see `evaluator.wire`): proxies, HTTP/2, streaming. Redirects are
answers here. A body that grows beyond the limit ends the connection, so memory stays bounded.

Time limits are the caller's, by cancelling; the connection of a cancelled request is closed. Only connecting has a limit
of its own, from the request's timeouts, because "no connection" and "no answer" send people to different places.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections import deque
from typing import cast

import httptools
import httpx

_MOST_OF_HEADERS = 64 * 1024
_IDLE_SECONDS = 60.0  # less than what load balancers usually allow before they drop a connection without a word
_ERRNO = re.compile(r"\[Errno (\d+)\]")

_Origin = tuple[str, str, int]


class AnswerTooLargeError(httpx.TransportError):
    """The body is larger than the limit."""


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """Connections to whom requests name, opened as needed and kept for the next request."""

    def __init__(self, tls: ssl.SSLContext, *, most: int) -> None:
        """most: bytes of a body that are accepted."""
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._most = most
        self._idle: dict[_Origin, deque[_Connection]] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send and receive whole. Raises httpx.TransportError of the fitting class."""
        url = request.url
        origin = (url.scheme, url.raw_host.decode(), url.port or (443 if url.scheme == "https" else 80))
        payload = _encode(request)
        connection = self._kept(origin)
        if connection is not None:
            try:
                return await self._ask(connection, origin, payload)
            except _SilentlyClosedError:
                pass  # the server ended an idle connection while we wrote: nothing was answered, so ask on a new one
        return await self._ask(await self._connect(origin, request), origin, payload)

    async def aclose(self) -> None:
        """Close the connections that are idle; those in use close with their requests."""
        self._closed = True
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _ask(self, connection: _Connection, origin: _Origin, payload: bytes) -> httpx.Response:
        try:
            response = await connection.ask(payload)
        except BaseException:
            connection.close()
            raise
        if connection.reusable and not self._closed:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.setdefault(origin, deque()).append(connection)
        else:
            connection.close()
        return response

    def _kept(self, origin: _Origin) -> _Connection | None:
        connections = self._idle.get(origin)
        if not connections:
            return None
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while connections and (connections[0].idle_since < oldest or not connections[0].reusable):
            connections.popleft().close()
        while connections:
            connection = connections.pop()
            if connection.reusable:
                return connection
        return None

    async def _connect(self, origin: _Origin, request: httpx.Request) -> _Connection:
        scheme, host, port = origin
        if scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"unsupported scheme {scheme!r}")
        tls, name = (self._tls, host) if scheme == "https" else (None, None)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("connect")):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._most), host, port, ssl=tls, server_hostname=name
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("no connection") from _plain(error)
        return connection


class _SilentlyClosedError(httpx.RemoteProtocolError):
    """The connection ended before the first byte of an answer."""


class _Connection(asyncio.Protocol):
    """One connection, at most one request under way on it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = False
        self._waiting: asyncio.Future[httpx.Response] | None = None
        self.idle_since = 0.0

    @property
    def reusable(self) -> bool:
        """Whether the next request may be sent here."""
        return self._open and self._waiting is None

    def ask(self, payload: bytes) -> asyncio.Future[httpx.Response]:
        """Write a request; the future holds its response or an httpx.TransportError."""
        self._parser = httptools.HttpResponseParser(self)
        self._heard = 0
        self._begin()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(payload)
        return self._waiting

    def close(self) -> None:
        """Close at once; what was under way is given up."""
        self._open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by behaviour, not by class
        self._open = True

    def data_received(self, data: bytes) -> None:
        if self._waiting is None:
            self.close()  # bytes that nobody asked for; what follows them could not be told from an answer
            return
        self._heard += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(httpx.RemoteProtocolError("the answer is not valid HTTP"))
        if not self._headers_done and self._heard > _MOST_OF_HEADERS:
            self._fail(httpx.RemoteProtocolError("the headers are larger than 64 KiB"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        if self._waiting is None:
            return
        if exc is None and self._headers_done and self._until_the_end:
            self._finish()
        elif self._heard == 0:
            self._fail(_SilentlyClosedError("the connection ended without an answer"))
        else:
            self._fail(httpx.RemoteProtocolError("the connection ended in the middle of an answer"))

    # What llhttp calls while it reads.

    def on_message_begin(self) -> None:
        if self._waiting is None:
            self.close()  # a second answer to one request, in one piece with the first

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._headers_done = True
        framed = {name.lower() for name, _ in self._headers}
        self._until_the_end = not framed & {b"content-length", b"transfer-encoding"}

    def on_body(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._fail(AnswerTooLargeError(f"more than {self._most} bytes"))

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._begin()  # a remark such as 103 Early Hints; the answer follows
            return
        if not self._parser.should_keep_alive():
            self._open = False
        self._finish()

    def _begin(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._headers_done = self._until_the_end = False

    def _finish(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        body = httpx.ByteStream(b"".join(self._pieces))
        waiting.set_result(httpx.Response(self._parser.get_status_code(), headers=self._headers, stream=body))

    def _fail(self, error: httpx.TransportError) -> None:
        waiting, self._waiting = self._waiting, None
        self.close()
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)


def _encode(request: httpx.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b\r\n" % pair for pair in request.headers.raw]
    assert isinstance(request.stream, httpx.SyncByteStream)  # a body that waits for something has no place in a query
    return b"".join([*lines, b"\r\n", *request.stream])


def _plain(error: Exception) -> Exception:
    """asyncio words a refused connection as `Connect call failed ('127.0.0.1', 9090)`; the system's words say more."""
    numbers = [] if isinstance(error, ssl.SSLError) else _ERRNO.findall(str(error))
    return OSError(int(numbers[-1]), os.strerror(int(numbers[-1]))) if numbers else error
