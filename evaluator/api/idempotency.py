"""`Idempotency-Key`: whoever does not know whether a request arrived sends it again, and gets the answer of the first one.

What has been answered is remembered in this process, for the newest requests and for a day. After a restart a repeated request
is done again; what is done with incidents is harmless twice, so that costs a line in a timeline.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from evaluator.api.endpoints import NotDoneError, bad

HEADER = "Idempotency-Key"
LONGEST = 255
MOST = 1000
REMEMBERED = timedelta(days=1)


@dataclass(slots=True)
class _Answered:
    """digest: of the request. answer: once it is there."""

    digest: bytes
    at: datetime
    answer: asyncio.Future[tuple[int, bytes, dict[str, str]]]


class Remembered:
    """The answers to requests that had a key. What failed for a reason of ours is not remembered."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], _Answered] = OrderedDict()

    async def once(self, request: Request, body: bytes, now: datetime, act: Callable[[], Awaitable[Response]]) -> Response:
        """The answer of `act`, or what it was when the same was asked before. Raises NotDoneError, and what `act` raises."""
        key = request.headers.get(HEADER, "")
        if not key:
            return await act()
        if len(key) > LONGEST or not key.isprintable():
            raise bad(f"{HEADER}: at most {LONGEST} printable characters")
        digest = sha256(b"\n".join((request.method.encode(), request.url.path.encode(), body))).digest()
        known = self._find((key, request.method), now)
        if known is None:
            return await self._first((key, request.method), digest, now, act)
        if known.digest != digest:
            raise NotDoneError(422, "conflict", f"{HEADER}: {key} was used for another request; take a new one")
        return _again(*await asyncio.shield(known.answer))

    def _find(self, key: tuple[str, str], now: datetime) -> _Answered | None:
        while self._answers and next(iter(self._answers.values())).at <= now - REMEMBERED:
            self._answers.popitem(last=False)
        return self._answers.get(key)

    async def _first(
        self, key: tuple[str, str], digest: bytes, now: datetime, act: Callable[[], Awaitable[Response]]
    ) -> Response:
        answered = self._answers[key] = _Answered(digest, now, asyncio.get_running_loop().create_future())
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)
        try:
            response = await act()
        except BaseException as error:
            if self._answers.get(key) is answered:
                del self._answers[key]
            answered.answer.set_exception(error if isinstance(error, Exception) else RuntimeError("the request was given up"))
            answered.answer.exception()  # it may be that nobody else waits for it
            raise
        answered.answer.set_result((response.status_code, bytes(response.body), dict(response.headers)))
        return response


def _again(code: int, body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, code, {**headers, "Idempotent-Replayed": "true"})
