"""A local HTTP server that says what a test tells it to say, byte for byte, from a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import parse_qs

EMPTY = b'{"status":"success","data":{"resultType":"vector","result":[]}}'
ONE = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"api"},"value":[1700000000,"1"]}]}}'
JSON = ("Content-Type", "application/json")
HTML = ("Content-Type", "text/html; charset=utf-8")
TEXT = ("Content-Type", "text/plain; charset=utf-8")


@dataclass(frozen=True)
class Say:
    """One answer. cut: bytes of the body after which the connection is closed. raw: everything, instead of all the rest."""

    body: bytes = EMPTY
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (JSON,)
    framing: str = "length"  # or "chunked", or "close": the body ends with the connection
    cut: int | None = None
    close: bool = False
    raw: bytes | None = None


SILENCE = Say(raw=b"")
HANG_UP = Say(raw=b"", close=True)


@dataclass(frozen=True)
class Heard:
    """One request. connection: its number, from 1. headers: names in lower case."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        """The form in the body."""
        return {name: values[0] for name, values in parse_qs(self.body, strict_parsing=True).items()}


class Scripted:
    """Says `says` in order, one for each request, and then an empty vector for ever."""

    def __init__(self, *says: Say, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[Heard] = []
        self.first_heard = threading.Event()
        self.all_gone = threading.Event()
        self._says = deque(says)
        self._tls = tls
        self._connections = 0
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT` or `https://localhost:PORT`."""
        return f"http://127.0.0.1:{self.port}" if self._tls is None else f"https://localhost:{self.port}"

    def hang_up(self) -> None:
        """Close every connection from this side."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()

    def __enter__(self) -> Scripted:
        self._thread.start()
        assert self._up.wait(5)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._down = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._down.wait()
        server.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        for writer in self._talks.values():
            writer.transport.abort()
        if self._talks:
            await asyncio.wait(list(self._talks))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections
        talk = asyncio.current_task()
        assert talk is not None
        self._talks[talk] = writer
        try:
            while (heard := await self._listen(reader, number)) is not None:
                self.heard.append(heard)
                self.first_heard.set()
                if not await self._answer(self._says.popleft() if self._says else Say(), writer):
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()
            del self._talks[talk]
            if not self._talks:
                self.all_gone.set()

    async def _listen(self, reader: asyncio.StreamReader, number: int) -> Heard | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Heard(number, method, target, headers, body.decode())

    async def _answer(self, say: Say, writer: asyncio.StreamWriter) -> bool:
        writer.write(_bytes(say) if say.raw is None else say.raw)
        await writer.drain()
        return not (say.close or say.cut is not None or say.framing == "close")


def _bytes(say: Say) -> bytes:
    lines = [f"{name}: {value}" for name, value in say.headers]
    body = say.body[: say.cut]
    if say.framing == "length":
        lines.append(f"Content-Length: {len(say.body)}")
    if say.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        half = len(body) // 2
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:half], body[half:]) if piece)
        body += b"" if say.cut is not None else b"0\r\n\r\n"
    if say.framing == "close":
        lines.append("Connection: close")
    return "\r\n".join([f"HTTP/1.1 {say.status} Whatever", *lines, "", ""]).encode("latin-1") + body
