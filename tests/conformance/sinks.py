"""Receivers of a scenario in real time: they answer as it says, and remember what they accepted and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote

from evaluator.core.labels import Labels
from evaluator.drill.played import Told, ToldAlert
from evaluator.drill.scenario import Answering

Since = Callable[[], timedelta]


class Sinks:
    """A server that is every webhook of a scenario. since: how long ago the scenario began."""

    def __init__(self, since: Since) -> None:
        self.told: list[Told] = []
        self.answering: dict[str, Answering] = {}
        self.beginning: datetime | None = None
        self._since = since
        self._over = asyncio.Event()

    def url_of(self, integration: str) -> str:
        """Where an integration is told."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/{quote(integration, safe='')}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.close()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            integration, body = await _read(reader)
            at, answering = self._since(), self._manner(integration)
            if not await self._waits(answering, reader):
                return
            if 200 <= answering.status < 300:
                self.told.append(self._told(at, integration, body))
            after = "" if answering.retry_after is None else f"Retry-After: {answering.retry_after}\r\n"
            writer.write(f"HTTP/1.1 {answering.status} X\r\n{after}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever was killed in the middle of a request
        finally:
            writer.close()

    def _manner(self, integration: str) -> Answering:
        known = self.answering.get(integration, Answering(integration))
        return Answering(integration) if known.until is not None and known.until <= self._since() else known

    async def _waits(self, answering: Answering, reader: asyncio.StreamReader) -> bool:
        """Take as long as the receiver takes; False when the client did not wait for it."""
        if not answering.takes and not answering.hangs:
            return True
        gone, over = asyncio.ensure_future(reader.read(1)), asyncio.ensure_future(self._over.wait())
        patience = None if answering.hangs else answering.takes.total_seconds()
        done, _ = await asyncio.wait([gone, over], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        over.cancel()
        return not done

    def _told(self, at: timedelta, integration: str, body: Any) -> Told:
        return Told(at, integration, tuple(map(self._alert, body["alerts"])))

    def _alert(self, alert: Any) -> ToldAlert:
        assert self.beginning is not None
        starts, ends = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
        over = None if alert["status"] == "firing" else ends - self.beginning
        annotations = tuple(sorted(alert["annotations"].items()))
        return ToldAlert(Labels(alert["labels"]), annotations, starts - self.beginning, over)


async def _read(reader: asyncio.StreamReader) -> tuple[str, Any]:
    """For whom a request is, and what it says."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
    return unquote(head.split(" ")[1].removeprefix("/")), json.loads(await reader.readexactly(int(lengths[0])))
