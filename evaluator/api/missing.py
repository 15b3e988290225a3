"""What is not there, each API's way: Alertmanager's says so in JSON, and of its first version that it is gone for good.

Prometheus posted alerts to `/api/v1/alerts` until 2019, and scripts of that time still do. Where Prometheus' own API has the
same path (reading `/api/v1/alerts`, and what is below `/api/v1/status/`) that is what is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route

from evaluator.api import v1
from evaluator.api.later import Later
from evaluator.api.v2.answers import answer

_ONCE_THERE = {
    "status": ["GET"],
    "receivers": ["GET"],
    "alerts": ["POST"],
    "alerts/groups": ["GET"],
    "silences": ["GET", "POST"],
    "silence/{id}": ["GET", "DELETE"],
}


def routes() -> list[Route]:
    """Those of the first version of Alertmanager's API; to come after Prometheus'."""

    async def gone(request: Request) -> Response:
        """Gone (410): the first version of Alertmanager's API. The second has the same endpoint."""
        text = f"version 1 of Alertmanager's API is gone; use {request.url.path.replace('/api/v1/', '/api/v2/', 1)}"
        body = msgspec.json.encode({"status": "deprecated", "error": text})
        return Response(body, 410, media_type="application/json")

    return [Route(f"/api/v1/{path}", gone, methods=methods) for path, methods in _ONCE_THERE.items()]


async def not_found(request: Request, error: Exception) -> Response:
    """There is no such path."""
    path = request.url.path
    if path.startswith("/api/v2/"):
        return answer({"code": 404, "message": f"path {path} was not found"}, 404)
    if path.startswith("/api/"):
        return v1.failure("not_found", f"there is no {path}", 404)
    text = error.detail if isinstance(error, HTTPException) else "Not Found"
    return PlainTextResponse(f"{text}\n", 404)


async def not_allowed(request: Request, error: Exception) -> Response:
    """The path is there, for other methods."""
    methods = sorted(_methods(request))
    path, allow = request.url.path, {"Allow": ", ".join(methods)}
    if path.startswith("/api/v2/"):
        text = f"method {request.method} is not allowed, but [{','.join(methods)}] are"
        refused = answer({"code": 405, "message": text}, 405)
    else:
        refused = PlainTextResponse(f"{request.method} is not allowed here, only {allow['Allow']}\n", 405)
    refused.headers.update(allow)
    return refused


def _methods(request: Request) -> set[str]:
    """Those that the path answers to."""
    found: set[str] = set()
    scope: dict[str, Any] = dict(request.scope)
    for route in _all(request.app.routes):
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found - {"HEAD"}


def _all(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        yield from route.routes if isinstance(route, Later) else (route,)
