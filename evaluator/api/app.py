"""The HTTP surface: health, metrics, reload, and the APIs; the pages are added by whoever puts it together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from evaluator.api import (
    analytics,
    documents,
    explaining,
    feeds,
    graph,
    incidents,
    maintenance,
    missing,
    native,
    oncall,
    overrides,
    silencing,
    v1,
    v2,
)
from evaluator.api.bounds import READING, WRITING, Bound, Bounded, default_concurrency
from evaluator.api.cross_origin import CrossOrigin
from evaluator.api.own_pages import OwnPages
from evaluator.api.paths import TidyPaths
from evaluator.api.promptness import Prompt
from evaluator.api.roll import Roll
from evaluator.api.view import UnavailableError, View

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def make_app(view: View, pages: Sequence[BaseRoute] = ()) -> Starlette:
    """Everything that is served over `view`."""

    async def healthy(request: Request) -> Response:
        """200 while it works; 503 and the reason while it does not."""
        return _state(view.unhealthy, "The evaluator is healthy.")

    async def ready(request: Request) -> Response:
        """200 once state is loaded and every group has been evaluated; 503 and the reason until then."""
        return _state(view.unready, "The evaluator is ready.")

    async def metrics(request: Request) -> Response:
        """The evaluator's own metrics, in Prometheus' text format."""
        return Response(view.scrape(), media_type=METRICS_TYPE)

    async def reload(request: Request) -> Response:
        """Read the configuration anew; 500 and every problem when it cannot be used, and then nothing has changed."""
        try:
            await view.reload()
        except Exception as error:
            return PlainTextResponse(f"failed to reload config: {error}\n", 500)
        return PlainTextResponse("")

    roll = Roll(view)
    routes: list[BaseRoute] = [
        *v2.routes(view, roll),  # gone through in this order, and nothing else is asked for by the thousand
        Route("/-/healthy", healthy),
        Route("/-/ready", ready),
        Route("/-/reload", reload, methods=["POST", "PUT"]),
        Route("/metrics", metrics),
        *graph.routes(view),
        *v1.routes(view),
        *missing.routes(),
        *native.routes(view, roll),
        *documents.routes(),
        *explaining.routes(view),
        *silencing.routes(view),
        *oncall.routes(view),
        *overrides.routes(view),
        *feeds.routes(view),
        *incidents.routes(view),
        *maintenance.routes(view),
        *analytics.routes(view),
        *pages,
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TidyPaths, lambda: view.settings.web.route_prefix),
            Middleware(CrossOrigin, lambda: view.settings.web.cors_origin),
            Middleware(OwnPages, lambda: view.settings.external_url),
            Middleware(Bounded, lambda: _reading(view), READING, lambda method: view.turned_away(method)),
            Middleware(Bounded, lambda: _writing(view), WRITING, lambda method: view.turned_away(method)),
            Middleware(Prompt),
        ],
        exception_handlers={UnavailableError: _unavailable, 404: missing.not_found, 405: missing.not_allowed},
    )


def _reading(view: View) -> Bound:
    web = view.settings.web
    return Bound(web.get_concurrency or default_concurrency(), "web.get_concurrency", web.timeout)


def _writing(view: View) -> Bound:
    return Bound(view.settings.limits.post_concurrency, "limits.post_concurrency")


async def _unavailable(request: Request, error: Exception) -> Response:
    return v1.failure("unavailable", str(error), 503)


def _state(trouble: str, well: str) -> Response:
    return PlainTextResponse(f"{trouble}\n", 503) if trouble else PlainTextResponse(f"{well}\n")
