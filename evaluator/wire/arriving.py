"""An HTTP/1.1 answer while it arrives, read by llhttp (through httptools).

It becomes an httpx.Response when all of it is there, or as soon as its headers are: then the response's body goes on arriving
while it is read. What is wrong with it is an httpx.TransportError, in place of the response or at the end of the body.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httptools
import httpx

_MOST_OF_HEADERS = 64 * 1024


class AnswerTooLargeError(httpx.TransportError):
    """The body is larger than the limit."""


class Arriving(httpx.AsyncByteStream):
    """The answer to one request. most: bytes of its body. whole: it is a response only when all of it is there.

    response: to be awaited. heard: bytes so far. over: nothing more is expected. keeps: it has come to its end, and another
    request may follow on the same connection.
    """

    def __init__(self, most: int, whole: bool) -> None:
        self.response: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self.heard = 0
        self.over = False
        self.keeps = False
        self._most = most
        self._whole = whole
        self._parser = httptools.HttpResponseParser(self)
        self._error: httpx.TransportError | None = None
        self._news: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self._begin()

    def feed(self, data: bytes) -> bool:
        """The next bytes of the connection; gives whether that is still of use."""
        self.heard += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(httpx.RemoteProtocolError("the answer is not valid HTTP"))
        if not self._headers_done:
            if self.heard > _MOST_OF_HEADERS:
                self._fail(httpx.RemoteProtocolError("the headers are larger than 64 KiB"))
        elif not self._whole and not self.response.done():
            self.response.set_result(self._response(self))
        self._tell()
        return self.keeps or not self.over

    def cut_off(self, error: Exception | None) -> None:
        """The connection has ended. error: why, if the other side did not simply close it."""
        if error is None and self._headers_done and self._until_the_end:
            self._finish()
        elif self.heard == 0:
            self._fail(_broken(error, "the connection ended without an answer"))
        else:
            self._fail(_broken(error, "the connection ended in the middle of an answer"))
        self._tell()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        while not self.over or self._pieces:
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
            if not pieces:
                self._news = asyncio.get_running_loop().create_future()
                await self._news
        if self._error is not None:
            raise self._error

    # What llhttp calls while it reads.

    def on_message_begin(self) -> None:
        self.keeps = False  # a second answer to one request, in one piece with the first

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        framed = {name.lower() for name, _ in self._headers}
        self._until_the_end = not framed & {b"content-length", b"transfer-encoding"}
        self._headers_done = self._parser.get_status_code() >= 200

    def on_body(self, piece: bytes) -> None:
        if self.over:
            return
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._fail(AnswerTooLargeError(f"more than {self._most} bytes"))

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._begin()  # a remark such as 103 Early Hints; the answer follows
        elif not self.over:
            self.keeps = self._parser.should_keep_alive()
            self._finish()

    def _begin(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces = []
        self._size = 0
        self._headers_done = self._until_the_end = False

    def _finish(self) -> None:
        if not self.over and not self.response.done():
            self.response.set_result(self._response(httpx.ByteStream(b"".join(self._pieces))))
        self.over = True

    def _fail(self, error: httpx.TransportError) -> None:
        if self.over:
            return
        self.over, self.keeps, self._error = True, False, error
        if not self.response.done():
            self.response.set_exception(error)

    def _response(self, body: httpx.AsyncByteStream) -> httpx.Response:
        return httpx.Response(self._parser.get_status_code(), headers=self._headers, stream=body)

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def _broken(error: Exception | None, text: str) -> httpx.TransportError:
    if error is None:
        return httpx.RemoteProtocolError(text)
    broken = httpx.ReadError(text)
    broken.__cause__ = error
    return broken
