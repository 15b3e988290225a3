"""What an expression has in common with others, so that one answer of the server can serve several of them.

    threshold   `LEFT > 5`: whoever has the answer to `LEFT > 3` has this one as well
    variants    `up{job="a"} == 0`: the same as for `job="b"`, but for one value of one label

Values are compared here as the server compares them: both sides are IEEE doubles, and the text in which a sample travels
gives back the very double that the server has.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import promql_parser as promql

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME
from evaluator.core.quoting import quote
from evaluator.promql.expression import Dialect
from evaluator.promql.keeping import keeps
from evaluator.promql.parsing import parse
from evaluator.promql.printing import label_text, matcher_text, ordered_matchers, render, selector_text, shift_text
from evaluator.promql.problems import PromqlError

HOLE = "\x00"
"""Stands in a template for the matcher that differs; no expression can hold it."""

_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_ORDERED = frozenset(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"))


@frozen
class Bound:
    """A comparison with a constant that filters. op: one of > >= < <=."""

    op: str
    value: float

    def holds(self, value: float) -> bool:
        """Whether a sample with this value passes."""
        match self.op:
            case ">":
                return value > self.value
            case ">=":
                return value >= self.value
            case "<":
                return value < self.value
        return value <= self.value

    @property
    def looseness(self) -> tuple[float, bool]:
        """The larger, the more passes; comparable among bounds of one direction."""
        return (-self.value if self.upward else self.value), self.op in (">=", "<=")

    @property
    def upward(self) -> bool:
        """Whether large values pass."""
        return self.op.startswith(">")


@frozen
class Variant:
    """An expression as one of a family. template: its text with HOLE for the matcher of `label`; value: of that matcher."""

    template: str
    label: str
    value: str


@frozen
class Shape:
    """text: the expression as it is sent. alone: why it cannot share a request; empty when it can.

    left: the other side of `bound`, if there is a bound. scalar: its result is one number without labels.
    """

    text: str
    alone: str = ""
    scalar: bool = False
    left: str = ""
    bound: Bound | None = None
    variants: tuple[Variant, ...] = ()


@lru_cache(maxsize=65536)
def shape_of(text: str, dialect: Dialect) -> Shape:
    """Look at an expression. One that cannot be read goes alone: the server will say what is wrong with it."""
    try:
        expression = parse(text, dialect)
    except PromqlError as error:
        return Shape(text, alone=error.message)
    if not expression.known:
        return Shape(text, alone=expression.reason)
    if expression.result_type not in (ResultType.VECTOR, ResultType.SCALAR):
        return Shape(text, alone=f"its result is a {expression.result_type}")
    if ordered := sorted(expression.functions & _ORDERED):
        return Shape(text, alone=f"{ordered[0]} orders its result")
    if expression.result_type is ResultType.SCALAR:
        return Shape(text, scalar=True)
    left, bound = _threshold(expression.tree)
    return Shape(text, left=left, bound=bound, variants=tuple(_variants(expression.tree)))


def _threshold(tree: promql.Expr) -> tuple[str, Bound | None]:
    """The side that has series, and the bound on it."""
    while isinstance(tree, promql.ParenExpr):
        tree = tree.expr
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) not in _FLIPPED or tree.modifier is not None:
        return "", None
    for series, other, op in ((tree.lhs, tree.rhs, str(tree.op)), (tree.rhs, tree.lhs, _FLIPPED[str(tree.op)])):
        value = constant(other)
        if value is not None and value == value and constant(series) is None:
            return render(series), Bound(op, value)
    return "", None


def constant(tree: promql.Expr) -> float | None:
    """The number that an expression of numbers is, where it can be had with the server's own arithmetic; else None."""
    match tree:
        case promql.NumberLiteral():
            return float(tree.val)
        case promql.ParenExpr():
            return constant(tree.expr)
        case promql.UnaryExpr():
            inner = constant(tree.expr)
            return None if inner is None else -inner
        case promql.BinaryExpr() if tree.modifier is None:
            left, right = constant(tree.lhs), constant(tree.rhs)
            return None if left is None or right is None else _arithmetic(str(tree.op), left, right)
    return None


def _arithmetic(op: str, left: float, right: float) -> float | None:
    """The four operations that IEEE 754 fixes to the last bit."""
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" if right:
            return left / right
    return None


def _variants(tree: promql.Expr) -> Iterator[Variant]:
    """Every label in which the expression may differ from others of a family."""
    selectors: list[promql.VectorSelector] = []

    def collect(node: promql.Expr) -> None:
        match node:
            case promql.VectorSelector():
                selectors.append(node)
            case promql.MatrixSelector():
                selectors.append(node.vector_selector)

    render(tree, lambda node: collect(node))
    if not selectors or any(each.matchers.or_matchers for each in selectors):
        return
    for label, value in _fixed(selectors[0]).items():
        alike = all(_fixed(each).get(label) == value for each in selectors)
        if value and label != METRIC_NAME and alike and keeps(tree, label):
            yield Variant(_with_hole(tree, label), label, value)


def _fixed(selector: promql.VectorSelector) -> dict[str, str]:
    """The labels about which a selector says one thing only, namely what they are."""
    said: dict[str, list[promql.Matcher]] = {}
    for matcher in selector.matchers.matchers:
        said.setdefault(matcher.name, []).append(matcher)
    return {name: each[0].value for name, each in said.items() if len(each) == 1 and each[0].op == promql.MatchOp.Equal}


def _with_hole(tree: promql.Expr, label: str) -> str:
    def pierce(node: promql.Expr) -> str | None:
        match node:
            case promql.VectorSelector():
                return _pierced(node, label) + shift_text(node)
            case promql.MatrixSelector():
                inner = node.vector_selector
                return render(node).replace(selector_text(inner), _pierced(inner, label), 1)
        return None

    return render(tree, pierce)


def _pierced(selector: promql.VectorSelector, label: str) -> str:
    texts = [HOLE if each.name == label else matcher_text(each) for each in ordered_matchers(selector)]
    return f"{selector.name or ''}{{{','.join(texts)}}}"


def filled(template: str, label: str, values: tuple[str, ...]) -> str:
    """The text of a template for several values of its label."""
    pattern = "|".join(map(regex_quoted, values))
    return template.replace(HOLE, f"{label_text(label)}=~{quote(pattern)}")


_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


def regex_quoted(text: str) -> str:
    """`text` as a regular expression that matches nothing else."""
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in text)
