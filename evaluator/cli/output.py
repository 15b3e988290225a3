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
COPIED = ("ID", "Fingerprint")  # columns whose cells the next command asks for
LONG_WORD = 24  # characters; a longer word may be broken to fit a terminal
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


def _lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As wide as the terminal; where that is too narrow for what stands in the rows, each is a block of lines.

    What somebody copies into the next command is never broken.
    """
    from rich.table import Table
    from rich.text import Text

    console = stdout()
    if _least_width(columns, rows) > console.width:
        _lay_out_blocks(console, columns, rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in COPIED, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _lay_out_blocks(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    for row in rows:
        block = Table(box=None, pad_edge=False, show_header=False)
        block.add_column(no_wrap=True, style="bold")
        block.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell:
                block.add_row(column, Text(cell))
        console.print(block, "")


def _least_width(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """So wide must a terminal be: words are whole, but for very long ones."""
    widths = [0] * len(columns)
    for row in (columns, *rows):
        for number, (column, cell) in enumerate(zip(columns, row, strict=True)):
            longest = max(map(len, cell.split()), default=0)
            widths[number] = max(widths[number], longest if column in COPIED else min(longest, LONG_WORD))
    return sum(widths) + 2 * (len(columns) - 1)


def _tame(text: str) -> str:
    """Without control characters: labels come from whoever posts them, and an escape sequence could hide what fires."""
    return _COMMANDS.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


def stdout() -> Console:
    """Standard output, as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, soft_wrap=not sys.stdout.isatty(), highlight=False)
