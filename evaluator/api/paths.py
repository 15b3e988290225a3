"""Paths as proxies, people and tools write them: below a prefix, or with slashes that say nothing.

A proxy may take the prefix away or leave it: both are served. A slash at the end of an API's path Alertmanager serves too;
two, where an address and a path were joined, it redirects. That costs a client that does not follow a redirect for a POST its
alerts, so here they are served.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile("/{2,}")


class TidyPaths:
    """Hands requests on to `app` with their paths put right. prefix: asked at every request; empty for none."""

    def __init__(self, app: ASGIApp, prefix: Callable[[], str]) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        prefix = self._prefix()
        if prefix and scope["path"] == prefix and scope["method"] in ("GET", "HEAD"):
            await _below(prefix, scope)(scope, receive, send)  # the links of a page are relative to where it is
            return
        path = tidied(without(prefix, scope["path"]))
        if path != scope["path"]:
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def without(prefix: str, path: str) -> str:
    """The path without the prefix, if it is below it."""
    return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path


def _below(prefix: str, scope: Scope) -> RedirectResponse:
    query = scope["query_string"].decode("latin-1")
    name = prefix.rpartition("/")[2]
    return RedirectResponse(f"{name}/?{query}" if query else f"{name}/", 307)


def tidied(path: str) -> str:
    """The path of an API without slashes that say nothing; other paths as they are."""
    if not path.endswith("/") and "//" not in path:
        return path
    tidy = _SLASHES.sub("/", path).rstrip("/")
    return tidy if tidy.startswith("/api/") else path
