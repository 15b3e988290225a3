"""Connections that are kept for reuse, each by itself.

httpcore's own pool looks at all of its connections, and for each of them at all others, whenever a request begins or ends:
with twenty of them that costs several times what the request costs. Here each connection is a pool of one (a *seat*), and
the free ones of a server lie on a stack: the one that was used last, and so is most likely still open, is taken first.

How many requests are under way at once is for those to bound who make them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

KEPT = 20
"""Free connections that are kept for one server."""

ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=300)
"""Of the pool of one seat."""

Origin = tuple[str, str, int | None]


class Seats(httpx.AsyncBaseTransport):
    """A transport that takes a seat for each request. pool: makes one with these limits."""

    def __init__(self, pool: Callable[[httpx.Limits], httpx.AsyncBaseTransport]) -> None:
        self._pool = pool
        self._free: dict[Origin, list[httpx.AsyncBaseTransport]] = {}
        self._taken: set[httpx.AsyncBaseTransport] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; the seat is free again when the response has been closed."""
        origin = (request.url.scheme, request.url.host, request.url.port)
        free = self._free.get(origin)
        seat = free.pop() if free else self._pool(ONE)
        self._taken.add(seat)
        try:
            response = await seat.handle_async_request(request)
        except BaseException:
            await self._leave(origin, seat)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, lambda: self._leave(origin, seat))
        return response

    async def _leave(self, origin: Origin, seat: httpx.AsyncBaseTransport) -> None:
        if seat not in self._taken:
            return
        self._taken.remove(seat)
        free = self._free.setdefault(origin, [])
        if len(free) < KEPT:
            free.append(seat)
        else:
            await seat.aclose()

    async def aclose(self) -> None:
        """Close every connection, those in use included."""
        seats = [*self._taken, *(seat for free in self._free.values() for seat in free)]
        self._taken, self._free = set(), {}
        for seat in seats:
            await seat.aclose()


class _Body(httpx.AsyncByteStream):
    """A response's body, whose end is told."""

    def __init__(self, stream: httpx.AsyncByteStream, ended: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._ended = ended

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._ended()
