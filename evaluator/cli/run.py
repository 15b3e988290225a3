"""`evaluator run`: the service."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from starlette.routing import BaseRoute

from evaluator.api.app import make_app
from evaluator.api.later import Later
from evaluator.cli.output import fail
from evaluator.cli.reading import Source, UnusableError, parse_listen, read_or_fail
from evaluator.core.settings import Settings
from evaluator.replies.keys import keyring
from evaluator.service import listening
from evaluator.service.garbage import staying
from evaluator.service.logs import set_up
from evaluator.service.run import ReloadError, Service
from evaluator.store.base import StoreError
from evaluator.store.opening import open_store


class LogFormat(StrEnum):
    """How the log is written."""

    CONSOLE = "console"
    JSON = "json"


def run(
    config: Annotated[Path | None, typer.Option(help="The configuration file; evaluator.yml if it is there.")] = None,
    prometheus: Annotated[str | None, typer.Option(help="Without a file: the URL of the server to query.")] = None,
    rules: Annotated[list[str] | None, typer.Option(help="Without a file: rule files, ** allowed; repeatable.")] = None,
    listen: Annotated[str | None, typer.Option(help="Where pages and API are served; 127.0.0.1:9093.")] = None,
    storage: Annotated[str | None, typer.Option(help="Where state is kept; sqlite:///evaluator.db.")] = None,
    log_format: Annotated[LogFormat, typer.Option(help="How the log is written.")] = LogFormat.CONSOLE,
) -> None:
    """Evaluate rules and send notifications until told to stop."""
    if prometheus is not None and config is not None:
        fail("--prometheus and --config exclude each other: a file names its datasources itself")
    if prometheus is not None and not rules:
        fail("--prometheus needs --rules GLOB: which rules are to be evaluated?")
    if prometheus is None and rules:
        fail("--rules needs --prometheus URL; a configuration file names its rules in rule_files")
    set_up(log_format)
    source = Source(config, prometheus, tuple(rules or ()), parse_listen(listen), storage)
    with staying():
        settings = read_or_fail(source)
    serve(settings, reading(source))


def serve(
    settings: Settings, read: Callable[[], Settings], seconds: float | None = None, listener: socket.socket | None = None
) -> Service:
    """Run the service over these settings until it is stopped, or for so many seconds; gives it back, closed.

    listener: where to be reached, if not at the address of the settings. What cannot be started is said in one line.
    """
    with ExitStack() as opened:
        try:
            listener = opened.enter_context(listener or listening.bind(*settings.listen))
            store = opened.enter_context(closing(open_store(settings.storage)))
            service = Service(settings, read, store, sys.stdout)
            _try_key(service)
        except (listening.ListenError, StoreError, OSError, ValueError) as error:
            fail(str(error))
        runner = opened.enter_context(asyncio.Runner(loop_factory=_loop_factory()))
        try:
            runner.run(_run(service, listener, seconds))
        except StoreError as error:
            fail(str(error))
    return service


def _try_key(service: Service) -> None:
    """What links are signed with is made, or missed, at the start rather than when somebody is woken. Raises OSError."""
    links = service.settings.links
    if service.settings.duty.people:
        keyring(links, service.own_key if links.secret is None else b"")


async def _run(service: Service, listener: socket.socket, seconds: float | None) -> None:
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, service.stop)
    await service.run(lambda view: make_app(view, [Later(lambda: _surfaces(view))]), listener)


def _surfaces(view: Service) -> list[BaseRoute]:
    """What people see and answer by. Read when the first of them comes: nobody waits for it before alerts are told."""
    from evaluator.replies.routes import reply_routes
    from evaluator.web.pages import pages

    return [*reply_routes(view), *pages(view)]


def reading(source: Source) -> Callable[[], Settings]:
    """What reads the settings anew for a reload; it raises ReloadError."""

    def read() -> Settings:
        try:
            return source.read()
        except UnusableError as error:
            raise ReloadError(str(error)) from None

    return read


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed: it saves a third of the time that queries cost."""
    try:
        import uvloop
    except ImportError:
        return None
    make_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return make_loop
