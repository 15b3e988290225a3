"""How commands print: tables for people, `--json` for programs, errors in one line on standard error.

What prints tables is loaded by whoever prints one: the service does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import typer

if TYPE_CHECKING:
    from rich.console import Console

_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
WIDE = 200  # columns, where nobody looks: a pipe must not cut what a program reads


def fail(text: str) -> NoReturn:
    """Say what is wrong, and exit with 1."""
    print(f"evaluator: {text}", file=sys.stderr)
    raise typer.Exit(1)


def counted(number: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_json(value: Any) -> None:
    """As JSON, for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_line(text: str) -> None:
    """As it is, markup and all, but for what would command a terminal."""
    from rich.text import Text

    stdout().print(Text(_tame(text)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """As a table, for people; texts are shown as they are, markup and all, but for what would command a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(_tame(cell)) for cell in row))
    stdout().print(table)


def _tame(text: str) -> str:
    """Without control characters: labels come from whoever posts them, and an escape sequence could hide what fires."""
    return _COMMANDS.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def stdout() -> Console:
    """Standard output, as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, soft_wrap=not sys.stdout.isatty(), highlight=False)
