"""Expressions are parsed when they are read, in the language of the datasource that will be asked.

What cannot be an expression is an error. What our parser does not know, and a newer server or VictoriaMetrics may, is a
warning: the server will decide.
"""

from __future__ import annotations

from functools import lru_cache

from evaluator.config.nodes import Document, Node, Scalar
from evaluator.config.problems import Problems
from evaluator.core.evaluation.rules import Position
from evaluator.core.settings import DatasourceKind
from evaluator.promql import Dialect, Expression, PromqlError, parse

# Parsing is most of the cost of reading rules, and a reload reads what it read before.
_parse = lru_cache(maxsize=32768)(parse)


def check_expression(text: str, kind: DatasourceKind, position: Position, problems: Problems, prefix: str) -> None:
    """Add the problems of an expression that stands on its own."""
    try:
        _warn_if_unknown(_parse(text, Dialect(kind)), position, problems, prefix)
    except PromqlError as error:
        problems.error(position, f"{prefix}could not parse expression: {error.message}")


def read_expression(node: Node, document: Document, kind: DatasourceKind, problems: Problems, prefix: str) -> Expression | None:
    """The expression of a rule; None after an error, which points into the text where its place is known."""
    assert isinstance(node, Scalar)
    try:
        expression = _parse(node.text, Dialect(kind))
    except PromqlError as error:
        position, where = place(document, node, error.line, error.column)
        problems.error(position, f"{prefix}could not parse expression: {error.message}{where}")
        return None
    _warn_if_unknown(expression, node.position, problems, prefix)
    return expression


def place(document: Document, scalar: Scalar, line: int | None, column: int | None) -> tuple[Position, str]:
    """Where line and column of a scalar's text stand in the file; and in words, where the file cannot show it."""
    if line is None or column is None:
        return scalar.position, ""
    position = document.inside(scalar, line, column)
    if position is scalar.position:
        return position, f" (line {line}, column {column} of the text)"
    return position, ""


def _warn_if_unknown(expression: Expression, position: Position, problems: Problems, prefix: str) -> None:
    if not expression.known:
        message = f"{prefix}the expression is not understood here: {expression.reason}"
        problems.warn(position, message, "the server will decide")
