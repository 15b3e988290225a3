"""A webhook receiver that remembers when it was told of what, in a process of its own.

    python bench/sink.py --port 9911

POST anything: a notification, answered as Slack does; the alerts in it are known by their label `bench_id`. GET /told:
for each of those that was told as firing, when it was told first, in seconds of the machine's monotonic clock, and how many
notifications there were.
DELETE: forget everything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time

IDENT = re.compile(rb'"bench_id":\s*"([^"]*)"')
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


class Memory:
    """What was told. told: seconds, by ident."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        self.notifications = 0

    def answer(self, method: bytes, body: bytes, at: float) -> bytes:
        """What to say to a request, and remember it."""
        if method == b"POST":
            self.notifications += 1
            for ident in IDENT.findall(body):
                self.told.setdefault(ident.decode(), at)
            return b"ok"
        if method == b"DELETE":
            self.told, self.notifications = {}, 0
            return b""
        return json.dumps({"told": self.told, "notifications": self.notifications}).encode()


class Connection(asyncio.Protocol):
    """Requests one after another, each whole before it is answered."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or several."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            said = self._memory.answer(self._buffer.split(b" ", 1)[0], self._buffer[end + 4 : whole], time.monotonic())
            self._buffer = self._buffer[whole:]
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))


async def serve(port: int) -> None:
    """For ever."""
    memory = Memory()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(memory), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))
