"""A request whose bytes are at hand.

To httpx headers are a mapping, which it makes of pairs, and the road makes pairs of it again: that costs more than to read the
answer. Mostly nobody looks a header up, so the mapping is made when somebody does; who changes it changes what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx

Pairs = Sequence[tuple[bytes, bytes]]


class Message(httpx.Request):
    """A request as httpx knows it, made from its parts. pairs: every header but for the length of the body."""

    def __init__(self, method: str, url: httpx.URL, pairs: Pairs, body: bytes, extensions: Mapping[str, Any]) -> None:
        self.method = method
        self.url = url
        self.stream = httpx.ByteStream(body)
        self.extensions = dict(extensions)
        self._given = [*pairs, (b"Content-Length", b"%d" % len(body))]

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override]
        """Every header."""
        return httpx.Headers(self._given)

    @property
    def pairs(self) -> Pairs:
        """Every header as it is sent."""
        return self.headers.raw if "headers" in self.__dict__ else self._given


def pairs_of(request: httpx.Request) -> Pairs:
    """Every header of a request as it is sent."""
    return request.pairs if isinstance(request, Message) else request.headers.raw
