"""Which pages of other origins may use the APIs in a browser (CORS).

Alertmanager lets the pages of every origin read its API and post to it, and dashboards that run in the browser count on that;
so it is here, as far as `web.cors_origin` allows. Prometheus' API may be read likewise. What else there is, the evaluator's own
API above all, may be used by no other origin. A browser asks before it sends JSON elsewhere (a preflight), and JSON is all that
the API takes in, so a page that may not use the API cannot set a silence either. What needs no JSON is kept by `own_pages`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evaluator.core.labels import compile_regex

OPEN = {"/api/v2/": "GET, HEAD, POST", "/api/v1/": "GET, HEAD"}
"""Methods that other origins may use, by the beginning of the path: those that Alertmanager allows, and reading."""

_HEADERS = "Accept, Content-Type, X-Requested-With"
_ANY = ".*"


class CrossOrigin:
    """Passes everything on to `app`, and says who may read its answers. origin: asked at every request."""

    def __init__(self, app: ASGIApp, origin: Callable[[], str]) -> None:
        self._app = app
        self._origin = origin
        self._compiled: tuple[str, Any] = ("", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass on."""
        methods = next((allowed for path, allowed in OPEN.items() if scope.get("path", "").startswith(path)), "")
        headers = Headers(scope=scope) if scope["type"] == "http" and methods else Headers()
        if "origin" not in headers:
            await self._app(scope, receive, send)
            return
        told = self._told(headers["origin"])
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            may = {"Access-Control-Allow-Methods": methods, "Access-Control-Allow-Headers": _HEADERS} if told else {}
            await Response(status_code=204, headers={**_varying(told), **may})(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_varying(told))
            await send(message)

        await self._app(scope, receive, sent)

    def _told(self, origin: str) -> str:
        """Whom the answer is for: `*`, this origin, or nobody."""
        pattern = self._origin()
        if pattern == _ANY:
            return "*"
        if not pattern:
            return ""
        if self._compiled[0] != pattern:
            self._compiled = (pattern, compile_regex(pattern))
        return origin if self._compiled[1].fullmatch(origin) is not None else ""


def _varying(told: str) -> dict[str, str]:
    """`Vary` keeps caches from handing one origin's answer to another."""
    return {"Vary": "Origin", **({"Access-Control-Allow-Origin": told} if told else {})}
