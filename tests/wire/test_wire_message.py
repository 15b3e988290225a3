"""A request made from its parts is sent as the same bytes as one that httpx makes of them."""

from __future__ import annotations

import httpx

from evaluator.wire.message import Message, pairs_of

URL = httpx.URL("http://example.org/hook")
PAIRS = [(b"Host", b"example.org"), (b"X-Thing", b"one")]


def message() -> Message:
    return Message("POST", URL, PAIRS, b"body", {"trace": None})


def test_every_header_is_sent_and_the_length_of_the_body() -> None:
    assert pairs_of(message()) == [*PAIRS, (b"Content-Length", b"4")]


def test_httpx_sees_in_it_what_it_would_have_made() -> None:
    made = httpx.Request("POST", URL, headers=[*PAIRS, (b"Content-Length", b"4")], stream=httpx.ByteStream(b"body"))
    mine = message()
    assert (mine.method, mine.url, mine.headers, mine.extensions) == (made.method, made.url, made.headers, {"trace": None})
    assert mine.read() == made.read() == b"body"
    assert pairs_of(mine) == pairs_of(made)


def test_whoever_changes_a_header_changes_what_is_sent() -> None:
    mine = message()
    mine.headers["X-Thing"] = "two"
    assert (b"X-Thing", b"two") in pairs_of(mine)
    mine.headers = httpx.Headers([(b"Only", b"this")])
    assert pairs_of(mine) == [(b"Only", b"this")]


async def test_a_client_of_httpx_sends_it() -> None:
    """Whatever road is taken, it is a request as any other."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=request.read())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        response = await client.send(message())
    assert (response.content, seen[0].headers["X-Thing"]) == (b"body", "one")
