"""Real servers, as processes: each on a port that nobody else is given, for as long as a test asks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def kept_free() -> Iterator[str]:
    """An address for a server that must be told where to listen.

    The socket that holds it is bound and does not listen. On Linux a server that allows the reuse of addresses, as those in Go
    do, can listen there meanwhile, and whoever asks for any free port is given another one. Elsewhere it cannot, so the port is
    only likely to be free.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        if sys.platform != "linux":
            holder.close()
        yield address


@contextmanager
def serving(command: Sequence[str], ready: str, folder: Path) -> Iterator[None]:
    """Run a server until this is left. ready: a URL that is answered well once it works. Its log is in `folder`."""
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _await(ready, server, folder / "log")
            yield
        finally:
            server.terminate()


def _await(ready: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            if httpx.get(ready, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(log.read_text())
