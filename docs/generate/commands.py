"""The command reference, read from the commands themselves: what they say of themselves is what `--help` prints."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from docs.generate.tables import code, table
from evaluator.cli.app import app

Command = Any
"""A command as typer makes it; which class that is depends on typer's version."""


def commands() -> Iterator[tuple[str, Command]]:
    """Every command that does something, with its name in full, `evaluator alerts list`."""
    yield from _leaves("evaluator", typer.main.get_command(app))


def command_reference() -> str:
    """A section for each command."""
    return "\n".join(_section(name, command) for name, command in commands()) + "\n"


def _leaves(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    for word in command.list_commands(None):
        yield from _leaves(f"{name} {word}", command.get_command(None, word))


def _section(name: str, command: Command) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([name, *["[OPTIONS]"] * bool(options), *map(_usage, arguments)])
    rows = [*map(_argument, arguments), *map(_option, options)]
    columns = ("argument or option", "what it does", "default", "environment")
    return f"## `{name}`\n\n{command.help}\n\n```text\n{usage}\n```\n\n{table(columns, rows)}"


def _usage(argument: Any) -> str:
    shown: str = (argument.metavar or argument.name.upper()) + ("..." if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _argument(argument: Any) -> tuple[str, ...]:
    return (code(_usage(argument)), argument.help or "", "", _environment(argument))


def _option(option: Any) -> tuple[str, ...]:
    names = ", ".join(map(code, option.opts))
    return (names, _help(option), _default(option), _environment(option))


def _help(option: Any) -> str:
    text: str = option.help or ""
    if isinstance(option.default, Enum):
        words = " or ".join(code(str(one.value)) for one in type(option.default))
        return f"{text} {words}."
    return f"{text} May be repeated." if option.multiple and "repeatable" not in text else text


def _default(option: Any) -> str:
    match option.default:
        case Enum() as chosen:
            return code(str(chosen.value))
        case bool():
            return ""
        case str() | int() | float() as value:
            return code(str(value))
        case _:
            return ""


def _environment(param: Any) -> str:
    names = param.envvar or ()
    return ", ".join(map(code, [names] if isinstance(names, str) else names))
