"""The table of HTTP routes, read from the application; what a route is for is the first line of its endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from starlette.routing import Route

from docs.generate.tables import code, table
from evaluator.api.app import make_app
from evaluator.api.view import View
from evaluator.replies.desk import Answerable
from evaluator.replies.routes import reply_routes


class Endpoint(NamedTuple):
    """A path and the methods that it answers."""

    path: str
    methods: tuple[str, ...]
    purpose: str


def endpoints() -> Iterator[Endpoint]:
    """All that is served besides the pages, in the order of the application. Nothing is asked of the view before a request."""
    for route in make_app(cast(View, None), reply_routes(cast(Answerable, None))).routes:
        assert isinstance(route, Route)
        methods = sorted((route.methods or set()) - {"HEAD"})
        yield Endpoint(route.path, tuple(methods), _first_line(route.endpoint))


def route_table() -> str:
    """Method, path, purpose."""
    rows = ((", ".join(one.methods), code(one.path), one.purpose) for one in endpoints())
    return table(("method", "path", "what it gives"), rows)


def _first_line(endpoint: Any) -> str:
    return (endpoint.__doc__ or "").strip().partition("\n")[0]
