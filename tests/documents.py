"""The documents as the tests read them: sections, tables, fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
REFERENCES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCUMENTS = sorted({*REFERENCES, *ROOT.glob("*.md"), *ROOT.glob("*/*.md")} - {*ROOT.glob(".*/*.md")})

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")


class Fence(NamedTuple):
    """A fenced block. place: where it begins, for people. before: the text between it and the block above."""

    place: str
    language: str
    text: str
    before: str


class Row(NamedTuple):
    """A row of a table of keys. keys: those in its first cell, each in backquotes."""

    keys: tuple[str, ...]
    default: str
    text: str


def fences(path: Path) -> Iterator[Fence]:
    """Every fenced block of a document."""
    text, end = path.read_text(encoding="utf-8"), 0
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Fence(f"{path.name}:{line}", match[1], match[2], text[end : match.start()])
        end = match.end()


def prose(path: Path) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def codes(text: str) -> list[str]:
    """Everything that stands in backquotes."""
    return _CODE.findall(text)


def headings(path: Path) -> list[str]:
    """The headings of a document, as they are written."""
    return _HEADING.findall(prose(path))


def section(path: Path, heading: str) -> str:
    """The text between a heading and the next one. Raises ValueError when there is none of that name."""
    parts = _HEADING.split(prose(path))
    return parts[parts.index(heading) + 1]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in a text, headings included."""
    lines = (line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---"))
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def rows(text: str) -> list[Row]:
    """The rows of the tables of keys in a text."""
    found = [(codes(row[0]), row) for row in cells(text) if len(row) == 3]
    return [Row(tuple(keys), row[1].replace("`", ""), row[2]) for keys, row in found if keys]
