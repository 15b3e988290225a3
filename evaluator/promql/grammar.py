"""Finds the first token that stands where it cannot.

The parser says of most faults only that the query is invalid. Operands and operators take turns, whatever the version of
PromQL, so a walk that expects now one and now the other finds the place. It is generous: what it accepts may still be
wrong, but what it points at is out of place in every PromQL so far.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.promql.tokens import Token, TokenKind

_AGGREGATIONS = frozenset(
    (
        *("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"),
        *("topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"),
    )
)
SET_OPERATORS = frozenset(("and", "or", "unless", "atan2"))
OPERATORS = frozenset(("+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">="))
GROUPING = frozenset(("by", "without"))
_MATCHING = frozenset(("on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right"))
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def find_misfit(tokens: Sequence[Token]) -> Token | None:
    """The first token out of place, one without text when the expression ends too early; None when all seems in order."""
    return _Walk(tokens).misfit()


class _Walk:
    """One pass over the tokens. `_at` is the next one."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def misfit(self) -> Token | None:
        wanted: bool | None = True
        while wanted is not None and self._at < len(self._tokens):
            wanted = self._operand() if wanted else self._after_operand()
        if wanted is False:
            return None
        end = Token(TokenKind.SYMBOL, "", self._tokens[-1].end)
        return self._tokens[self._at] if self._at < len(self._tokens) else end

    def _operand(self) -> bool | None:
        """Pass what may stand where an operand is wanted; whether one is still wanted, or None for a misfit."""
        token = self._tokens[self._at]
        if token.kind in (TokenKind.NUMBER, TokenKind.STRING):
            return self._pass(1, then=False)
        if token.kind is TokenKind.WORD:
            return self._word(token.text.lower())
        if token.text in ("+", "-", "("):
            return self._pass(1, then=True)
        if token.text == "{":
            return self._pass_group(then=False)
        empty_call = token.text == ")" and self._text(-1) == "(" and self._is_name(-2)
        return self._pass(1, then=False) if empty_call else None

    def _word(self, word: str) -> bool | None:
        if word in SET_OPERATORS:
            return None
        if word == "bool":
            return self._pass(1, then=True)
        if word in _MATCHING:
            self._pass(1, then=True)
            return self._pass_group(then=True) if self._text(0) == "(" else True
        self._pass(1, then=False)
        if word in _AGGREGATIONS and self._text(0).lower() in GROUPING:
            self._pass(1, then=True)
            listed = self._text(0) == "(" and self._pass_group(then=True)
            return True if listed and self._text(0) == "(" else None
        return False

    def _after_operand(self) -> bool | None:
        """Pass what may follow an operand; whether one is wanted next, or None for a misfit."""
        token = self._tokens[self._at]
        word = token.text.lower()
        if token.text in OPERATORS or token.text == "," or (token.kind is TokenKind.WORD and word in SET_OPERATORS):
            return self._pass(1, then=True)
        if token.text == ")":
            return self._pass(1, then=False)
        if token.text == "(" and self._is_name(-1):
            return self._pass(1, then=True)
        if token.text == "[" or (token.text == "{" and self._is_name(-1)):
            return self._pass_group(then=False)
        if word in ("offset", "@"):
            return self._shift()
        if word in GROUPING and self._text(-1) == ")":
            self._pass(1, then=False)
            return self._pass_group(then=False) if self._text(0) == "(" else None
        return None

    def _shift(self) -> bool:
        self._pass(1, then=False)
        if self._text(0) in ("-", "+"):
            self._at += 1
        if self._is_name(0):
            self._at += 1
        return self._pass_group(then=False) if self._text(0) == "(" else self._pass(1, then=False)

    def _pass(self, count: int, then: bool) -> bool:
        self._at += count
        return then

    def _pass_group(self, then: bool) -> bool:
        """Pass a bracket and everything up to the one that closes it."""
        opening, level = self._text(0), 0
        while self._at < len(self._tokens):
            text = self._text(0)
            level += (text == opening) - (text == _CLOSING.get(opening))
            self._at += 1
            if level <= 0:
                break
        return then

    def _text(self, ahead: int) -> str:
        at = self._at + ahead
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _is_name(self, ahead: int) -> bool:
        at = self._at + ahead
        return 0 <= at < len(self._tokens) and self._tokens[at].kind is TokenKind.WORD
