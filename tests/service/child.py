"""Processes that run the evaluator, forked from one that has imported it already: real ones to kill, and quick to start."""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from evaluator.cli.app import app
from evaluator.core.records import OutboxRecord
from evaluator.notify.delivery import Deliverer

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["evaluator.cli.app", "uvicorn.protocols.http.httptools_impl", "__main__"])


def start(folder: Path, log: Path, mortal: bool) -> ForkServerProcess:
    """Start `evaluator run` on the configuration in `folder`. mortal: it kills itself at its first delivery."""
    process = _CONTEXT.Process(target=_run, args=(folder, log, mortal))
    process.start()
    return process


def _run(folder: Path, log: Path, mortal: bool) -> None:
    os.chdir(folder)
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if mortal:
        setattr(Deliverer, "deliver", _die)  # noqa: B010 -- type checkers are right to refuse an assignment
    app(["run", "--config", "evaluator.yml", "--listen", "127.0.0.1:0", "--log-format", "json"])


async def _die(deliverer: Deliverer, row: OutboxRecord) -> None:
    """In place of a delivery: kept is what was decided, and nobody has been told."""
    os.kill(os.getpid(), signal.SIGKILL)
