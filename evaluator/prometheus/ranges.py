"""A look at the recent past while a message waits: one bounded request, asked once.

Messages do without what does not come in time, so nothing here is tried again, and nothing waits for a place: a request takes
one of a few of its own, apart from those of evaluations. A datasource that failed is left alone for a while. (`history`
asks without haste, for checks and backtests.)
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import httpx
import msgspec

from evaluator.core.evaluation.curves import Point
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.settings import Datasource, DatasourceKind
from evaluator.prometheus.exchange import query_url
from evaluator.wire.client import build_async_client
from evaluator.wire.credentials import UnfitSecretError

AT_ONCE = 4
MOST_BYTES = 1024 * 1024
LEFT_ALONE = 60.0  # seconds


@frozen
class Span:
    """Steps from `begin` to `end`, Unix seconds. step: seconds."""

    begin: float
    end: float
    step: float


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []


class _Result(msgspec.Struct, rename="camel"):
    result_type: str
    result: list[_Series]


class _Envelope(msgspec.Struct):
    status: str
    data: _Result


_decode = msgspec.json.Decoder(_Envelope).decode


class RangeClient:
    """Asks one datasource about spans of time. clock: seconds that only grow."""

    def __init__(self, datasource: Datasource, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is asked yet. Raises httpx.InvalidURL for a bad URL."""
        self._url = query_url(datasource.url, "/api/v1/query_range")
        self._more = {"nocache": "1"} if datasource.kind is DatasourceKind.VICTORIAMETRICS else {}
        self._http = replace(datasource.http, enable_http2=False)
        self._client: httpx.AsyncClient | None = None
        self._clock = clock
        self._under_way = 0
        self._not_before = -math.inf

    async def ask(self, expr: str, span: Span, seconds: float) -> Mapping[Labels, tuple[Point, ...]] | None:
        """The finite values of each series at each step; None when they cannot be had within `seconds`. Raises nothing."""
        if self._under_way >= AT_ONCE or self._clock() < self._not_before:
            return None
        self._under_way += 1
        try:
            async with asyncio.timeout(seconds):
                return _read(await self._post(expr, span, seconds))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnfitSecretError, ValueError):
            self._not_before = self._clock() + LEFT_ALONE
            return None
        finally:
            self._under_way -= 1

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, expr: str, span: Span, seconds: float) -> bytes:
        if self._client is None:
            self._client = build_async_client(self._http)
        times = {"start": f"{span.begin:.3f}", "end": f"{span.end:.3f}", "step": f"{span.step:.3f}"}
        form = {"query": expr, **times, "timeout": f"{seconds:.3f}", **self._more}
        async with self._client.stream("POST", self._url, data=form) as response:
            if response.status_code != 200:
                raise ValueError(f"answered {response.status_code}")
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise ValueError("more than anybody can see in a curve")
            return bytes(body)


def _read(body: bytes) -> Mapping[Labels, tuple[Point, ...]]:
    """Raises ValueError for what is no matrix."""
    envelope = _decode(body)
    if envelope.status != "success" or envelope.data.result_type != "matrix":
        raise ValueError("answered something else")
    return {Labels(series.metric): tuple(_finite(series.values)) for series in envelope.data.result}


def _finite(values: list[tuple[float, str]]) -> Iterator[Point]:
    for at, text in values:
        value = float(text)
        if math.isfinite(value):
            yield at, value
