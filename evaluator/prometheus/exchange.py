"""One request and what came of it.

A query is sent through an `httpx.AsyncClient`. Servers that are reached directly are asked by the one in `direct`, which is
the cheap way; where the settings name a proxy, and when a server redirects with 307 or 308, the general client takes over.
HTTP/1.1 is spoken even where the settings allow HTTP/2: over a handful of kept connections it needs less work for a query.

Requests are built from parts made once; `send` of a finished request costs less than `post`, which would merge defaults
and settle URL, cookies and headers anew each time. Bodies go in and out as httpx's byte streams, with the headers as they
are: given as content, each would cost a round of guesses at headers that are known. Credentials are read for each request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import httpx

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Span
from evaluator.core.frozen import frozen
from evaluator.core.settings import Datasource, DatasourceKind
from evaluator.prometheus.direct import DirectClient
from evaluator.prometheus.interning import LabelSets
from evaluator.prometheus.recalling import Recall
from evaluator.prometheus.reply import Reply
from evaluator.prometheus.verdict import judge
from evaluator.prometheus.wording import without_secrets
from evaluator.wire.arriving import AnswerTooLargeError
from evaluator.wire.client import USER_AGENT, build_async_client
from evaluator.wire.credentials import UnfitSecretError
from evaluator.wire.errors import explain
from evaluator.wire.message import Message
from evaluator.wire.oauth2 import NoTokenError
from evaluator.wire.proxy import proxy_choice

CONNECT_SECONDS = 5.0
CLOSED = Failure(FailureKind.TRANSIENT, "the client was closed: its datasource was configured anew, or the service stops")


@frozen
class TimedOut(Failure):
    """Nothing came in time: of all failures the one that says least about what is wrong."""


class NoPlace(TimedOut):
    """As many queries as may be were in flight all the time; this one was never sent."""


class Exchange:
    """Asks one datasource, one request for each call, and says what came of it as a value."""

    def __init__(
        self,
        datasource: Datasource,
        *,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None,
        most: int,
    ) -> None:
        """Raises OSError when a certificate file cannot be read, httpx.InvalidURL for a URL that is none."""
        self._datasource = datasource
        self._clock = clock
        self._now = now
        self._most = most
        self._closed = False
        self._label_sets = LabelSets()
        self._recall = Recall()
        self._url = query_url(datasource.url)
        self._range_url = query_url(datasource.url, "/api/v1/query_range")
        self._headers = _headers_for(self._url)
        self._suffix = b"&nocache=1" if datasource.kind is DatasourceKind.VICTORIAMETRICS else b""
        http = datasource.http
        self._general: httpx.AsyncClient | None = None
        proxied = transport is None and proxy_choice(http) is not None
        self._client = self._general_client() if proxied else DirectClient(http, self._url, transport, most)
        self._follows = transport is None and not proxied and http.follow_redirects

    async def ask(self, expr: str, at: datetime | Span, limit: float) -> Answer | Failure:
        """Ask once, for an instant or for a span of them. Never raises but for cancellation.

        limit: seconds for all of it, also told to the server.
        """
        if self._closed:
            return CLOSED
        began = self._clock()
        try:
            async with asyncio.timeout(limit):
                url = self._range_url if isinstance(at, Span) else self._url
                reply = await self._post(url, self._body(expr, at, limit), limit, began)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnfitSecretError, UnicodeError) as error:
            outcome: Answer | Failure = self._no_reply(error, limit, self._clock() - began)
        else:
            outcome = self._read(expr, at, reply)
        return outcome if isinstance(outcome, Answer) else without_secrets(outcome, self._datasource, self._url.password)

    async def aclose(self) -> None:
        """Close every connection; a direct request under way is finished, nothing is asked any more."""
        self._closed = True
        await self._client.aclose()
        if self._general is not None:
            await self._general.aclose()

    def _read(self, expr: str, at: datetime | Span, reply: Reply) -> Answer | Failure:
        if isinstance(at, Span):
            return judge(reply, self._label_sets, self._now(), at)
        return self._recall.read(expr, reply, lambda: judge(reply, self._label_sets, self._now()))

    def _body(self, expr: str, at: datetime | Span, limit: float) -> bytes:
        return b"query=%b&%b&timeout=%.3f%b" % (_quoted(expr), _when(at), max(limit, 0.001), self._suffix)

    async def _post(self, url: httpx.URL, body: bytes, limit: float, began: float) -> Reply:
        extensions = {"timeout": {"connect": min(limit, CONNECT_SECONDS)}}
        response = await self._client.send(self._request(url, body, extensions), stream=True)
        if self._follows and response.status_code in (307, 308):
            await response.aclose()
            # A client adds credentials to the request that it is given, so the other one gets a request of its own.
            response = await self._general_client().send(self._request(url, body, extensions), stream=True)
        content = await _read(response, self._most)
        return Reply(response.status_code, response.headers, content, self._clock() - began)

    def _request(self, url: httpx.URL, body: bytes, extensions: dict[str, Any]) -> httpx.Request:
        return Message("POST", url, self._headers, body, extensions)

    def _general_client(self) -> httpx.AsyncClient:
        if self._general is None:
            most = self._datasource.max_concurrency
            limits = httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=60)
            self._general = build_async_client(replace(self._datasource.http, enable_http2=False), limits=limits)
        return self._general

    def _no_reply(self, error: Exception, limit: float, seconds: float) -> Failure:
        match error:
            case TimeoutError() | httpx.ReadTimeout():
                return TimedOut(FailureKind.TRANSIENT, f"no answer within {limit:.3g}s", seconds=seconds)
            case NoTokenError(refused=True):
                kind, text = FailureKind.CREDENTIALS, explain(error)
            case AnswerTooLargeError():
                kind, text = (
                    FailureKind.BAD_QUERY,
                    f"the answer is larger than {self._most:,} bytes; aggregate in the expression",
                )
            case httpx.UnsupportedProtocol() | httpx.InvalidURL() | httpx.TooManyRedirects() | httpx.DecodingError():
                kind, text = FailureKind.NOT_PROMETHEUS, explain(error)
            case httpx.HTTPError():
                kind, text = FailureKind.TRANSIENT, explain(error)
            case UnicodeError():
                kind, text = (
                    FailureKind.CREDENTIALS,
                    "the credentials cannot be used: a secret holds characters that no header can",
                )
            case _:
                kind, text = FailureKind.CREDENTIALS, f"the credentials cannot be used: {explain(error)}"
        return Failure(kind, text, seconds=seconds)


def _when(at: datetime | Span) -> bytes:
    if not isinstance(at, Span):
        return b"time=%.3f" % at.timestamp()
    return b"start=%.3f&end=%.3f&step=%.3f" % (at.first.timestamp(), at.last.timestamp(), at.step.total_seconds())


def query_url(base: str, path: str = "/api/v1/query") -> httpx.URL:
    """The URL of an endpoint under the base; what the base has by way of a query is kept. Raises httpx.InvalidURL."""
    url = httpx.URL(base)
    raw_path, _, query = url.raw_path.partition(b"?")
    raw_path = raw_path.rstrip(b"/") + path.encode()
    return url.copy_with(raw_path=raw_path + b"?" + query if query else raw_path)


def _headers_for(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    """Compression is declined: most answers are tiny, and then it costs both sides more than it saves."""
    return [
        (b"Host", url.netloc),
        (b"User-Agent", USER_AGENT.encode()),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"identity"),
        (b"Content-Type", b"application/x-www-form-urlencoded"),
    ]


async def _read(response: httpx.Response, most: int) -> bytes:
    if isinstance(response.stream, httpx.ByteStream) and "content-encoding" not in response.headers:
        return b"".join(response.stream)  # has arrived, and within the limit
    try:
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise AnswerTooLargeError(f"more than {most} bytes")
        return b"".join(pieces)
    finally:
        await response.aclose()


@lru_cache(maxsize=32768)
def _quoted(expr: str) -> bytes:
    return quote_plus(expr, errors="replace").encode()
