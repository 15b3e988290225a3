"""PromQL: read, inspect and rewrite expressions. Pure; nothing here asks a server."""

from evaluator.promql.expression import Dialect, Expression, Selector, selectors_of
from evaluator.promql.parsing import parse
from evaluator.promql.problems import PromqlError

__all__ = ["Dialect", "Expression", "PromqlError", "Selector", "parse", "selectors_of"]
