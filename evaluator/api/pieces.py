"""Answers that were written before: a list of JSON in many pieces, sent a few hundred kilobytes at a time.

Nothing is put together that is larger than what is sent at once, and between two sends others have their turn. What is sent
was decided before the first byte, so it is the state of one instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

AT_ONCE = 512
"""Pieces that are sent together; an alert is two or three, and mostly less than a kilobyte."""

WRITTEN_AT_ONCE = 250
"""Pieces that are written before others have their turn: some milliseconds' worth."""

T = TypeVar("T")


async def in_turns(items: Iterable[T], write: Callable[[T], bytes]) -> list[bytes]:
    """What `write` makes of each of these, with turns for others in between."""
    pieces: list[bytes] = []
    for item in items:
        pieces.append(write(item))
        if len(pieces) % WRITTEN_AT_ONCE == 0:
            await asyncio.sleep(0)
    return pieces


class Pieces(Response):
    """A JSON list. pieces: those of its items in a row, each item ending with a comma. before, after: what stands around it."""

    media_type = "application/json"

    def __init__(
        self,
        pieces: Iterable[bytes],
        headers: Mapping[str, str] | None = None,
        before: bytes = b"[",
        after: bytes = b"]",
    ) -> None:
        self.parts = [before, *pieces]
        if len(self.parts) > 1:
            self.parts[-1] = self.parts[-1][:-1]
        self.parts.append(after)
        length = {"Content-Length": str(sum(map(len, self.parts)))}
        super().__init__(headers={**length, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for begin in range(0, len(self.parts), AT_ONCE):
            some = b"".join(self.parts[begin : begin + AT_ONCE])
            more = begin + AT_ONCE < len(self.parts)
            await send({"type": "http.response.body", "body": some, "more_body": more})
