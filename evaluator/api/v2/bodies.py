"""What is sent to API v2, and how it is read: bounded in size, strict in types, members that nobody knows ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from starlette.requests import Request

from evaluator.api.v2.answers import UNPROCESSABLE, WRONG_TYPE, RefusedError
from evaluator.api.view import View
from evaluator.core.events import Refused
from evaluator.core.limits import Limit

TOO_LARGE = 413

T = TypeVar("T")


class AlertBody(msgspec.Struct, frozen=True, gc=False):
    """An alert as it is posted."""

    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    startsAt: datetime | None = None  # noqa: N815
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str | None = ""  # noqa: N815


class MatcherBody(msgspec.Struct, frozen=True):
    """A matcher of a silence."""

    name: str
    value: str
    isRegex: bool  # noqa: N815
    isEqual: bool | None = True  # noqa: N815


class SilenceBody(msgspec.Struct, frozen=True):
    """A silence as somebody wants it."""

    matchers: list[MatcherBody]
    startsAt: datetime  # noqa: N815
    endsAt: datetime  # noqa: N815
    createdBy: str  # noqa: N815
    comment: str
    id: str | None = ""
    annotations: dict[str, str] | None = None


async def read(view: View, request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The body of `request`. Raises RefusedError: 413, 415 or 422."""
    return decode(await raw(view, request), decoder)


async def raw(view: View, request: Request) -> bytearray:
    """The bytes of a body that says it is JSON, or of none. Raises RefusedError: 413 or 415."""
    kind = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if kind != "application/json" and _is_there(request):
        raise RefusedError(WRONG_TYPE, f'unsupported media type "{kind}", only [application/json] are allowed')
    largest = view.settings.limits.body_size
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if 0 < largest < len(body):
            client = request.client.host if request.client else "somebody"
            await view.submit(Refused(Limit.BODY_SIZE, f"{request.method} {request.url.path} from {client}"))
            text = f"the body is larger than limits.{Limit.BODY_SIZE} allows, {largest} bytes; send less at once, or raise it"
            raise RefusedError(TOO_LARGE, text)
    return body


def _is_there(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def decode(body: bytes | bytearray, decoder: msgspec.json.Decoder[T]) -> T:
    """What the bytes of a body say. Raises RefusedError: 422."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(UNPROCESSABLE, f"parsing body failed, because {error}") from None


def given(at: datetime | None) -> datetime | None:
    """An instant that was given; Go's zero time says that it was not. One without a zone is in UTC.

    Raises RefusedError for one that no clock will show.
    """
    if at is None or at.year == 1:
        return None
    if at.tzinfo is UTC:
        return at
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise RefusedError(UNPROCESSABLE, f"{at.isoformat()} is out of range") from None
