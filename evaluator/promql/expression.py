"""A parsed expression as a value."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Any

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME, Matcher, MatchOp

_ANYTHING = (".*", ".+")


class Dialect(StrEnum):
    """Which language a datasource speaks; the values are those of `DatasourceKind`, so `Dialect(datasource.kind)` works."""

    PROMETHEUS = "prometheus"
    METRICSQL = "victoriametrics"


@frozen
class Selector:
    """One use of series.

    name: the metric's name when the selector fixes it, as `up` and `{__name__="up"}` do. matchers: every other condition,
    those on `__name__` included. text: the bare instant selector, without range, offset and `@`.
    in_absent: it is the direct subject of `absent` or `absent_over_time`, where matching nothing is the point.
    """

    name: str | None
    matchers: tuple[Matcher, ...]
    text: str
    in_absent: bool = False

    @property
    def names_metrics(self) -> bool:
        """Whether anything is said about the metric's name."""
        return self.name is not None or any(each.name == METRIC_NAME for each in self.matchers)

    @property
    def name_patterns(self) -> tuple[Matcher, ...]:
        """The regular expressions that list metrics by name; one that takes any name lists none."""
        return tuple(
            each
            for each in self.matchers
            if each.name == METRIC_NAME and each.op is MatchOp.REGEX and each.value not in _ANYTHING
        )

    def lists(self, name: str) -> bool:
        """Whether a regular expression for the metric's name covers `name`."""
        conditions = [each for each in self.matchers if each.name == METRIC_NAME]
        return self.name is None and bool(self.name_patterns) and all(each.accepts(name) for each in conditions)


@frozen
class Expression:
    """What an expression says.

    text: printed as Prometheus prints it; for an expression that is not `known`, as written but for comments.
    result_type: None when not known. functions: names of functions and of aggregations, as called.
    known: False for what the parser does not know but the datasource may; `reason` then says what was not understood.
    tree: the parser's tree, None when not known.
    """

    text: str
    dialect: Dialect
    result_type: ResultType | None = None
    selectors: tuple[Selector, ...] = ()
    functions: frozenset[str] = frozenset()
    known: bool = True
    reason: str = ""
    tree: Any = field(default=None, repr=False, compare=False)


def selectors_of(expression: Expression) -> tuple[Selector, ...]:
    """Each distinct selector that is expected to match something, in the order of the text.

    Selectors under `absent` are left out: nothing is what they hope for.
    """
    return tuple(dict.fromkeys(selector for selector in expression.selectors if not selector.in_absent))
