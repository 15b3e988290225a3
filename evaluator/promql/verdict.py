"""Whether an expression that the parser refuses is wrong, or only newer than the parser.

Wrong, for a Prometheus: what breaks rules that every version shares. Types of arguments and operands, the number of
arguments, regular expressions that RE2 refuses, selectors without a condition, and grammar made of words and symbols that
have been there all along. Perhaps only newer, and left to the server: a function that the parser does not know, a word
where only a keyword can stand (`up smoothed`), arithmetic on durations (`[5m + 1m]`, `offset (1h / 2)`), the operators `</`
and `>/`. MetricsQL is a language of its own, so for a VictoriaMetrics whatever the parser refuses is left to the server,
as long as its brackets and quotes pair up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import promql_parser as promql

from evaluator.promql.expression import Dialect
from evaluator.promql.grammar import GROUPING, find_misfit
from evaluator.promql.problems import PromqlError, error_at
from evaluator.promql.tokens import Token, TokenKind

_GRAMMAR_FAULTS = (
    "invalid promql query",
    "unexpected character inside brackets",
    "missing unit character in duration",
    "bad number or duration syntax",
    "not a valid duration string",
)
_UNKNOWN_FUNCTION = re.compile(r"unknown function with name '(.*)'")
_QUOTED = re.compile(r"'([^']+)'")
_KEYWORD_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DURATION_OPERATORS = frozenset("+-*/%^(")


def judge(text: str, tokens: Sequence[Token], complaint: str, dialect: Dialect) -> str:
    """Why the expression was not understood, when the server may yet understand it.

    complaint: what the parser said. Raises PromqlError when no server of this dialect can.
    """
    function = _UNKNOWN_FUNCTION.fullmatch(complaint)
    if function is not None:
        return f'unknown function "{function[1]}"'
    if dialect is Dialect.METRICSQL:
        return f"not plain PromQL: {complaint}"
    if complaint.startswith("illegal regex"):
        return "a regular expression that only the server can judge"  # RE2 found nothing wrong with it
    reason = _newer_syntax(tokens) if complaint.startswith(_GRAMMAR_FAULTS) else None
    if reason is None:
        raise _placed(text, tokens, complaint)
    return reason


def _newer_syntax(tokens: Sequence[Token]) -> str | None:
    for token, follower in pairwise(tokens):
        operator = token.text + follower.text
        if operator in ("</", ">/") and token.end == follower.start:
            return f"unknown operator {operator}"
    if _computes_durations(tokens):
        return "arithmetic on durations"
    misfit = find_misfit(tokens)
    if misfit is not None and _may_be_keyword(misfit, tokens):
        return f'unknown word "{misfit.text}"'
    return None


def _computes_durations(tokens: Sequence[Token]) -> bool:
    in_brackets = False
    for token, follower in pairwise(tokens):
        if token.text == "offset" and follower.text == "(":
            return True
        in_brackets = (in_brackets or token.text == "[") and token.text != "]"
        if in_brackets and token.text != "[" and token.text in _DURATION_OPERATORS:
            return True
    return False


def _may_be_keyword(misfit: Token, tokens: Sequence[Token]) -> bool:
    """A plain word that is neither a selector with conditions, nor the call of a known function, nor a list of labels."""
    if misfit.kind is not TokenKind.WORD or not _KEYWORD_LIKE.fullmatch(misfit.text):
        return False
    at = tokens.index(misfit)
    if at and tokens[at - 1].text.lower() in GROUPING:
        return False
    follower = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return follower not in ("{", "[") and not (follower == "(" and is_function(misfit.text))


def is_function(name: str) -> bool:
    """Whether the parser knows a function or an aggregation of this name."""
    try:
        promql.parse(f"{name}()")
    except ValueError as error:
        return not str(error).startswith(("unknown function", "invalid promql"))
    return True


def _placed(text: str, tokens: Sequence[Token], complaint: str) -> PromqlError:
    """The complaint as an error, with the best place that can be found for it."""
    if complaint != "invalid promql query":
        return _named(text, tokens, complaint)
    misfit = find_misfit(tokens)
    if misfit is None:
        return PromqlError("not a PromQL expression")
    return error_at(f"unexpected {misfit.text or 'end of input'}", text, misfit.start)


def _named(text: str, tokens: Sequence[Token], complaint: str) -> PromqlError:
    """The parser quotes what it complains about; a word that occurs once in the text tells the place."""
    for quoted in [*_QUOTED.findall(complaint), complaint.rpartition(": ")[2]]:
        places = [token.start for token in tokens if token.text == quoted]
        if len(places) == 1:
            return error_at(complaint, text, places[0])
    return PromqlError(complaint)
