"""Commands, run within the test: what they print, and how they end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from typer.testing import CliRunner

from evaluator.cli.app import app


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def evaluator(*arguments: str, env: Mapping[str, str | None] | None = None) -> Ended:
    """Run a command. env: environment variables; None takes one away. An exception that escapes is the test's failure."""
    ended = CliRunner().invoke(app, arguments, env={"TERM": "dumb", "COLUMNS": "200", **(env or {})})
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


async def in_thread(*arguments: str, env: Mapping[str, str | None] | None = None) -> Ended:
    """The same, while servers of the test answer; what these log meanwhile is no part of what the command prints."""
    usual = structlog.get_config()
    bound = structlog.WriteLoggerFactory(sys.stdout)  # a `PrintLogger` follows whatever `sys.stdout` is when it prints
    structlog.configure(**{**usual, "logger_factory": bound})
    try:
        return await asyncio.to_thread(evaluator, *arguments, env=env)
    finally:
        structlog.configure(**usual)
