"""How long a body may take to arrive."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from evaluator.api.bounds import WRITING, Bound, Bounded
from evaluator.api.promptness import Prompt, StalledError

SOON = timedelta(milliseconds=1)
LATER = timedelta(hours=1)


async def echo(request: Request) -> Response:
    """What was sent."""
    return PlainTextResponse(await request.body())


async def early(scope: Scope, receive: Receive, send: Send) -> None:
    """Begins to answer before all has come."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await receive()


async def patient(request: Request) -> Response:
    """Looks for what comes after the body, long after it was allowed to take."""
    body = await request.body()
    waiting = asyncio.ensure_future(request.receive())
    done, _ = await asyncio.wait([waiting], timeout=0.01)
    waiting.cancel()
    return PlainTextResponse(f"{body.decode()}, {len(done)} more")


def pieces(*bodies: bytes, whole: bool = True) -> Receive:
    """These pieces of a body, and then nothing for ever."""
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    messages[-1]["more_body"] = not whole

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    return receive


class Server:
    """Few seats, and little patience."""

    def __init__(self, patience: timedelta, seats: int = 1) -> None:
        routes = [Route("/echo", echo, methods=["POST"]), Route("/patient", patient, methods=["POST"]), Mount("/early", early)]
        self.app = Bounded(Prompt(Router(routes), patience), lambda: Bound(seats, "seats"), WRITING, lambda method: None)

    async def post(self, path: str, receive: Receive) -> tuple[int, bytes, dict[bytes, bytes]]:
        """Status, body and headers of the answer."""
        said = await self.said(path, receive)
        return said[0]["status"], b"".join(message.get("body", b"") for message in said), dict(said[0]["headers"])

    async def said(self, path: str, receive: Receive) -> list[Message]:
        """All that is sent."""
        said: list[Message] = []

        async def send(message: Message) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
        await self.app(scope, receive, send)
        return said


async def test_a_body_that_does_not_come() -> None:
    """Is told so, its connection is not used again, and its seat is somebody else's."""
    server = Server(SOON)
    for receive in (pieces(b"[{", whole=False), pieces(b"[", b"{", whole=False)):
        status, text, headers = await server.post("/echo", receive)
        assert (status, text) == (408, b"the body was not there after 0.001 seconds\n")
        assert headers[b"connection"] == b"close"
    assert (await Server(LATER).post("/echo", pieces(b"[", b"]")))[:2] == (200, b"[]")


async def test_a_client_that_breaks_off() -> None:
    """Nothing is answered, nothing is raised, and its seat is free."""
    server = Server(LATER)

    async def breaks_off() -> Message:
        return {"type": "http.disconnect"}

    assert await server.said("/echo", breaks_off) == []
    assert (await server.post("/echo", pieces(b"[]")))[:2] == (200, b"[]")


async def test_after_the_body_there_is_time() -> None:
    assert (await Server(timedelta(milliseconds=5)).post("/patient", pieces(b"[]")))[:2] == (200, b"[], 0 more")


async def test_an_answer_that_has_begun_is_cut_off() -> None:
    """The client sees that it is not whole."""
    with pytest.raises(StalledError):
        await Server(SOON).post("/early/", pieces(b"[", whole=False))
