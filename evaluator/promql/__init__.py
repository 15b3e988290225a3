"""PromQL: read, inspect and rewrite expressions. Pure; nothing here asks a server."""

from evaluator.promql.alerts import alerts_use
from evaluator.promql.expression import Dialect, Expression, Selector, selectors_of
from evaluator.promql.inlining import Recording, Recordings, inline
from evaluator.promql.parsing import parse
from evaluator.promql.problems import PromqlError

__all__ = [
    "Dialect",
    "Expression",
    "PromqlError",
    "Recording",
    "Recordings",
    "Selector",
    "alerts_use",
    "inline",
    "parse",
    "selectors_of",
]
