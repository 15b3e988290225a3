"""What other people's pages may not make a browser do: change something by the evaluator's own paths.

A browser sends a page's form anywhere without asking. Where a body has to be JSON it does ask before, and is told who may
(`cross_origin`); but `/-/reload` needs no body, and neither do some acts of the evaluator's own API. So a request there that
would change something and says that a page of somebody else sent it is refused. Whoever says nothing of where it is from is no
browser: amtool, curl and Prometheus pass. Prometheus and Alertmanager look at none of this.

Alertmanager's API is left to `web.cors_origin`, for dashboards that run in the browser count on it.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from evaluator.api.bounds import WRITING
from evaluator.core.origins import Sender, sender

GUARDED = ("/-/", "/api/")
OPEN = "/api/v2/"
REFUSAL = "a page of another origin sent this, so nothing was changed; programs leave out Origin and Sec-Fetch-Site\n"


class OwnPages:
    """Passes on to `app` all but what pages of other origins may not do. external_url: asked at every such request."""

    def __init__(self, app: ASGIApp, external_url: Callable[[], str]) -> None:
        self._app = app
        self._external_url = external_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 403."""
        if _changes(scope) and sender(Headers(scope=scope), self._external_url()) is Sender.OTHER_PAGE:
            await PlainTextResponse(REFUSAL, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _changes(scope: Scope) -> bool:
    """Whether a request would change something by a path that is only ours."""
    if scope["type"] != "http" or scope["method"] not in WRITING:
        return False
    path = scope["path"]
    return path.startswith(GUARDED) and not path.startswith(OPEN)
