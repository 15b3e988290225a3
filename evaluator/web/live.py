"""Tells open pages that something has changed; what it is, they fetch themselves.

Changes that come in quick succession are told once, and the more pages are open, the longer each of them waits for the next: in
a storm all of them together ask for no more than one page in `calm` seconds, and the evaluator is left to its work. A line goes
out every now and then while nothing happens, so that proxies keep the connection, and so that the server notices who has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from evaluator.core.frozen import frozen
from evaluator.core.view import View

MOST_OPEN = 200


@frozen
class Pace:
    """Seconds. calm: between two changes that are told, for each page that is open. alive: the longest silence."""

    calm: float = 1.0
    alive: float = 20.0


class Live:
    """The connections of all open pages. open: how many there are."""

    def __init__(self, view: View, pace: Pace) -> None:
        self._view = view
        self._pace = pace
        self.open = 0

    async def __call__(self, request: Request) -> Response:
        """Server-sent events: `changed` whenever there is something new to see."""
        if self.open >= MOST_OPEN:
            return PlainTextResponse("too many pages are open; this one does not follow\n", 503, {"Retry-After": "60"})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _events(self) -> AsyncIterator[str]:
        self.open += 1
        try:
            async for line in self._lines():
                yield line
        finally:
            self.open -= 1

    async def _lines(self) -> AsyncIterator[str]:
        seen = await self._view.changed(-1)
        yield "retry: 3000\n\n"
        while seen is not None:
            try:
                seen = await asyncio.wait_for(self._view.changed(seen), self._pace.alive)
            except TimeoutError:
                yield ": nothing new\n\n"
                continue
            if seen is not None:
                yield f"event: changed\ndata: {seen}\n\n"
                await asyncio.sleep(self._pace.calm * self.open)
