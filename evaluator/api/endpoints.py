"""Endpoints of the evaluator's own API that change something, or refuse to: one shape for all that they refuse.

An error is `{"status": "error", "errorType": …, "error": …}`, as in Prometheus' API; `error` is one sentence, with what to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evaluator.api.v2.answers import UNPROCESSABLE, RefusedError
from evaluator.api.view import View

BASE = "/api/evaluator/v1"
LONGEST_NAME = 200
"""Characters of whoever acts."""

Endpoint = Callable[[View, Request], Awaitable[Response]]


class NotDoneError(Exception):
    """It was not done, and nothing has changed. code: of HTTP. kind: for programs. The text is for people."""

    def __init__(self, code: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.kind = kind


def bad(text: str) -> NotDoneError:
    """What was asked for makes no sense."""
    return NotDoneError(400, "bad_data", text)


def check_author(by: str, does: str = "acts") -> None:
    """Whether somebody says who they are, in a line that everybody is shown. Raises NotDoneError."""
    if not by.strip():
        raise bad(f"by: say who {does}, with the key of a person or a name")
    if len(by) > LONGEST_NAME or not by.isprintable():
        raise bad(f"by: a name of at most {LONGEST_NAME} printable characters")


def missing(text: str) -> NotDoneError:
    """What was asked about is not there."""
    return NotDoneError(404, "not_found", text)


def at(view: View, path: str, endpoint: Endpoint, method: str = "GET") -> Route:
    """A route below the base; what the endpoint refuses is answered in its shape."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(view, request)
        except NotDoneError as error:
            return failure(error.code, error.kind, str(error))
        except RefusedError as error:
            return failure(400 if error.code == UNPROCESSABLE else error.code, "bad_data", str(error))

    guarded.__doc__ = endpoint.__doc__
    return Route(f"{BASE}/{path}", guarded, methods=[method])


def failure(code: int, kind: str, text: str) -> Response:
    """An error."""
    return answer({"status": "error", "errorType": kind, "error": text}, code)


def answer(found: Any, code: int = 200, headers: dict[str, str] | None = None) -> Response:
    """As JSON."""
    return Response(msgspec.json.encode(found), code, headers, media_type="application/json")
