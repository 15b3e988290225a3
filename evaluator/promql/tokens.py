"""Words, numbers, strings and symbols of an expression, with their places.

The parser that does the real work (`promql_parser`) knows no positions and does not read every literal as Prometheus does.
So the text is cut into tokens first: what no dialect could mean (nothing at all, a string or a bracket left open) is refused
here with its place, and literals are respelled so that the parser sees the characters that Go would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from math import isinf

from evaluator.core.frozen import frozen
from evaluator.core.quoting import NotUtf8Error, quote, unquote
from evaluator.promql.expression import Dialect
from evaluator.promql.problems import error_at

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `[^`]*`)
      | (?P<open>["'`])
      | (?P<number>\.?[0-9](?:[eE][+-]?[0-9]|[A-Za-z0-9_.])*)
      | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<symbol>==|!=|>=|<=|=~|!~|[-+*/%^<>=,(){}\[\]@])
      | (?P<foreign>.)""",
    re.VERBOSE | re.DOTALL,
)
# Between square brackets a colon separates range and step, elsewhere it belongs to names.
_IN_BRACKETS = re.compile(
    _TOKEN.pattern.replace("A-Za-z_:", "A-Za-z_").replace("0-9_:", "0-9_").replace("@]", "@:]"), _TOKEN.flags
)


class TokenKind(StrEnum):
    """What a token is; `foreign` is a character that PromQL has no use for."""

    STRING = "string"
    NUMBER = "number"
    WORD = "word"
    SYMBOL = "symbol"
    FOREIGN = "foreign"


_KINDS = {str(kind): kind for kind in TokenKind}


@frozen
class Token:
    """One token. text: as written. start: number of the characters before it."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The number of characters before the one that follows this token."""
        return self.start + len(self.text)


def tokenize(text: str, dialect: Dialect) -> tuple[Token, ...]:
    """Cut an expression into tokens, without comments.

    Raises PromqlError for an empty expression, an unterminated string, brackets that do not pair up and, in Prometheus'
    dialect, characters that mean nothing.
    """
    tokens = tuple(_paired(text, dialect))
    if not tokens:
        raise error_at("no expression found in input", text, 0)
    return tokens


def _paired(text: str, dialect: Dialect) -> Iterator[Token]:
    opened: list[Token] = []
    position = 0
    while position < len(text):
        match = (_IN_BRACKETS if opened and opened[-1].text == "[" else _TOKEN).match(text, position)
        assert match is not None, "the last alternative takes any character"
        start, position = position, match.end()
        if match.lastgroup == "space":
            continue
        token = _token(match, text, start)
        if token.kind is TokenKind.SYMBOL:
            _pair(token, opened, text)
        elif token.kind is TokenKind.FOREIGN and dialect is Dialect.PROMETHEUS:
            raise error_at(f"unexpected character: {token.text!r}", text, start)
        yield token
    if opened:
        raise error_at(f"unclosed {opened[-1].text!r}", text, opened[-1].start)


def _token(match: re.Match[str], text: str, start: int) -> Token:
    kind = _KINDS.get(match.lastgroup or "")
    if kind is None:
        raise error_at(f"unterminated string that begins with {match[0]}", text, start)
    return Token(kind, match[0], start)


def _pair(token: Token, opened: list[Token], text: str) -> None:
    """A symbol may open something, or close what was opened last."""
    if token.text in _CLOSING:
        opened.append(token)
    elif token.text in _OPENING:
        if not opened:
            raise error_at(f"unexpected {token.text!r}, nothing is open", text, token.start)
        if opened[-1].text != _OPENING[token.text]:
            raise error_at(f"unexpected {token.text!r}, expected {_CLOSING[opened[-1].text]!r}", text, token.start)
        opened.pop()


def depth(tokens: Sequence[Token]) -> int:
    """How deeply the brackets nest."""
    level = deepest = 0
    for token in tokens:
        if token.kind is TokenKind.SYMBOL:
            level += (token.text in _CLOSING) - (token.text in _OPENING)
            deepest = max(deepest, level)
    return deepest


def respell(text: str, tokens: Sequence[Token]) -> str:
    """The expression with its literals in the spelling that `promql_parser` reads correctly.

    Raises PromqlError for a string or number that Go cannot read, NotUtf8Error for one that Go takes for bytes.
    """
    pieces, start = [], 0
    for token in tokens:
        if token.kind in (TokenKind.STRING, TokenKind.NUMBER):
            pieces += [text[start : token.start], _respelled(token, text)]
            start = token.end
    return "".join([*pieces, text[start:]])


def _respelled(token: Token, text: str) -> str:
    if token.kind is TokenKind.NUMBER:
        return _number(token, text)
    try:
        return quote(unquote(token.text))
    except NotUtf8Error:
        raise
    except ValueError as error:
        raise error_at(f"{error} in {token.text}; double the backslash or use backticks", text, token.start) from None


def _number(token: Token, text: str) -> str:
    spelled = token.text.replace("_", "")
    try:
        value = float(spelled)
    except ValueError:
        return spelled  # a duration, or to another base
    if isinf(value):
        raise error_at(f'error parsing number: parsing "{spelled}": value out of range', text, token.start)
    return spelled


def uncommented(text: str, tokens: Sequence[Token]) -> str:
    """The expression as written, without comments and without space around it."""
    pieces, start = [], 0
    for token in tokens:
        between = text[start : token.start]
        pieces += [" " if "#" in between else between, token.text]
        start = token.end
    return "".join(pieces).strip()
