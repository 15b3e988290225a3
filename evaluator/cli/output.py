"""How commands print: tables for people, `--json` for programs, errors in one line on standard error.

What lays tables out is loaded by whoever prints one to a terminal. In a pipe, and where a table is long, a row is one line with
everything in it, so that `grep` finds what it looks for, and ten thousand rows come at once.
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
LAID_OUT = 200  # rows, at most, whose cells are broken into lines to fit a terminal


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
    tamed = [[_tame(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and len(tamed) <= LAID_OUT:
        _lay_out(columns, tamed)
        return
    lines = [list(columns), *([cell.replace("\n", "\\n") for cell in row] for row in tamed)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def _lay_out(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(Text, row))
    stdout().print(table)


def _tame(text: str) -> str:
    """Without control characters: labels come from whoever posts them, and an escape sequence could hide what fires."""
    return _COMMANDS.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def stdout() -> Console:
    """Standard output, as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, soft_wrap=not sys.stdout.isatty(), highlight=False)
