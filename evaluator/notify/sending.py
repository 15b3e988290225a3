"""Performs one request and says what came of it, within a time, and without secrets in what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import httpx

from evaluator.notify.exchange import Answer, Refused, Request
from evaluator.notify.scrub import scrub
from evaluator.wire.errors import explain

MOST_OF_A_BODY = 64 * 1024

_HOPELESS = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects)

Clock = Callable[[], datetime]


async def send(client: httpx.AsyncClient, request: Request, seconds: float, clock: Clock) -> Answer | Refused:
    """The provider's answer, or why there is none. seconds: for everything from connecting to the last byte.

    An answer whose body did not come to its end is an answer all the same: with its status the provider has spoken.
    Raises nothing for what the network, the provider or the files of secrets do wrong.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            response = await client.send(_wire_form(client, request), stream=True)
    except TimeoutError:
        return Refused(f"no answer within {seconds:g}s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Refused(scrub(explain(error), request.url, request.http), permanent=isinstance(error, _HOPELESS))
    try:
        body, whole = await _body(response, deadline)
        return Answer(response.status_code, response.headers, body, clock(), whole)
    finally:
        await response.aclose()


def _wire_form(client: httpx.AsyncClient, request: Request) -> httpx.Request:
    return client.build_request(request.method, request.url.reveal(), content=request.body, headers=dict(request.headers))


async def _body(response: httpx.Response, deadline: float) -> tuple[bytes, bool]:
    """The beginning of the body, and whether it came to its end or to as much as anybody needs."""
    body = b""
    try:
        async with asyncio.timeout_at(deadline):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= MOST_OF_A_BODY:
                    break
    except (httpx.HTTPError, TimeoutError):
        return body[:MOST_OF_A_BODY], False
    return body[:MOST_OF_A_BODY], True
