"""From the options of a command to settings, and problems to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from evaluator.cli.output import counted, fail
from evaluator.config.loading import Loaded, load, without_file
from evaluator.config.problems import Problem, Severity
from evaluator.core.frozen import frozen
from evaluator.core.settings import Settings
from evaluator.service.clock import wall_clock

DEFAULT_CONFIG = Path("evaluator.yml")
_WAYS = "name a file with --config, or a server and rules with --prometheus URL --rules 'GLOB'"


class UnusableError(Exception):
    """There are errors in the configuration; the text lists them, one in each line."""


class MissingError(UnusableError):
    """There is no configuration at all; the text says how to name one."""


@frozen
class Source:
    """Where settings come from: a file, or a URL and patterns; and what the command line puts in their place."""

    config: Path | None = None
    prometheus: str | None = None
    rules: Sequence[str] = ()
    listen: tuple[str, int] | None = None
    storage: str | None = None

    def read(self) -> Settings:
        """The settings. Warnings go to standard error; raises UnusableError for errors."""
        loaded = self._load()
        say(problem for problem in loaded.problems if problem.severity is Severity.WARNING)
        if loaded.settings is None:
            raise UnusableError("\n".join(str(one) for one in loaded.problems if one.severity is Severity.ERROR))
        settings = loaded.settings
        if self.listen is not None:
            settings = replace(settings, listen=self.listen)
        if self.storage is not None:
            settings = replace(settings, storage=self.storage)
        if not settings.external_url:
            host, port = settings.listen
            settings = replace(settings, external_url=f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}")
        return settings

    def _load(self) -> Loaded:
        if self.config is not None:
            return load(self.config, environ=os.environ, now=wall_clock())
        if self.prometheus is not None:
            return without_file(self.prometheus, self.rules)
        if DEFAULT_CONFIG.exists():
            return load(DEFAULT_CONFIG, environ=os.environ, now=wall_clock())
        raise MissingError(f"there is no {DEFAULT_CONFIG} here; {_WAYS}")


def say(problems: Iterable[Problem]) -> None:
    """One line for each on standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)


def read_or_fail(source: Source) -> Settings:
    """The settings, or every error on standard error and exit 1."""
    try:
        return source.read()
    except MissingError as error:
        fail(str(error))
    except UnusableError as error:
        print(error, file=sys.stderr)
        fail(f"the configuration cannot be used: {counted(len(str(error).splitlines()), 'error')}")


def parse_listen(text: str | None) -> tuple[str, int] | None:
    """`HOST:PORT`, `:PORT` for every address, `[::1]:PORT`."""
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        fail(f"--listen {text!r} is not an address; write HOST:PORT, as in 127.0.0.1:9093")
    return host.strip("[]") or "0.0.0.0", int(port)
