"""Routes that are made when somebody asks for one of them."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from evaluator.api.later import Later


async def _told(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.path_params}")


class _Pages:
    """Makes routes, and counts how often. `/both` has a route for each method, as forms have."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Sequence[BaseRoute]:
        self.made += 1
        return [
            Route("/one/{name}", _told, methods=["GET"]),
            Route("/both", _told, methods=["GET"]),
            Route("/both", _told, methods=["POST"]),
            Mount("/under", routes=[Route("/it", _told)]),
        ]


def _client(pages: _Pages) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/now", _told), Later(pages)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://e")


async def test_nothing_is_made_for_what_is_there_at_once() -> None:
    pages = _Pages()
    async with _client(pages) as client:
        assert (await client.get("/now")).status_code == 200
    assert pages.made == 0


async def test_they_are_made_once_and_answer_as_if_they_had_always_been_there() -> None:
    pages = _Pages()
    async with _client(pages) as client:
        assert (await client.get("/one/a")).text == "GET {'name': 'a'}"
        assert (await client.get("/both")).text == "GET {}"
        assert (await client.post("/both")).text == "POST {}"
        assert (await client.get("/under/it")).text == "GET {}"
        assert (await client.post("/one/a")).status_code == 405
        assert (await client.get("/elsewhere")).status_code == 404
    assert pages.made == 1
