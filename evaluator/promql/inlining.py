"""Puts recorded expressions in the place of recorded names.

A datasource that cannot be written to never holds what recording rules record, so a rule that uses a recorded name would
match nothing, for ever and silently. Instead of the name, the server is asked for the expression behind it:

- `name` becomes the expression with the rule's labels and the name put on, by `label_replace`. A matcher on a label that the
  rule sets is decided here and now; any other filters the computed vector (see `rewriting.only_matching`). Matchers are not
  pushed down into the expression: whether that keeps its meaning depends on every function and aggregation on the way, and
  a query that costs as much as its recording rule did is the better bargain.
- `name[5m]` becomes a subquery with the interval of the recording rule's group. Its points lie on multiples of the interval
  rather than on the group's slots.
- `name offset 1h` and `name @ …` become the last point of a subquery one interval long, since an offset cannot be put on an
  arbitrary expression. That is up to one interval older, as the recorded sample would have been.
- Several recordings of one name are joined by `or`; for ranges the shortest of their intervals is used.
- `absent(name{job="x"})` takes labels from its selector; they are put on the result, since an expression yields none.
- `timestamp(name)` is the time of the query, where the recorded sample's is that of its slot.

A selector that names no metric (`{job="x"}`, `{__name__=~".+"}`) is left alone and sees what the server holds. One whose
regular expression for `__name__` covers a recorded name is refused, because it would see only a part of what it lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import promql_parser as promql

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME, NO_LABELS, Labels, Matcher, MatchOp
from evaluator.promql import rewriting
from evaluator.promql.expression import Dialect, Expression, Selector
from evaluator.promql.parsing import absent_subject, selector_of
from evaluator.promql.printing import render, shift_text
from evaluator.promql.problems import PromqlError
from evaluator.promql.tokens import TokenKind, tokenize


@frozen
class Recording:
    """A recording rule as far as its users see it.

    labels: of group and rule, merged. interval: of its group.
    """

    expression: Expression
    labels: Labels = NO_LABELS
    interval: timedelta = timedelta(minutes=1)


Recordings = Mapping[str, Sequence[Recording]]

# Servers limit the length of a query: VictoriaMetrics by default to this, Prometheus only by what a request may hold.
_LONGEST = {Dialect.METRICSQL: 16_384, Dialect.PROMETHEUS: 262_144}


def inline(expression: Expression, recordings: Recordings) -> str:
    """The query to send for `expression` to a server without recorded series.

    recordings: every recording rule for the same datasource, by the name that it records, in the order of the files.
    Raises PromqlError when there is no query with the same meaning: a circle of names, a name behind a regular expression
    or in an expression that the parser does not know, a recorded string or range, or a query too long for the server.
    """
    try:
        return _Inliner(recordings, expression.dialect).text(expression)
    except RecursionError:
        raise PromqlError("the recorded names lead through too many recording rules; record less of a chain") from None


class _Inliner:
    """One expression on its way. `_within` are the recordings being put in, outermost first."""

    def __init__(self, recordings: Recordings, dialect: Dialect, within: tuple[tuple[str, int], ...] = ()) -> None:
        self._recordings = recordings
        self._dialect = dialect
        self._within = within

    def text(self, expression: Expression) -> str:
        if not expression.known:
            self._refuse_unknown(expression)
        if expression.tree is None or not any(map(self._concerns, expression.selectors)):
            return expression.text
        found = render(expression.tree, self._replacement)
        if len(found) > _LONGEST[self._dialect]:
            raise PromqlError(
                f"with the recorded expressions in place of their names the query is {len(found)} characters long; "
                "record less, or evaluate these rules where their results can be stored"
            )
        return found

    def _refuse_unknown(self, expression: Expression) -> None:
        words = {each.text for each in tokenize(expression.text, expression.dialect) if each.kind is TokenKind.WORD}
        names = sorted(words & self._recordings.keys())
        if names:
            raise PromqlError(
                f"the recorded name {names[0]} cannot be replaced by its expression here, because the expression around it "
                f"is not understood ({expression.reason}); write the recorded expression out"
            )

    def _concerns(self, selector: Selector) -> bool:
        if selector.name is not None:
            return selector.name in self._recordings
        return bool(selector.name_patterns)

    def _replacement(self, node: promql.Expr) -> str | None:
        match node:
            case promql.VectorSelector():
                return self._vector(node)
            case promql.MatrixSelector():
                return self._range(node)
            case promql.Call() if node.func.name == "info":
                return self._info(node)
            case promql.Call():
                return self._absence(node)
        return None

    def _uses(self, node: promql.VectorSelector) -> Selector | None:
        """The selector, when it is of a recorded name."""
        selector = selector_of(node)
        if selector.name is not None:
            return selector if selector.name in self._recordings else None
        covered = [name for name in self._recordings if selector.lists(name)]
        if covered:
            raise PromqlError(
                f"{selector.text} covers the recorded name {covered[0]}, whose series are not stored in the datasource; "
                "name each metric by itself and join them with `or`"
            )
        return None

    def _vector(self, node: promql.VectorSelector) -> str | None:
        selector = self._uses(node)
        return None if selector is None else self._joined(selector, shift_text(node))

    def _range(self, node: promql.MatrixSelector) -> str | None:
        selector = self._uses(node.vector_selector)
        if selector is None:
            return None
        interval = min(each.interval for each in self._recordings[str(selector.name)])
        return rewriting.sampled(self._joined(selector, ""), node.range, interval, shift_text(node.vector_selector))

    def _joined(self, selector: Selector, shift: str) -> str:
        candidates = enumerate(self._recordings[str(selector.name)])
        parts = [self._part(selector, at, each, shift) for at, each in candidates if _may_match(selector, each)]
        if len(parts) > 1:
            return f"({' or '.join(parts)})"
        return parts[0] if parts else rewriting.EMPTY

    def _part(self, selector: Selector, at: int, recording: Recording, shift: str) -> str:
        name = str(selector.name)
        vector = self._body(name, at, recording)
        if shift:
            vector = rewriting.shifted(vector, recording.interval, shift)
        for matcher in selector.matchers:
            if matcher.name != METRIC_NAME and matcher.name not in recording.labels:
                vector = rewriting.only_matching(vector, matcher)
        for label, value in recording.labels.items():
            vector = rewriting.with_label(vector, label, value)
        return rewriting.with_label(vector, METRIC_NAME, name)

    def _body(self, name: str, at: int, recording: Recording) -> str:
        """The recorded expression as a vector, with the recorded names in it replaced."""
        if (name, at) in self._within:
            circle = [each for each, _ in self._within[self._within.index((name, at)) :]]
            raise PromqlError(f"recording rules refer to each other in a circle: {' -> '.join([*circle, name])}")
        if recording.expression.result_type in (ResultType.STRING, ResultType.MATRIX):
            raise PromqlError(
                f"the recording rule {name} never records anything: "
                f"its result is a {recording.expression.result_type}, neither a vector nor a scalar"
            )
        text = _Inliner(self._recordings, self._dialect, (*self._within, (name, at))).text(recording.expression)
        return f"vector({text})" if recording.expression.result_type is ResultType.SCALAR else text

    def _info(self, node: promql.Call) -> str | None:
        """`info` picks the series of its second argument by itself; a selector there is a condition, not a vector."""
        if len(node.args) < 2:
            return None
        selector = self._uses(node.args[1])
        if selector is not None:
            raise PromqlError(f"info() cannot use the recorded name {selector.name}, whose series are not stored")
        return f"info({render(node.args[0], self._replacement)}, {render(node.args[1])})"

    def _absence(self, node: promql.Call) -> str | None:
        subject = absent_subject(node)
        if subject is None or self._uses(subject) is None:
            return None
        text = f"{node.func.name}({render(node.args[0], self._replacement)})"
        for name, value in _labels_of_absence(subject).items():
            text = rewriting.with_label(text, name, value)
        return text


def _may_match(selector: Selector, recording: Recording) -> bool:
    """Whether the matchers accept the labels that are the same on every series of the recording."""
    fixed = {**recording.labels, METRIC_NAME: str(selector.name)}
    return all(each.accepts(fixed[each.name]) for each in selector.matchers if each.name in fixed)


def _labels_of_absence(subject: promql.VectorSelector) -> Mapping[str, str]:
    """The labels that `absent` gives its result: those of `=` matchers, unless the label is asked about again."""
    labels: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in _all_matchers(subject):
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            seen.add(matcher.name)
            labels[matcher.name] = matcher.value
        else:
            labels.pop(matcher.name, None)
    return {name: value for name, value in labels.items() if value}


def _all_matchers(subject: promql.VectorSelector) -> Sequence[Matcher]:
    return [each for each in selector_of(subject).matchers if each.name != METRIC_NAME]
