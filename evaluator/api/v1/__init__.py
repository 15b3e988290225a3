"""Prometheus' API, as far as a ruler has one: rules and alerts, so that Grafana and every tool that reads them works.

Shapes are Prometheus' own, the envelope, the printing of values, the filters and the pages included.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.v1 import about
from evaluator.api.v1.envelope import BadParameterError, failure, success
from evaluator.api.v1.rules import Endpoint, listings
from evaluator.api.view import View

__all__ = ["failure", "routes"]


def routes(view: View) -> list[Route]:
    """The routes below `/api/v1`."""

    def at(path: str, endpoint: Endpoint, purpose: str | None, methods: tuple[str, ...] = ("GET",)) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request)
            except BadParameterError as error:
                return failure("bad_data", str(error), 400)

        guarded.__doc__ = purpose
        return Route(f"/api/v1/{path}", guarded, methods=list(methods))

    rules, alerts = listings(view)
    return [
        at("rules", rules, rules.__doc__),
        at("alerts", alerts, alerts.__doc__),
        *(at(path, _telling(view, tell), tell.__doc__, _methods(path)) for path, tell in about.ABOUT.items()),
        at("query", partial(about.query, view), about.query.__doc__, ("GET", "POST")),
        at("query_range", partial(about.query_range, view), about.query_range.__doc__, ("GET", "POST")),
    ]


def _methods(path: str) -> tuple[str, ...]:
    return ("GET", "POST") if path in about.ASKED_BY_FORM else ("GET",)


def _telling(view: View, tell: Callable[[View], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def told(request: Request) -> Response:
        return success(tell(view))

    return told
