"""How many requests are answered at once, and for how long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from evaluator.api.bounds import READING, Bound, Bounded, CutOffError, default_concurrency
from evaluator.core.settings import Web
from evaluator.store.memory import MemoryStore
from tests.api.alertmanager import serving, settings


@dataclass
class Held:
    """An application whose `/slow` answers when it is let."""

    bound: Bound
    client: httpx.AsyncClient = field(init=False)
    turned_away: list[str] = field(default_factory=list)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def slow(self, request: Request) -> Response:
        """Waits."""
        self.arrived.release()
        await self.go.wait()
        return PlainTextResponse("done")

    async def stuck(self, request: Request) -> Response:
        """Begins, and does not come to an end."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            await asyncio.Event().wait()

        return StreamingResponse(pieces())

    async def begin(self, method: str = "GET") -> asyncio.Task[httpx.Response]:
        """A request that is under way."""
        task = asyncio.create_task(self.client.request(method, "/slow"))
        await self.arrived.acquire()
        return task


@asynccontextmanager
async def held(bound: Bound) -> AsyncIterator[Held]:
    one = Held(bound=bound)
    paths = {"/slow": one.slow, "/-/healthy": one.slow, "/stuck": one.stuck}
    app = Starlette(routes=[Route(path, endpoint, methods=["GET", "POST"]) for path, endpoint in paths.items()])
    bounded = Bounded(app, lambda: one.bound, READING, one.turned_away.append)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bounded), base_url="http://e") as one.client:
        yield one


async def test_whoever_is_one_too_many_is_asked_to_come_back() -> None:
    """With 503 and when; what is under way goes on, and leaves room when it is done."""
    async with held(Bound(2, "web.get_concurrency")) as app:
        under_way = [await app.begin(), await app.begin()]
        refused = await app.client.get("/slow")
        assert (refused.status_code, refused.headers["retry-after"], refused.headers["cache-control"]) == (503, "1", "no-store")
        assert (
            refused.text == "2 GET requests are being answered, and web.get_concurrency allows no more; try again in a second\n"
        )
        assert app.turned_away == ["GET"]
        app.go.set()
        assert [answer.text for answer in await asyncio.gather(*under_way)] == ["done", "done"]
        assert (await app.client.get("/slow")).text == "done"


async def test_other_methods_and_health_are_not_refused() -> None:
    async with held(Bound(1, "web.get_concurrency")) as app:
        first, posted = await app.begin(), await app.begin("POST")
        health = asyncio.create_task(app.client.get("/-/healthy"))
        await app.arrived.acquire()
        app.go.set()
        assert {answer.status_code for answer in await asyncio.gather(first, posted, health)} == {200}


async def test_a_limit_that_changes_counts_from_there_on() -> None:
    async with held(Bound(1, "x")) as app:
        first = await app.begin()
        app.bound = Bound(0, "x")
        second = await app.begin()
        app.bound = Bound(1, "x")
        assert (await app.client.get("/slow")).status_code == 503
        app.go.set()
        await asyncio.gather(first, second)


async def test_an_answer_that_takes_too_long() -> None:
    """Is 503, and its place is free again; one that had begun is cut off, never completed by something else."""
    async with held(Bound(1, "web.get_concurrency", timedelta(milliseconds=10))) as app:
        late = await app.client.get("/slow")
        assert (late.status_code, late.text) == (503, "this took longer than 0.01 seconds (web.timeout); ask for less\n")
        with pytest.raises(CutOffError, match=r"^/stuck took longer than 0\.01 seconds"):
            await app.client.get("/stuck")
        app.bound = Bound(1, "web.get_concurrency")
        app.go.set()
        assert (await app.client.get("/slow")).text == "done"


def test_default() -> None:
    assert default_concurrency() >= 8


class Slow(MemoryStore):
    """A store whose history takes until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def history(self, *args: object, **kwargs: object) -> list[object]:  # type: ignore[override]
        """Nothing, in the end."""
        self.asked.set()
        self.go.wait()
        return []


@pytest.mark.realtime
async def test_a_running_evaluator_refuses_and_counts() -> None:
    """As its configuration says; the metric tells how often, and is itself never refused."""
    store = Slow()
    async with serving(settings(web=Web(get_concurrency=1)), store) as api:
        slow = asyncio.create_task(api.client.get(f"{api.url}/api/evaluator/v1/transitions"))
        await asyncio.to_thread(store.asked.wait)
        refused = await api.client.get("/status")
        metrics = await api.client.get(f"{api.url}/metrics")
        store.go.set()
        assert (await slow).json() == []
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert 'evaluator_http_concurrency_limit_exceeded_total{method="get"} 1.0' in metrics.text
