"""How many requests are answered at once, and for how long: whoever comes beyond that is asked to come back in a second.

A request counts from its arrival until its answer has been taken, so readers that are slow to read count as well. What a load
balancer and a Prometheus ask (`/-/healthy`, `/-/ready`, `/metrics`) is never refused: an evaluator that is busy is alive, and
nobody should find out from a page about its death. Streams that never end are not counted either.

The limits are those of Alertmanager's `--web.get-concurrency` and `--web.timeout`. Its texts say less.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection
from datetime import timedelta

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evaluator.core.frozen import frozen

ALWAYS = ("/-/", "/metrics", "/events", "/static/", "/links/", "/replies/")
"""What these paths begin with is never refused. The last two are answers of people who were woken, with limits of their own."""

READING = frozenset(("GET", "HEAD"))
WRITING = frozenset(("POST", "PUT", "PATCH", "DELETE"))


@frozen
class Bound:
    """most: requests that are answered at once; 0 is no limit. key: what sets it, as texts name it. timeout: 0 is none."""

    most: int
    key: str
    timeout: timedelta = timedelta(0)


def default_concurrency() -> int:
    """As many as there are processors, but at least 8: Alertmanager's default."""
    return max(os.cpu_count() or 1, 8)


class CutOffError(Exception):
    """An answer that has begun is given up, so whoever asked sees that it is not whole. The text says why."""


class Bounded:
    """Passes on to `app` what there is room for.

    bound: asked at every request, so that a reload counts from there on. methods: which requests count together; others pass.
    turned_away: told the method of each request that is refused. always: beginnings of paths that are never refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        bound: Callable[[], Bound],
        methods: Collection[str],
        turned_away: Callable[[str], None],
        always: tuple[str, ...] = ALWAYS,
    ) -> None:
        self._app = app
        self._bound = bound
        self._methods = frozenset(methods)
        self._turned_away = turned_away
        self._always = always
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http" or scope["method"] not in self._methods or scope["path"].startswith(self._always):
            await self._app(scope, receive, send)
            return
        bound = self._bound()
        if 0 < bound.most <= self._under_way:
            self._turned_away(scope["method"])
            await _busy(bound, scope["method"])(scope, receive, send)
            return
        self._under_way += 1
        try:
            await _in_time(self._app, bound.timeout, scope, receive, send)
        finally:
            self._under_way -= 1


class Answer:
    """Sends an answer on, and knows whether it has begun: then there is no other any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Send a part of it."""
        self.begun = True
        await self._send(message)


async def _in_time(app: ASGIApp, most: timedelta, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer within `most`. One whose answer had begun is cut off: the client sees that it is not whole."""
    if not most:
        await app(scope, receive, send)
        return
    answer = Answer(send)
    try:
        async with asyncio.timeout(most.total_seconds()):
            await app(scope, receive, answer)
    except TimeoutError:
        if answer.begun:
            text = f"{scope['path']} took longer than {most.total_seconds():g} seconds (web.timeout), its answer was cut off"
            raise CutOffError(text) from None
        text = f"this took longer than {most.total_seconds():g} seconds (web.timeout); ask for less\n"
        await PlainTextResponse(text, 503, {"Cache-Control": "no-store"})(scope, receive, send)


def _busy(bound: Bound, method: str) -> PlainTextResponse:
    text = f"{bound.most} {method} requests are being answered, and {bound.key} allows no more; try again in a second\n"
    return PlainTextResponse(text, 503, {"Retry-After": "1", "Cache-Control": "no-store"})
