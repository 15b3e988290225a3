"""The commands, put together: each is loaded when somebody wants it, so that `run` does not begin with reading all others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from evaluator import __version__
from evaluator.service.garbage import staying

COMMANDS = {
    "run": "run:run",
    "check": "check:check",
    "test": "test:play",
    "send-test": "send_test:send_test",
    "demo": "demo:demo",
    "alerts": "alerts:app",
    "silence": "silence:app",
    "incidents": "incidents:app",
    "analytics": "analytics:analytics",
    "maintenance": "maintenance:app",
    "oncall": "oncall:app",
    "routes": "routes:app",
    "templates": "templates:app",
}
"""Where each command is: the module in `evaluator.cli`, and in it the function, or the app of its subcommands."""


class _Commands(TyperGroup):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which they are explained."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, None when there is none."""
        return _load(cmd_name) if cmd_name in COMMANDS else None


def _load(name: str) -> Any:
    module, _, member = COMMANDS[name].partition(":")
    with staying():
        found = getattr(import_module(f"evaluator.cli.{module}"), member)
    around = typer.Typer(add_completion=False, callback=options)  # with a callback it is a group, whatever is in it
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    command = typer.main.get_command(around).commands[name]  # type: ignore[attr-defined]
    _without_types(command)
    return command


def _without_types(command: Any) -> None:
    """Let no help say `--json <bool>`, as if a flag took a value."""
    for option in command.params:
        if getattr(option, "is_flag", False):
            option.metavar = ""
    for one in getattr(command, "commands", {}).values():
        _without_types(one)


app = typer.Typer(
    cls=_Commands,
    name="evaluator",
    help="Alerting for teams whose Prometheus can only be queried.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"evaluator {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_version, is_eager=True),
) -> None:
    """Alerting for teams whose Prometheus can only be queried."""


def main() -> None:
    """The program."""
    app()
