"""Lists that are sent piece by piece."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evaluator.api.pieces import AT_ONCE, WRITTEN_AT_ONCE, Pieces, in_turns


async def sent(answer: Pieces) -> list[dict[str, Any]]:
    """What a server is told to send."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("nothing is asked")

    async def send(message: Any) -> None:
        messages.append(dict(message))

    await answer({"type": "http"}, receive, send)
    return messages


@pytest.mark.parametrize("count", [0, 1, 2, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
async def test_a_list_is_whole_whatever_its_length(count: int) -> None:
    """Commas stand between items only, the length is said beforehand, and only the last message says that it is the last."""
    start, *bodies = await sent(Pieces([b"%d," % number for number in range(count)], {"Cache-Control": "no-store"}))
    text = b"".join(body["body"] for body in bodies)
    assert text == b"[" + b",".join(b"%d" % number for number in range(count)) + b"]"
    assert (b"content-length", b"%d" % len(text)) in start["headers"]
    assert {(b"content-type", b"application/json"), (b"cache-control", b"no-store")} <= set(start["headers"])
    assert [body["more_body"] for body in bodies] == [True] * (len(bodies) - 1) + [False]
    assert len(bodies) == (count + 2 + AT_ONCE - 1) // AT_ONCE


async def test_what_stands_around_it() -> None:
    _, body = await sent(Pieces([b"1,", b"2,"], before=b'{"found":[', after=b'],"more":true}'))
    assert body["body"] == b'{"found":[1,2],"more":true}'


async def test_others_have_their_turn_while_pieces_are_written() -> None:
    """However many there are, somebody else waits for one portion at most."""
    written: list[int] = []

    async def other() -> list[int]:
        seen = []
        while not pieces.done():
            seen.append(len(written))
            await asyncio.sleep(0)
        return seen

    def write(number: int) -> bytes:
        written.append(number)
        return b"%d," % number

    pieces = asyncio.create_task(in_turns(range(3 * WRITTEN_AT_ONCE), write))
    seen = await other()
    assert await pieces == [b"%d," % number for number in range(3 * WRITTEN_AT_ONCE)]
    assert {WRITTEN_AT_ONCE, 2 * WRITTEN_AT_ONCE} <= set(seen)
