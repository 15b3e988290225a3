"""The two ways in which a text does not become a message: it is wrong, or it waits for a query."""

from __future__ import annotations


class TemplateError(ValueError):
    """A template that cannot be read, or that failed while it was rendered.

    message: the reason, one line. line, column: where, counted from 1, in characters of the text as the user wrote it.
    at: the piece of template that failed, empty for a text that cannot be read. template: the `define` it stands in,
    empty for the text itself. byte: the column as Go counts it, in bytes from 0. file: the
    file that the text stands in, where it is not the one that was rendered. `str()` is one line.
    """

    def __init__(
        self, message: str, line: int = 1, column: int = 1, *, at: str = "", template: str = "", byte: int = 0, file: str = ""
    ) -> None:
        self.message = " ".join(message.split("\n"))
        self.line = line
        self.column = column
        self.at = at
        self.template = template
        self.byte = byte
        self.file = file
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f" at <{' '.join(self.at.split())}>" if self.at else ""
        file = f"{self.file}:" if self.file else ""
        return f"{file}{self.line}:{self.column}:{place} {self.message}"


class QueryNeeded(Exception):  # noqa: N818 -- a request to the caller, not a fault
    """Rendering met a `query` whose result is not in the scope yet: fetch `expr`, add it, render again."""

    def __init__(self, expr: str) -> None:
        super().__init__(expr)
        self.expr = expr


class CallFailed(ValueError):  # noqa: N818 -- named for what happened: a template function refused its arguments
    """Raised by a template function; the evaluator adds where it was called."""


def located(text: str, offset: int) -> tuple[int, int, int]:
    """Line and column (from 1, in characters) and column in bytes (from 0) of the character at `offset`."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1, len(text[start:offset].encode("utf-8", "surrogateescape"))
