"""Reads an expression: what it says, or why it is wrong, or why only the server can tell.

The tree comes from `promql_parser`. Around it, literals are respelled first (see `tokens`), what it refuses is judged again
(see `verdict`), and what it lets pass although Prometheus does not is refused: regular expressions that RE2 cannot compile,
and MetricsQL's alternatives inside braces.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import promql_parser as promql

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.labels import METRIC_NAME, Matcher, MatchOp, compile_regex
from evaluator.core.quoting import NotUtf8Error, unquote
from evaluator.promql.expression import Dialect, Expression, Selector
from evaluator.promql.grammar import OPERATORS, SET_OPERATORS
from evaluator.promql.printing import match_op, ordered_matchers, render, selector_text
from evaluator.promql.problems import PromqlError, error_at
from evaluator.promql.tokens import Token, TokenKind, depth, respell, tokenize, uncommented
from evaluator.promql.verdict import judge

# The parser copies what it nests and we recurse: beyond this many levels, time and stack run away.
_MOST_LEVELS = 250

# Prometheus 2 calls it so; version 3 renamed it, and the parser knows the new name only.
promql.register_extra_functions(
    [
        promql.Function(
            "holt_winters",
            [promql.ValueType.Matrix, promql.ValueType.Scalar, promql.ValueType.Scalar],
            promql.ValueType.Vector,
        )
    ]
)


def parse(expr: str, dialect: Dialect = Dialect.PROMETHEUS) -> Expression:
    """Read an expression.

    Raises PromqlError when no server that speaks `dialect` can understand it. What a server may understand although this
    parser does not comes back with `known=False` and a reason, its text as written but for comments.
    """
    tokens = tokenize(expr, dialect)
    _refuse_bad_regexes(expr, tokens)
    outcome = _not_for_us(tokens) or _read(expr, tokens, dialect)
    if isinstance(outcome, str):
        return Expression(uncommented(expr, tokens), dialect, known=False, reason=outcome)
    survey = _Survey()
    text = render(outcome, survey.visit)
    if survey.alternatives:
        return _foreign_alternatives(uncommented(expr, tokens), dialect)
    return Expression(
        text=render(outcome) if survey.rewrites else text,
        dialect=dialect,
        result_type=_result_type(outcome),
        selectors=tuple(survey.selectors),
        functions=frozenset(survey.functions),
        tree=outcome,
    )


def _read(expr: str, tokens: Sequence[Token], dialect: Dialect) -> promql.Expr | str:
    """The tree, or why there is none although the server may understand."""
    try:
        spelled = respell(expr, tokens)
    except NotUtf8Error:
        return "a string whose bytes are not UTF-8"  # Go holds such strings, the parser and we do not
    except PromqlError as error:
        if dialect is Dialect.METRICSQL:
            return error.message
        raise
    try:
        return promql.parse(spelled)
    except ValueError as error:
        return judge(expr, tokens, str(error), dialect)


def _refuse_bad_regexes(expr: str, tokens: Sequence[Token]) -> None:
    for operator, token in pairwise(tokens):
        if operator.text not in ("=~", "!~") or token.kind is not TokenKind.STRING:
            continue
        try:
            pattern = unquote(token.text)
        except ValueError:
            continue  # `respell` says it better
        try:
            compile_regex(pattern)
        except ValueError as error:
            raise error_at(str(error), expr, token.start) from None


def _not_for_us(tokens: Sequence[Token]) -> str | None:
    operators = sum(token.text in OPERATORS or token.text.lower() in SET_OPERATORS for token in tokens)
    if operators + depth(tokens) > _MOST_LEVELS:
        return f"more than {_MOST_LEVELS} operators and levels of brackets, which is more than is looked into"
    if any(one.text == "@" and other.text == "-" for one, other in pairwise(tokens)):
        return "a time before 1970 after @"  # which the parser reads as 1970
    return None


def _foreign_alternatives(text: str, dialect: Dialect) -> Expression:
    if dialect is Dialect.METRICSQL:
        return Expression(text, dialect, known=False, reason='"or" inside braces')
    raise PromqlError(
        '"or" inside braces is MetricsQL, not PromQL; use a regular expression, or say `kind: victoriametrics` '
        "in the datasource if it is one"
    )


class _Survey:
    """Collects what an expression uses; `visit` is handed to `render` for the walk.

    rewrites: it was given other texts than those of the expression, so what it rendered is of no use.
    """

    def __init__(self) -> None:
        self.rewrites = False
        self.selectors: list[Selector] = []
        self.functions: set[str] = set()
        self.alternatives = False

    def visit(self, node: promql.Expr) -> str | None:
        match node:
            case promql.VectorSelector():
                self._add(node, in_absent=False)
            case promql.MatrixSelector():
                self._add(node.vector_selector, in_absent=False)
            case promql.AggregateExpr():
                self.functions.add(str(node.op))
            case promql.Call():
                return self._call(node)
        return None

    def _call(self, node: promql.Call) -> str | None:
        self.functions.add(node.func.name)
        if node.func.name == "info":
            self.rewrites = True
            return self._info(node)
        subject = absent_subject(node)
        if subject is None:
            return None
        self.rewrites = True
        self._add(subject, in_absent=True)
        return ""

    def _info(self, node: promql.Call) -> str:
        """The second argument is a condition on labels, and a selector only when it names metrics."""
        conditions = [each for each in node.args[1:] if selector_of(each).names_metrics]
        return "".join(render(each, self.visit) for each in [node.args[0], *conditions])

    def _add(self, node: promql.VectorSelector, in_absent: bool) -> None:
        self.alternatives = self.alternatives or bool(node.matchers.or_matchers)
        self.selectors.append(selector_of(node, in_absent))


def absent_subject(node: promql.Call) -> promql.VectorSelector | None:
    """The selector that a call of `absent` or `absent_over_time` asks about; None for other calls and other arguments."""
    if node.func.name not in ("absent", "absent_over_time"):
        return None
    subject = node.args[0]
    while isinstance(subject, promql.ParenExpr):
        subject = subject.expr
    if isinstance(subject, promql.MatrixSelector):
        return subject.vector_selector
    return subject if isinstance(subject, promql.VectorSelector) else None


def selector_of(node: promql.VectorSelector, in_absent: bool = False) -> Selector:
    """The value for a selector of the tree."""
    matchers = [Matcher(each.name, each.value, MatchOp(match_op(each))) for each in ordered_matchers(node)]
    name = node.name or next((each.value for each in matchers if _fixes_name(each)), None)
    others = tuple(each for each in matchers if not (_fixes_name(each) and each.value == name))
    return Selector(name, others, selector_text(node), in_absent)


def _fixes_name(matcher: Matcher) -> bool:
    return matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL and bool(matcher.value)


def _result_type(node: promql.Expr) -> ResultType:
    match node:
        case promql.ParenExpr() | promql.UnaryExpr():
            return _result_type(node.expr)
        case promql.NumberLiteral():
            return ResultType.SCALAR
        case promql.StringLiteral():
            return ResultType.STRING
        case promql.MatrixSelector() | promql.SubqueryExpr():
            return ResultType.MATRIX
        case promql.BinaryExpr():
            both = {_result_type(node.lhs), _result_type(node.rhs)}
            return ResultType.SCALAR if both == {ResultType.SCALAR} else ResultType.VECTOR
        case promql.Call() if node.func.return_type == promql.ValueType.Scalar:
            return ResultType.SCALAR
        case promql.Call() if node.func.return_type == promql.ValueType.String:
            return ResultType.STRING
    return ResultType.VECTOR
