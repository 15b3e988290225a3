"""Prints a tree as Prometheus prints it.

The parser's own printing differs (`up{}` for `up`, `inf` for `+Inf`), loses the colon of `[5m:]` and milliseconds, and does
not escape strings. Prometheus itself changed: numbers are printed as today's versions do, without exponents, where older
ones wrote 1e+06, and `group_left` after an empty `ignoring()` is kept, which older ones lost. A unary plus is dropped.

Every call may be given a `replace` that is shown each node first and may answer with the text to stand in its place; that
is how recorded names are inlined. Such a text must bind as tightly as a call does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from math import isinf, isnan
from typing import Any

import promql_parser as promql

from evaluator.core.durations import format_duration
from evaluator.core.quoting import quote

Replace = Callable[[promql.Expr], str | None]

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_MATCH_OPS = {
    int(promql.MatchOp.Equal): "=",
    int(promql.MatchOp.NotEqual): "!=",
    int(promql.MatchOp.Re): "=~",
    int(promql.MatchOp.NotRe): "!~",
}


def render(tree: promql.Expr, replace: Replace = lambda node: None) -> str:
    """The text of `tree`."""
    replaced = replace(tree)
    return replaced if replaced is not None else _PRINTERS[type(tree)](tree, replace)


def selector_text(node: promql.VectorSelector) -> str:
    """The selector without its offset and `@`."""
    name, matchers = node.name or "", sorted(map(matcher_text, node.matchers.matchers))
    return f"{name}{{{','.join(matchers)}}}" if matchers or not name else name


def ordered_matchers(node: promql.VectorSelector) -> list[promql.Matcher]:
    """The matchers in the order in which they are printed, which is also the one in which the server will see them."""
    matchers = node.matchers.matchers
    return sorted(matchers, key=matcher_text) if len(matchers) > 1 else list(matchers)


def match_op(matcher: promql.Matcher) -> str:
    """How a matcher of the tree compares."""
    return _MATCH_OPS[int(matcher.op)]  # type: ignore[call-overload]  # its stub does not say that it is a number


def shift_text(node: promql.VectorSelector | promql.SubqueryExpr) -> str:
    """The `@` and offset of a selector or subquery, with a space before each; empty when there are none."""
    return _at(node.at) + _offset(node.offset)


def _at(at: promql.AtModifier | None) -> str:
    if at is None:
        return ""
    if at.type == promql.AtModifierType.Start:
        return " @ start()"
    if at.type == promql.AtModifierType.End:
        return " @ end()"
    assert at.at is not None
    return f" @ {at.at.timestamp():.3f}"


def _offset(offset: timedelta | None) -> str:
    return f" offset {format_duration(offset)}" if offset else ""


def label_text(name: str) -> str:
    """A label's name where PromQL wants one, between quotes when it must be."""
    return name if _NAME.fullmatch(name) else quote(name)


def _labels(names: list[str]) -> str:
    return f"({', '.join(map(label_text, names))})"


def matcher_text(matcher: promql.Matcher) -> str:
    """One condition of a selector."""
    return f"{label_text(matcher.name)}{match_op(matcher)}{quote(matcher.value)}"


def _vector_selector(node: promql.VectorSelector, replace: Replace) -> str:
    return selector_text(node) + shift_text(node)


def _matrix_selector(node: promql.MatrixSelector, replace: Replace) -> str:
    selector = node.vector_selector
    return f"{selector_text(selector)}[{format_duration(node.range)}]{shift_text(selector)}"


def _subquery(node: promql.SubqueryExpr, replace: Replace) -> str:
    assert node.range is not None
    step = format_duration(node.step) if node.step else ""
    return f"{render(node.expr, replace)}[{format_duration(node.range)}:{step}]{shift_text(node)}"


def _aggregation(node: promql.AggregateExpr, replace: Replace) -> str:
    parameter = "" if node.param is None else f"{render(node.param, replace)}, "
    return f"{node.op}{_grouping(node.modifier)}({parameter}{render(node.expr, replace)})"


def _grouping(modifier: promql.AggModifier | None) -> str:
    if modifier is None:
        return ""
    if modifier.type == promql.AggModifierType.Without:
        return f" without {_labels(modifier.labels)} "
    return f" by {_labels(modifier.labels)} " if modifier.labels else ""


def _binary(node: promql.BinaryExpr, replace: Replace) -> str:
    return f"{render(node.lhs, replace)} {node.op}{_modifier(node.modifier)} {render(node.rhs, replace)}"


def _modifier(modifier: promql.BinModifier | None) -> str:
    if modifier is None:
        return ""
    side = _many_side(modifier.card)
    returns_bool = " bool" if modifier.return_bool else ""
    group = f" group_{side} {_labels(modifier.group_labels or [])}" if side else ""
    return returns_bool + _matching(modifier.matching, bool(side)) + group + _fill(modifier.fill_values)


def _many_side(card: promql.VectorMatchCardinality) -> str:
    if card == promql.VectorMatchCardinality.ManyToOne:
        return "left"
    return "right" if card == promql.VectorMatchCardinality.OneToMany else ""


def _matching(matching: promql.LabelModifier | None, grouped: bool) -> str:
    if matching is None:
        return " ignoring ()" if grouped else ""
    if matching.type == promql.LabelModifierType.Include:
        return f" on {_labels(matching.labels)}"
    return f" ignoring {_labels(matching.labels)}" if matching.labels or grouped else ""


def _fill(values: promql.VectorMatchFillValues | None) -> str:
    if values is None or (values.lhs is None and values.rhs is None):
        return ""
    if values.lhs == values.rhs:
        return f" fill ({_number(values.lhs)})"
    sides = (("left", values.lhs), ("right", values.rhs))
    return "".join(f" fill_{side} ({_number(value)})" for side, value in sides if value is not None)


def _call(node: promql.Call, replace: Replace) -> str:
    return f"{node.func.name}({', '.join(render(argument, replace) for argument in node.args)})"


def _number(value: float | None) -> str:
    assert value is not None
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return format(Decimal(repr(value)).normalize(), "f")


_PRINTERS: Mapping[type[promql.Expr], Callable[[Any, Replace], str]] = {
    promql.VectorSelector: _vector_selector,
    promql.MatrixSelector: _matrix_selector,
    promql.SubqueryExpr: _subquery,
    promql.AggregateExpr: _aggregation,
    promql.BinaryExpr: _binary,
    promql.Call: _call,
    promql.ParenExpr: lambda node, replace: f"({render(node.expr, replace)})",
    promql.UnaryExpr: lambda node, replace: f"-{render(node.expr, replace)}",
    promql.NumberLiteral: lambda node, replace: _number(node.val),
    promql.StringLiteral: lambda node, replace: quote(node.val),
}
