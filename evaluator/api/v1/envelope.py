"""Prometheus' envelope around every answer, and its words for wrong parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.responses import Response

from evaluator.api.pieces import Pieces

Json = dict[str, Any]


class BadParameterError(ValueError):
    """A parameter of a request cannot be understood."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f'invalid parameter "{name}": {text}')


def success(data: Any) -> Response:
    """An answer."""
    return Response(msgspec.json.encode({"status": "success", "data": data}), media_type="application/json")


def listed(name: str, pieces: Iterable[bytes], more: Json | None = None) -> Response:
    """An answer that is a list under `name`, of items that were written before. more: members beside it."""
    rest = b"," + msgspec.json.encode(more)[1:] if more else b"}"
    return Pieces(pieces, before=b'{"status":"success","data":{"%b":[' % name.encode(), after=b"]" + rest + b"}")


def failure(kind: str, text: str, status: int) -> Response:
    """An error."""
    body = {"status": "error", "errorType": kind, "error": text}
    return Response(msgspec.json.encode(body), status, media_type="application/json")
