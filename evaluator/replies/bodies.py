"""What comes in at the doors, as bytes: signatures are made over these, so nothing reads them before they are checked."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from evaluator.core.neutral import one_line

MOST = 256 * 1024
MOST_FIELDS = 200
_MOST_OF_A_SOURCE = 200

Json = dict[str, Any]


async def read_body(request: Request, most: int = MOST) -> bytes:
    """The whole body. Raises HTTPException, 413, when it is larger than `most` bytes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413, f"more than {most} bytes")
    return bytes(body)


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, in their order. Raises ValueError when it is none."""
    return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)


def json_object(body: bytes | str) -> Json:
    """The members of a JSON object. Raises ValueError when it is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def member(value: Any, *path: str) -> Any:
    """What stands at `path` in nested objects; None where there is nothing, or no object."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text_at(value: Any, *path: str) -> str:
    """The text at `path`, empty where there is none; a number counts as its digits."""
    found = member(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)


def came_from(request: Request, *more: str) -> str:
    """Where a request comes from, for the record: address, user agent, and whatever else is known."""
    address = request.client.host if request.client is not None else ""
    parts = (address, request.headers.get("user-agent", ""), *more)
    return one_line(", ".join(part for part in parts if part), _MOST_OF_A_SOURCE)
