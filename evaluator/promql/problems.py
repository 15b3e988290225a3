"""What is wrong with an expression, and where."""

from __future__ import annotations


class PromqlError(ValueError):
    """An expression that cannot be used.

    line, column: where in the expression's own text, counted from 1; None when the place could not be told.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def error_at(message: str, text: str, offset: int) -> PromqlError:
    """The error for a fault that begins at character `offset` of `text`."""
    before = text[:offset]
    return PromqlError(message, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
