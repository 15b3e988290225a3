"""How API v2 answers: JSON that nobody may cache, instants in milliseconds, and two shapes of errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.responses import Response

from evaluator.api.pieces import Pieces

Json = dict[str, Any]
NOT_STORED = {"Cache-Control": "no-store"}
UNPROCESSABLE = 422
WRONG_TYPE = 415
NOT_ACCEPTABLE = 406
NO_JSON = "unsupported media type requested, only [application/json] are available"
WRONG_FORMAT = 601
"""The framework's code for a text that is not of the format asked for."""


class RefusedError(Exception):
    """A request that is answered with an error. code: of HTTP; an empty text leaves the body empty. rule: see `failure`."""

    def __init__(self, code: int, text: str = "", rule: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.rule = rule


def acceptable(ranges: Iterable[str]) -> bool:
    """Whether whoever sends these headers Accept takes JSON; who sends none, or an empty one, takes anything."""
    wanted = [one for header in ranges for one in header.lower().split(",") if one.strip()]
    return not wanted or any(map(_takes_json, wanted))


def _takes_json(wanted: str) -> bool:
    kind, *parameters = (part.strip() for part in wanted.split(";"))
    if kind not in ("application/json", "application/*", "*/*"):
        return False
    return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", one) for one in parameters)


def answer(found: Any, code: int = 200) -> Response:
    """As JSON."""
    return Response(msgspec.json.encode(found), code, NOT_STORED, media_type="application/json")


def written(pieces: Iterable[bytes]) -> Response:
    """A list whose items were written before."""
    return Pieces(pieces, NOT_STORED)


def done() -> Response:
    """It was done, and there is nothing to say."""
    return Response(status_code=200, headers=NOT_STORED)


def failure(error: RefusedError) -> Response:
    """An error of form has `code` and `message`, as those have that Alertmanager's framework finds; others are a text.

    The code is that of HTTP, or the framework's own for the rule that is broken.
    """
    text = str(error)
    if not text:
        return Response(status_code=error.code, headers=NOT_STORED)
    formal = error.code in (UNPROCESSABLE, WRONG_TYPE, NOT_ACCEPTABLE)
    return answer({"code": error.rule or error.code, "message": text} if formal else text, error.code)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Alertmanager's API writes every instant."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
