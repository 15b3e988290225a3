"""How long the body of a request may take to arrive: whoever falls silent must not keep the seat of somebody who does not.

Requests that change something are counted from their arrival (`bounds`). A client that is cut off in the middle of a body says
nothing of it, and its connection seems to live for many minutes; a few dozen of them would keep out everybody else's alerts.
Alertmanager counts no posts, so there they cost nothing but memory.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evaluator.api.bounds import Answer, CutOffError

PATIENCE = timedelta(seconds=30)


class StalledError(CutOffError):
    """The body has not arrived in time."""


class Prompt:
    """Passes requests on to `app`. One whose body is not there after `patience` is answered 408, one that breaks off is not."""

    def __init__(self, app: ASGIApp, patience: timedelta = PATIENCE) -> None:
        self._app = app
        self._patience = patience.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        answer = Answer(send)
        try:
            await self._app(scope, _within(self._patience, receive), answer)
        except StalledError:
            if answer.begun:
                raise
            await self._stalled()(scope, receive, send)
        except ClientDisconnect:
            return  # amid the body: there is nothing to do, and nobody to be told

    def _stalled(self) -> PlainTextResponse:
        text = f"the body was not there after {self._patience:g} seconds\n"
        return PlainTextResponse(text, 408, {"Connection": "close", "Cache-Control": "no-store"})


def _within(seconds: float, receive: Receive) -> Receive:
    """`receive`, which raises StalledError when the body is not whole by then; what comes after it may take its time."""
    deadline = asyncio.get_running_loop().time() + seconds
    whole = False

    async def received() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise StalledError("a body did not come in time, the answer to it was cut off") from None
        whole = not message.get("more_body", False)
        return message

    return received
