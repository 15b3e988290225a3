"""From YAML text to nodes.

ruamel.yaml's parser reports events with places; the tree is built here, so that scalars stay texts, that duplicate keys are
found, and that a small file cannot become a large tree: the nodes are counted as they would be after every alias was
expanded. Aliases and merge keys (`<<`) work as in Prometheus and Alertmanager. Only the first document of a file is read, as
Prometheus does; it logs the others, here they are a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from evaluator.config.environment import fill, mask, unmask
from evaluator.config.nodes import Document, Listing, Node, Scalar, Table
from evaluator.config.problems import Problems, one_line
from evaluator.config.syntax import in_our_words
from evaluator.core.evaluation.rules import Position

NODE_LIMIT = 500_000
DEPTH_LIMIT = 100

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MERGE = "<<"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TAG_PREFIX = "tag:yaml.org,2002:"
_NULL_TAG = _TAG_PREFIX + "null"
_KNOWN_TAGS = frozenset(_TAG_PREFIX + name for name in ("str", "int", "float", "bool", "null", "timestamp", "seq", "map"))


class _UnreadableError(Exception):
    """The rest of the document cannot be read."""

    def __init__(self, position: Position, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.problem = (position, message, remedy)


def compose(text: str, file: str, problems: Problems, environ: Mapping[str, str] | None = None) -> Document | None:
    """The first document of `text`; None when it is not YAML. environ: fills scalars that are exactly `${NAME}`."""
    try:
        _refuse_control_characters(text, file)
        return _in_either_way(text, file, problems, environ)
    except _UnreadableError as error:
        problems.error(*error.problem)
    except MarkedYAMLError as error:
        line, column, message, remedy = in_our_words(error, text)
        problems.error(Position(file, line, column), message, remedy)
    except (YAMLError, ValueError, OverflowError) as error:
        problems.error(Position(file), f"is not YAML: {str(error).splitlines()[0]}")
    return None


def _in_either_way(text: str, file: str, problems: Problems, environ: Mapping[str, str] | None) -> Document:
    """Try the parser in C, which is some twenty times as fast, then the one in Python, which has the last word.

    The former refuses a colon inside braces: `{url: http://a}`. A problem that both find is the same value, and counts once.
    """
    try:
        return _Composer(text, file, problems, environ, pure=False).document()
    except YAMLError:
        return _Composer(text, file, problems, environ, pure=True).document()


def _refuse_control_characters(text: str, file: str) -> None:
    match = _FORBIDDEN.search(text)
    if match is not None:
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        message = f"character {one_line(match[0])} is not allowed in YAML"
        raise _UnreadableError(Position(file, line, column), message, "remove it, or write it as an escape in double quotes")


class _Composer:
    """Builds the tree from events by recursive descent; the depth is bounded before Python's own limit matters."""

    def __init__(self, text: str, file: str, problems: Problems, environ: Mapping[str, str] | None, *, pure: bool) -> None:
        self._text, self._file, self._problems, self._environ = text, file, problems, environ
        source = text if environ is None else mask(text)
        self._events: Iterator[Any] = iter(YAML(typ="safe", pure=pure).parse(source))
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: set[str] = set()
        self._count = 0

    def document(self) -> Document:
        root: Node | None = None
        for event in self._events:
            match event:
                case StreamStartEvent() | DocumentStartEvent():
                    continue
                case StreamEndEvent():
                    break
            root = self._node(event, 0)
            self._warn_of_more_documents()
            break
        empty = isinstance(root, Scalar) and root.null
        return Document(self._file, None if empty else root, tuple(self._text.split("\n")))

    def _warn_of_more_documents(self) -> None:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                message = "only the first document of a file is read"
                self._problems.warn(self._at(event), message, 'remove this "---" and move what follows it to a file of its own')
                return
            assert isinstance(event, DocumentEndEvent | StreamEndEvent)

    def _at(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        position = self._at(event)
        if depth > DEPTH_LIMIT:
            raise _UnreadableError(position, f"is nested more than {DEPTH_LIMIT} levels deep")
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, position)
        tag = self._tag(event, position)
        before = self._count
        self._grow(1, position)
        if not event.anchor:
            return self._content(event, tag, position, depth)
        self._open.add(event.anchor)
        node = self._content(event, tag, position, depth)
        self._open.discard(event.anchor)
        self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _content(self, event: Any, tag: str, position: Position, depth: int) -> Node:
        match event:
            case ScalarEvent():
                return self._scalar(event, tag, position)
            case SequenceStartEvent():
                return Listing(tuple(self._items(depth)), position)
            case MappingStartEvent():
                return self._table(position, depth)
        raise AssertionError(f"unexpected {event!r}")

    def _grow(self, nodes: int, position: Position) -> None:
        self._count += nodes
        if self._count > NODE_LIMIT:
            raise _UnreadableError(position, f"has more than {NODE_LIMIT} values after its aliases are expanded")

    def _alias(self, name: str, position: Position) -> Node:
        if name in self._open:
            raise _UnreadableError(position, f'alias "*{name}" stands inside its own anchor')
        if name not in self._anchors:
            raise _UnreadableError(position, f'alias "*{name}" has no anchor before it', f'write "&{name}" where the value is')
        node, size = self._anchors[name]
        self._grow(size, position)
        return node

    def _tag(self, event: Any, position: Position) -> str:
        """The tag that was written, empty where there is none; one that nobody knows is a problem."""
        tag: str = event.tag or ""
        if tag and tag != "!" and tag not in _KNOWN_TAGS:
            shown = tag.replace(_TAG_PREFIX, "!!")
            self._problems.error(position, f'tag "{shown}" is not known', "write the value without a tag")
        return tag

    def _scalar(self, event: Any, tag: str, position: Position) -> Scalar:
        text, unquoted = self._written(event), bool(event.implicit[0])
        null = tag == _NULL_TAG or (unquoted and not tag and text in _NULLS)
        scalar = Scalar("" if null else text, position, null, event.style == "|", unquoted)
        return scalar if null or self._environ is None else fill(scalar, self._environ, self._problems)

    def _written(self, event: Any) -> str:
        text: str = event.value if self._environ is None else unmask(event.value)
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise _UnreadableError(self._at(event), "holds half of a surrogate pair, which is not a character")
        return text

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _table(self, position: Position, depth: int) -> Table:
        values: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        merged: list[Table] = []
        merge_at: Position | None = None
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            at = self._at(event)
            name, merges = self._key(event, at), self._is_merge(event)
            value = self._node(next(self._events), depth + 1)
            first = merge_at if merges else keys.get(name)
            if first is not None:
                self._problems.error(at, f'mapping key "{name}" already defined at line {first.line}')
            elif merges:
                merge_at, merged = at, self._merged(value)
            else:
                keys[name], values[name] = at, value
        return _with_merged(Table(values, keys, position), merged)

    def _key(self, event: Any, position: Position) -> str:
        if isinstance(event, ScalarEvent):
            text = self._written(event)
            if event.anchor:
                self._anchors[event.anchor] = (Scalar(text, position), 1)
            return text
        key = self._alias(event.anchor, position) if isinstance(event, AliasEvent) else None
        if not isinstance(key, Scalar):
            raise _UnreadableError(position, "a mapping key must be a text", "put a text that has braces or brackets in quotes")
        return key.text

    @staticmethod
    def _is_merge(event: Any) -> bool:
        return isinstance(event, ScalarEvent) and event.value == _MERGE and bool(event.implicit[0])

    def _merged(self, value: Node) -> list[Table]:
        tables = list(value.items) if isinstance(value, Listing) else [value]
        for table in tables:
            if not isinstance(table, Table):
                self._problems.error(table.position, 'a merge key ("<<") takes a mapping or a list of mappings')
        return [table for table in tables if isinstance(table, Table)]


def _with_merged(table: Table, merged: list[Table]) -> Table:
    """What is written in the mapping itself wins over what is merged, and an earlier merged mapping over a later one."""
    if not merged:
        return table
    values, keys = dict(table.values), dict(table.keys)
    for other in merged:
        for name, node in other.values.items():
            values.setdefault(name, node)
            keys.setdefault(name, other.keys[name])
    return Table(values, keys, table.position)
