"""Performs one request and says what came of it, within a time, and without secrets in what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import httpx

from evaluator.notify.exchange import Answer, Refused, Request
from evaluator.notify.scrub import scrub
from evaluator.wire.client import USER_AGENT
from evaluator.wire.errors import explain
from evaluator.wire.message import Message

MOST_OF_A_BODY = 64 * 1024

_HOPELESS = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects)

_DEFAULTS = ((b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"), (b"User-Agent", USER_AGENT.encode()))
"""Compression is declined: hardly any answer is long enough to be worth it."""

Clock = Callable[[], datetime]


async def send(client: httpx.AsyncClient, request: Request, seconds: float, clock: Clock) -> Answer | Refused:
    """The provider's answer, or why there is none. seconds: for everything from connecting to the last byte.

    An answer whose body did not come to its end is an answer all the same: with its status the provider has spoken. Without an
    answer, what came of a request is unknown as soon as its body was on its way.
    Raises nothing for what the network, the provider or the files of secrets do wrong.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    progress = _Progress()
    try:
        async with asyncio.timeout_at(deadline):
            response = await client.send(_wire_form(request, progress), stream=True)
    except TimeoutError:
        return Refused(f"no answer within {seconds:g}s", unknown=progress.sent)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        hopeless = isinstance(error, _HOPELESS)
        told = scrub(explain(error), request.url, request.http)
        return Refused(told, permanent=hopeless, unknown=progress.sent and not hopeless)
    try:
        body, whole = await _body(response, deadline)
        return Answer(response.status_code, response.headers, body, clock(), whole)
    finally:
        await response.aclose()


class _Progress:
    """How far a request has come, as the HTTP library's trace tells. sent: its body was on its way."""

    sent = False

    async def trace(self, event: str, about: Mapping[str, Any]) -> None:
        """Asking a proxy to connect is a request of its own, and carries nothing."""
        if event.endswith("send_request_body.started") and about["request"].method != b"CONNECT":
            self.sent = True


def _wire_form(request: Request, progress: _Progress) -> httpx.Request:
    """Built from its parts: httpx would merge defaults and settle URL, cookies and headers anew for each request."""
    url, host = _address(request.url.reveal())
    own = [(name.encode(), value.encode("ascii")) for name, value in request.headers]
    defaults = _defaults(tuple(name for name, _ in request.headers))
    return Message(request.method, url, [host, *defaults, *own], request.body, {"trace": progress.trace})


@lru_cache(maxsize=1024)
def _address(text: str) -> tuple[httpx.URL, tuple[bytes, bytes]]:
    """The URL, and the header that names its host."""
    url = httpx.URL(text)
    return url, (b"Host", url.netloc)


@lru_cache(maxsize=1024)
def _defaults(names: tuple[str, ...]) -> Sequence[tuple[bytes, bytes]]:
    """The headers that are sent beside those with these names."""
    given = {name.lower().encode() for name in names}
    return [pair for pair in _DEFAULTS if pair[0].lower() not in given]


async def _body(response: httpx.Response, deadline: float) -> tuple[bytes, bool]:
    """The beginning of the body, and whether it came to its end or to as much as anybody needs."""
    if isinstance(response.stream, httpx.ByteStream) and "content-encoding" not in response.headers:
        return b"".join(response.stream)[:MOST_OF_A_BODY], True  # has arrived
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
