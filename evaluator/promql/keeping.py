"""Whether a label of the selectors survives to the result of an expression.

If every selector of an expression asks for `app="1"`, and every step from the selectors to the result keeps `app` and never
mixes series of different `app`, then the same expression over `app=~"1|2"` is the results for 1 and for 2 side by side, told
apart by that label. This is where such steps are known; what is not listed here is taken to mix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import promql_parser as promql

_RANGE = (
    *("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets", "holt_winters"),
    *("double_exponential_smoothing", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time"),
    *("quantile_over_time", "stddev_over_time", "stdvar_over_time", "last_over_time", "present_over_time", "mad_over_time"),
)
_INSTANT = (
    *("abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round", "clamp", "clamp_min", "clamp_max", "sgn"),
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh", "deg", "rad"),
    *("timestamp", "minute", "hour", "month", "year", "day_of_month", "day_of_week", "day_of_year", "days_in_month"),
    *("histogram_quantile", "histogram_avg", "histogram_count", "histogram_sum", "histogram_fraction"),
    *("histogram_stddev", "histogram_stdvar"),
)
_SERIES_BY_SERIES = frozenset((*_RANGE, *_INSTANT))
_MIXING_WITHIN_GROUPS = frozenset(
    ("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk", "quantile")
)


def keeps(tree: promql.Expr, label: str) -> bool:
    """Whether results for different values of `label` in all selectors of `tree` can be had at once, told apart by it."""
    rule = _RULES.get(type(tree))
    return rule is not None and rule(tree, label)


def free_of_series(tree: promql.Expr) -> bool:
    """Whether it is made of numbers alone, the time included."""
    match tree:
        case promql.NumberLiteral():
            return True
        case promql.ParenExpr() | promql.UnaryExpr():
            return free_of_series(tree.expr)
        case promql.BinaryExpr():
            return free_of_series(tree.lhs) and free_of_series(tree.rhs)
        case promql.Call():
            return tree.func.name in ("time", "pi")
    return False


def _aggregation(node: promql.AggregateExpr, label: str) -> bool:
    if str(node.op) not in _MIXING_WITHIN_GROUPS or node.modifier is None:
        return False
    if node.param is not None and not free_of_series(node.param):
        return False
    by = node.modifier.type == promql.AggModifierType.By
    return (label in node.modifier.labels) == by and keeps(node.expr, label)


def _binary(node: promql.BinaryExpr, label: str) -> bool:
    if free_of_series(node.rhs):
        return keeps(node.lhs, label)
    if free_of_series(node.lhs):
        return keeps(node.rhs, label)
    return _matches_on(node.modifier, label) and keeps(node.lhs, label) and keeps(node.rhs, label)


def _matches_on(modifier: promql.BinModifier | None, label: str) -> bool:
    """Whether only series with the same value of `label` meet."""
    if modifier is None:
        return True
    fill = modifier.fill_values
    if fill is not None and not (fill.lhs is None and fill.rhs is None):
        return False
    if modifier.matching is None:
        return True
    return bool((label in modifier.matching.labels) == (modifier.matching.type == promql.LabelModifierType.Include))


def _call(node: promql.Call, label: str) -> bool:
    name = node.func.name
    if name in ("label_replace", "label_join"):
        written = node.args[1]
        return isinstance(written, promql.StringLiteral) and bool(written.val != label) and keeps(node.args[0], label)
    if name not in _SERIES_BY_SERIES or (name.startswith("histogram_") and label == "le"):
        return False
    series = [each for each in node.args if not free_of_series(each)]
    return len(series) == 1 and keeps(series[0], label)


_RULES: Mapping[type[promql.Expr], Callable[[Any, str], bool]] = {
    promql.VectorSelector: lambda node, label: True,
    promql.MatrixSelector: lambda node, label: True,
    promql.SubqueryExpr: lambda node, label: keeps(node.expr, label),
    promql.ParenExpr: lambda node, label: keeps(node.expr, label),
    promql.UnaryExpr: lambda node, label: keeps(node.expr, label),
    promql.AggregateExpr: _aggregation,
    promql.BinaryExpr: _binary,
    promql.Call: _call,
}
