"""What a plain HTML form sends, and what it is told when nothing came of it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request

from evaluator.core.view import UnavailableError

LARGEST = 256 * 1024
MOST_FIELDS = 50


async def read_form(request: Request) -> QueryParams:
    """The fields. Raises HTTPException: 413 when it is larger than any form of these pages, 400 when it is none."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413, "this form is larger than any of these pages sends")
    try:
        return QueryParams(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, "this is no form") from None


def not_set(error: UnavailableError) -> str:
    """What is said beside a form whose wish could not be kept."""
    return f"It is not set{' yet' if error.later else ''}: {error}."
