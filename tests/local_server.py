"""A real HTTP server on the loopback that answers from a script and remembers what it was asked."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self


class Then(Enum):
    """What becomes of the connection after the bytes of a reply."""

    CLOSE = auto()
    RESET = auto()
    HANG = auto()


@dataclass(frozen=True)
class Reply:
    """One answer. length: the Content-Length to claim, None for the true one. raw: bytes to send instead of all of it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None
    raw: bytes | None = None
    then: Then = Then.CLOSE

    def encode(self) -> bytes:
        if self.raw is not None:
            return self.raw
        length = len(self.body) if self.length is None else self.length
        headers = {"Content-Length": str(length), "Connection": "close", **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Whatever\r\n{head}\r\n".encode() + self.body


@dataclass(frozen=True)
class Received:
    """One request; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class LocalServer:
    """Answers with `replies` in turn, then with the last one again."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        self._replies = list(replies) or [Reply()]
        self._tls = tls
        self._hanging = asyncio.Event()
        self.asked = asyncio.Event()
        self.requests: list[Received] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def next_request(self) -> None:
        """Wait until one more request has come since this was last called."""
        await self.asked.wait()
        self.asked.clear()

    async def reply(self, request: Received) -> Reply:
        """What to answer; a server that thinks for itself overrides this."""
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hanging.set()
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            self.asked.set()
            reply = await self.reply(request)
            writer.write(reply.encode())
            await writer.drain()
            if reply.then is Then.HANG:
                await self._hanging.wait()
            if reply.then is Then.RESET:
                linger = struct.pack("ii", 1, 0)  # at once: the peer sees a reset, not an end
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a client that does not trust us, or lost patience
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers: dict[str, str] = {}
    for line in filter(None, head[1:]):
        name, _, value = line.partition(":")
        known = headers.get(name.lower())
        headers[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    return Received(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
