"""A YAML document as a tree of texts that know where they stand.

Scalars keep the text that was written. Nothing is resolved by its looks, so `17:00` is never 1020, `no` never false,
`1e3` never 1000 and `2024-01-01` never a date: what a text means is decided by the field that it is written for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen


@frozen
class Scalar:
    """A text, or null. literal: it is a `|` block, whose lines stand in the file as they are in the text.

    plain: it was written without quotes. variable: the `${NAME}` that was written, where the environment gave the text.
    """

    text: str
    position: Position
    null: bool = False
    literal: bool = False
    plain: bool = False
    variable: str = ""


@frozen
class Listing:
    """A list."""

    items: tuple[Node, ...]
    position: Position


@frozen
class Table:
    """A mapping. keys: where each key stands."""

    values: Mapping[str, Node]
    keys: Mapping[str, Position]
    position: Position

    def at(self, *path: str | int) -> Position:
        """Where the value at `path` stands, or the nearest thing above it that is there."""
        return find(self, *path).position

    def key(self, name: str) -> Position:
        """Where the key `name` stands, or the mapping when it is not there."""
        return self.keys.get(name, self.position)

    def child(self, name: str) -> Node | None:
        """The value of `name`; None when it is absent or null."""
        node = self.values.get(name)
        return None if node is None or is_null(node) else node


Node = Scalar | Listing | Table


@frozen
class Document:
    """The first document of a file. root: None when it holds nothing. lines: the file's text, to find places inside scalars."""

    file: str
    root: Node | None
    lines: tuple[str, ...]

    @property
    def start(self) -> Position:
        """The first character of the file."""
        return Position(self.file)

    def inside(self, scalar: Scalar, line: int, column: int) -> Position:
        """Where line and column of a scalar's text stand in the file; the scalar itself where that cannot be told."""
        row = scalar.position.line - 1
        lines = scalar.text.split("\n")
        if not 1 <= line <= len(lines):
            return scalar.position
        if scalar.literal and row + line < len(self.lines):
            indent = len(self.lines[row + line]) - len(lines[line - 1])
            return Position(self.file, row + line + 1, max(indent, 0) + column)
        start = self.lines[row].find(scalar.text, scalar.position.column - 1) if row < len(self.lines) else -1
        return scalar.position if start < 0 or len(lines) > 1 else Position(self.file, row + 1, start + column)


def find(node: Node, *path: str | int) -> Node:
    """The node at `path`, or the nearest one above it; steps that lead nowhere are left out."""
    for step in path:
        if isinstance(node, Table) and isinstance(step, str) and step in node.values:
            node = node.values[step]
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node


def scalars_of(node: Node) -> Iterator[Scalar]:
    """Every scalar below `node`, keys not among them."""
    match node:
        case Scalar():
            yield node
        case Listing():
            for item in node.items:
                yield from scalars_of(item)
        case Table():
            for value in node.values.values():
                yield from scalars_of(value)


def text_at(node: Node, key: str) -> str:
    """The text at `key`, also of a mapping that is wrong elsewhere; empty when there is none."""
    value = node.child(key) if isinstance(node, Table) else None
    return value.text if isinstance(value, Scalar) else ""


def is_null(node: Node) -> bool:
    """Whether nothing, `~` or `null` was written."""
    return isinstance(node, Scalar) and node.null


def plain(node: Node) -> object:
    """The tree as dicts, lists, texts and None."""
    match node:
        case Scalar():
            return None if node.null else node.text
        case Listing():
            return [plain(item) for item in node.items]
        case Table():
            return {name: plain(value) for name, value in node.values.items()}


def kind_of(value: object) -> str:
    """What a plain value is, in words; the value itself is not quoted, it may be a secret in the wrong place."""
    match value:
        case None:
            return "nothing"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"
