"""Texts of a YAML file put in the place of others, and everything else left as it stands, comments and all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from evaluator.core.frozen import frozen

Path = tuple[str | int, ...]


@frozen
class Scalar:
    """A text in a file: where it stands, and how. start, end: of what was written, in characters. style: `|`, `>`, quotes."""

    path: Path
    text: str
    start: int
    end: int
    line: int
    column: int
    style: str

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Where line and column of the text stand in the file, as far as its style lets one tell."""
        if self.style == "|":
            return self.line + line, self.column
        if "\n" in self.text or self.style == ">":
            return self.line, self.column
        return self.line, self.column + column - (0 if self.style else 1)


def scalars(source: str) -> list[Scalar]:
    """Every text of the first document of a file. Raises ValueError when it is not YAML."""
    try:
        root = YAML(typ="safe", pure=True).compose(source)
    except YAMLError as error:
        raise ValueError(f"is not YAML: {str(error).splitlines()[0]}") from None
    return list(_walk(root, ()))


def _walk(node: Node | None, path: Path) -> Iterator[Scalar]:
    match node:
        case ScalarNode():
            start, end = node.start_mark, node.end_mark
            yield Scalar(path, node.value, start.index, end.index, start.line + 1, start.column + 1, node.style or "")
        case SequenceNode():
            for index, item in enumerate(node.value):
                yield from _walk(item, (*path, index))
        case MappingNode():
            for key, value in node.value:
                yield from _walk(value, (*path, str(key.value)))
        case _:
            return


def rewritten(source: str, texts: Mapping[Path, str]) -> str:
    """The file with other texts at some paths. Each is written in its own style where that can say it."""
    for path, text in texts.items():
        source = _replaced(source, path, text)
    return source


def _replaced(source: str, path: Path, text: str) -> str:
    """Tried in every way of writing a text, until the file says what it should, and nothing else has changed."""
    before = {each.path: each.text for each in scalars(source)}
    (scalar,) = (each for each in scalars(source) if each.path == path)
    for write in (_as_before, _single_quoted, _double_quoted):
        written = write(source, scalar, text)
        if written is None:
            continue
        try:
            after = {each.path: each.text for each in scalars(written)}
        except ValueError:
            continue
        if after == {**before, path: text}:
            return written
    raise AssertionError(f"{path} cannot be written")


Write = Callable[[str, Scalar, str], str | None]


def _as_before(source: str, scalar: Scalar, text: str) -> str | None:
    """A block, with the header and the indent that it had."""
    if scalar.style not in ("|", ">"):
        return None
    head, _, body = source[scalar.start : scalar.end].partition("\n")
    first = next((line for line in body.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    lines = [f"{indent}{line}" if line else "" for line in text.removesuffix("\n").split("\n")]
    blanks = "\n\n" if scalar.style == ">" else "\n"
    return f"{source[: scalar.start]}{head}\n{blanks.join(lines)}\n{source[scalar.end :]}"


def _single_quoted(source: str, scalar: Scalar, text: str) -> str | None:
    if "\n" in text or not text.isprintable():
        return None
    return _spliced(source, scalar, "'" + text.replace("'", "''") + "'")


def _double_quoted(source: str, scalar: Scalar, text: str) -> str:
    return _spliced(source, scalar, json.dumps(text, ensure_ascii=not text.isprintable()))


def _spliced(source: str, scalar: Scalar, written: str) -> str:
    """A block ends with its last line, any other text within one."""
    after = "\n" if scalar.style in ("|", ">") else ""
    return source[: scalar.start] + written + after + source[scalar.end :]
