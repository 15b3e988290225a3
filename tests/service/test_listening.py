"""What the server says of what went wrong in it."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from evaluator.api.bounds import CutOffError
from evaluator.service import listening

pytestmark = pytest.mark.realtime


class Said(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One more."""
        self.records.append(record)


async def said_of(error: Exception) -> logging.LogRecord:
    """What is logged when an answer that has begun ends with this; the client sees that it is not whole."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        raise error

    said, logger = Said(), logging.getLogger("uvicorn.error")
    with listening.bind("127.0.0.1", 0) as listener:
        server = listening.server(app)
        logger.addHandler(said)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        finally:
            server.should_exit = True
            await running
            logger.removeHandler(said)
    (record,) = said.records
    return record


async def test_what_was_cut_off_is_said_in_one_line() -> None:
    record = await said_of(CutOffError("it took too long"))
    assert (record.getMessage(), record.exc_info) == ("it took too long", None)


async def test_what_went_wrong_has_its_traceback() -> None:
    record = await said_of(ValueError("it broke"))
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError
