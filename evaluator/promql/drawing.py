"""What of a rule's expression can be drawn as a curve: the value that is compared, rather than the comparison's remains.

`rate(errors[5m]) > 5 and on () business_hours` is about `rate(errors[5m])`, with a threshold at 5. What the expression
gives only while it holds would be a curve without its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import promql_parser as promql

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.evaluation.curves import Threshold
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME
from evaluator.core.quoting import quote
from evaluator.promql.expression import Dialect
from evaluator.promql.parsing import parse
from evaluator.promql.printing import label_text, render
from evaluator.promql.problems import PromqlError
from evaluator.promql.shape import constant

MOST_OF_AN_EXPRESSION = 8_000  # bytes; longer ones are refused by some proxies

_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_NARROWING = frozenset({"and", "unless"})


@frozen
class Drawable:
    """expr: what to draw. threshold: what its values are compared with, as if each stood on the left. vector: it has series."""

    expr: str
    threshold: Threshold | None = None
    vector: bool = True


@lru_cache(maxsize=8192)
def drawable(text: str, dialect: Dialect) -> Drawable:
    """What to draw for a rule's expression; the whole of it where it is not a comparison with a number, or cannot be read."""
    try:
        expression = parse(text, dialect)
    except PromqlError:
        return Drawable(text, vector=False)
    if not expression.known or expression.tree is None:
        return Drawable(text, vector=False)
    return _compared(expression.tree) or Drawable(text, vector=expression.result_type is ResultType.VECTOR)


def _compared(tree: promql.Expr) -> Drawable | None:
    """The compared side, below parentheses and to the left of `and` and `unless`, which let series pass as they are."""
    while True:
        match tree:
            case promql.ParenExpr():
                tree = tree.expr
            case promql.BinaryExpr() if str(tree.op) in _NARROWING:
                tree = tree.lhs
            case promql.BinaryExpr() if str(tree.op) in _FLIPPED and tree.modifier is None:
                return _sides(tree)
            case _:
                return None


def _sides(tree: promql.BinaryExpr) -> Drawable | None:
    for side, other, op in ((tree.lhs, tree.rhs, str(tree.op)), (tree.rhs, tree.lhs, _FLIPPED[str(tree.op)])):
        value = constant(other)
        if value is not None and value == value and constant(side) is None:
            return Drawable(render(side), Threshold(op, value))
    return None


def narrowed(expr: str, wanted: Sequence[Mapping[str, str]]) -> tuple[str, int]:
    """The expression for these series alone, as many as fit in one request, and how many that are.

    wanted: labels of each series, the metric's name aside. The server computes it all the same, but does not send the rest.
    """
    names = sorted({name for labels in wanted for name in labels if name != METRIC_NAME})
    head = f"({expr}) and on ({', '.join(map(label_text, names))}) ("
    chosen: list[str] = []
    size = len(head.encode()) + 1
    for labels in wanted:
        one = _one_series({name: value for name, value in labels.items() if name != METRIC_NAME})
        size += len(one.encode()) + len(" or ")
        if size > MOST_OF_AN_EXPRESSION:
            break
        chosen.append(one)
    return f"{head}{' or '.join(chosen)})", len(chosen)


def _one_series(labels: Mapping[str, str]) -> str:
    """An expression that gives one series of these labels."""
    text = "vector(1)"
    for name, value in labels.items():
        text = f'label_replace({text}, {quote(name)}, {quote(value.replace("$", "$$"))}, "", "")'
    return text
