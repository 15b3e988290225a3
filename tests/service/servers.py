"""Servers on the loopback that do as a test tells them: a datasource and a webhook, each able to keep its caller waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs

from tests.local_server import LocalServer, Received, Reply, Then

T = TypeVar("T")

JSON = {"Content-Type": "application/json"}


async def until(look: Callable[[], Awaitable[T] | T], seconds: float = 60) -> T:
    """Look again and again until what is seen is true; gives that."""
    async with asyncio.timeout(seconds):
        while True:
            seen = look()
            found = await seen if isinstance(seen, Awaitable) else seen
            if found:
                return found
            await asyncio.sleep(0.02)


def vector(*series: Mapping[str, str], **more: object) -> Reply:
    """The answer of an instant query: these label sets, each with the value 1. more: members of the envelope."""
    result = [{"metric": labels, "value": [0, "1"]} for labels in series]
    body = {"status": "success", "data": {"resultType": "vector", "result": result}, **more}
    return Reply(headers=JSON, body=json.dumps(body).encode())


def refusal(status: int, kind: str, text: str, **headers: str) -> Reply:
    """An error of the query API in its own words."""
    body = {"status": "error", "errorType": kind, "error": text}
    return Reply(status, {**JSON, **headers}, json.dumps(body).encode())


SILENCE = Reply(raw=b"", then=Then.HANG)
LOGIN_PAGE = Reply(headers={"Content-Type": "text/html"}, body=b"<html><title>Please sign in</title></html>")


class Holding(LocalServer):
    """A server that can keep requests waiting.

    held: set while at least one waits. first: what is answered to the next requests, one by one.
    """

    def __init__(self, *replies: Reply) -> None:
        super().__init__(*replies)
        self.first: list[Reply] = []
        self.held = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def url(self) -> str:
        """The same for ever, also while the server is away."""
        return self._url

    def hold(self) -> None:
        """Answer nobody until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Answer everybody again, those who wait first."""
        self.held.clear()
        self._open.set()

    async def reply(self, request: Received) -> Reply:
        """What there is to answer, when it may be answered."""
        if not self._open.is_set():
            self.held.set()
            await self._open.wait()
        return self.first.pop(0) if self.first else await self.answer(request)

    async def answer(self, request: Received) -> Reply:
        """What to answer now."""
        return await super().reply(request)

    async def leave(self) -> None:
        """Refuse connections."""
        self._server.close()
        await self._server.wait_closed()

    async def return_(self) -> None:
        """Accept connections at the same address as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", int(self._url.rpartition(":")[2]))

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._url = super().url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        await super().__aexit__(kind, error, trace)


class Datasource(Holding):
    """A Prometheus. answers: by expression; others find nothing. instead: what everybody is answered in an outage."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Reply] = {}
        self.instead: Reply | None = None

    async def answer(self, request: Received) -> Reply:
        """By the expression in the form."""
        return self.instead or self.answers.get(expression(request), vector())

    async def recover(self, answers: dict[str, Reply]) -> None:
        """Be there again, and answer so."""
        self.instead, self.answers = None, answers
        if not self._server.is_serving():
            await self.return_()

    def count(self, expr: str) -> int:
        """How often this expression was asked."""
        return sum(expression(request) == expr for request in self.requests)

    async def keeps_asked(self, expr: str, times: int = 3) -> None:
        """Wait until this expression has been asked so many times more."""
        asked = self.count(expr)
        await until(lambda: self.count(expr) >= asked + times)


def expression(request: Received) -> str:
    """The expression that a request asks for."""
    return parse_qs(request.body.decode())["query"][0]


class Webhook(Holding):
    """A receiver."""

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies of all requests."""
        return [json.loads(request.body) for request in self.requests]

    def heard(self, alertname: str) -> list[str]:
        """The status of each notification that tells of this alert."""
        return [alert["status"] for body in self.told for alert in body["alerts"] if alert["labels"]["alertname"] == alertname]
