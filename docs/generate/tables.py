"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a heading; a column that is empty in every row is left out."""
    lines = [[_cell(text) for text in row] for row in rows]
    used = [number for number in range(len(columns)) if any(line[number] for line in lines)]
    shown = [list(columns), ["---"] * len(columns), *lines]
    return "".join(f"| {' | '.join(line[number] for number in used)} |\n" for line in shown)


def code(text: str) -> str:
    """As code; nothing for nothing."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
