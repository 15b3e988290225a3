"""Processes that run the evaluator, forked from one that has imported it already: real ones to kill, and quick to start."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

from evaluator.cli.app import app
from evaluator.core.records import OutboxRecord
from evaluator.notify.delivery import Deliverer
from evaluator.store.base import Change
from evaluator.store.sql import SqlStore

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["evaluator.cli.app", "evaluator.cli.run", "uvicorn.protocols.http.httptools_impl", "__main__"])


def start(folder: Path, log: Path, dies: Death | None) -> ForkServerProcess:
    """Start `evaluator run` on the configuration in `folder`."""
    process = _CONTEXT.Process(target=_run, args=(folder, log, dies))
    process.start()
    return process


def _run(folder: Path, log: Path, dies: Death | None) -> None:
    os.chdir(folder)
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if dies is not None:
        dies.prepare()
    app(["run", "--config", "evaluator.yml", "--listen", "127.0.0.1:0", "--log-format", "json"])


class Death(Protocol):
    """When a process kills itself."""

    def prepare(self) -> None:
        """Let it happen, in the process whose death it is."""


@dataclass(frozen=True)
class BeforeDelivering:
    """At the first delivery: kept is what was decided, and nobody has been told."""

    def prepare(self) -> None:
        """Put death in place of a delivery."""

        async def die(deliverer: Deliverer, row: OutboxRecord) -> None:
            _die()

        setattr(Deliverer, "deliver", die)  # noqa: B010 -- type checkers are right to refuse an assignment


@dataclass(frozen=True)
class AtCommit:
    """Just before a commit, counted from 1, or just after it."""

    number: int
    after: bool

    def prepare(self) -> None:
        """Count commits."""
        commit = SqlStore.commit
        count = itertools.count(1)

        def fatal(store: SqlStore, effects: Sequence[Change]) -> None:
            now = next(count) == self.number
            if now and not self.after:
                _die()
            commit(store, effects)
            if now:
                _die()

        setattr(SqlStore, "commit", fatal)  # noqa: B010


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
