"""Serves the HTTP surface in the service's own event loop."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from evaluator.api.bounds import CutOffError

KEEP_ALIVE = 360
"""Seconds that an idle connection is kept: longer than the five minutes for which a Prometheus keeps one. Whoever closes later
cannot close on a post that is on its way."""


class ListenError(Exception):
    """The address cannot be listened on; the text says why and what to do."""


class _InOneLine(logging.Filter):
    """What was cut off on purpose is no fault of the program, and needs no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything pass."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, CutOffError):
            record.msg, record.args, record.exc_info = str(error), (), None
        return True


_IN_ONE_LINE = _InOneLine()


class _Server(uvicorn.Server):
    """Signals are the service's affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose. Raises ListenError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024)
    except OSError as error:
        known = error.errno is not None and error.errno > 0  # a name that cannot be resolved has a number of its own
        reason = os.strerror(error.errno or 0) if known else error.strerror or str(error)
        raise ListenError(f"cannot listen on {host}:{port}: {reason}; choose another address with --listen") from None


def server(app: ASGIApp) -> uvicorn.Server:
    """A server for `app`; `serve(sockets=[…])` runs it until `should_exit` is set."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
        ws="none",
    )
    logging.getLogger("uvicorn.error").addFilter(_IN_ONE_LINE)
    return _Server(config)
