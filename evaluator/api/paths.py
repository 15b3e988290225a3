"""Paths of the APIs as people and tools write them: with a slash at the end, or two where an address and a path were joined.

Alertmanager serves the first and redirects the second. A redirect costs a client that does not follow it for a POST its alerts,
so both are served.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile("/{2,}")


class TidyPaths:
    """Hands requests on to `app`, those for an API with their paths put right."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http" and (path := tidied(scope["path"])) != scope["path"]:
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def tidied(path: str) -> str:
    """The path of an API without slashes that say nothing; other paths as they are."""
    if not path.endswith("/") and "//" not in path:
        return path
    tidy = _SLASHES.sub("/", path).rstrip("/")
    return tidy if tidy.startswith("/api/") else path
