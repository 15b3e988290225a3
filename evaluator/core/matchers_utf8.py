"""Alertmanager's UTF-8 matcher language: strict, names and values any text in quotes, braces both or neither.

Quoted text has Go's escapes; bare text is anything but white space and ``{ } ! = ~ , \\ " ' ` ``. A value is required.
"""

from __future__ import annotations

from evaluator.core.frozen import frozen
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.quoting import unquote

_RESERVED = frozenset("{}!=~,\\\"'`")
_EXPECTED_OPERATOR = "expected an operator such as '=', '!=', '=~' or '!~'"


def is_reserved(character: str) -> bool:
    """Whether a name or value with this character must be quoted."""
    return character in _RESERVED or character.isspace()


@frozen
class _Token:
    """kind: `{`, `}`, `,`, `operator`, `quoted`, `unquoted`, or empty at the end. start, end: columns."""

    kind: str
    text: str
    start: int
    end: int

    def value(self) -> str:
        try:
            return unquote(self.text) if self.kind == "quoted" else self.text
        except ValueError:
            raise ValueError(f"{self.start}:{self.end}: {self.text}: invalid input") from None


class _Utf8Lexer:
    """Tokens of the UTF-8 language, one at a time, because an error counts only when the parser gets there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def column(self) -> int:
        return self._at

    def peek(self) -> _Token:
        """The next token without passing it. Raises ValueError with the columns of what cannot be one."""
        at = self._at
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        if at == len(self._text):
            return _Token("", "", at, at)
        character = self._text[at]
        if character in "{},":
            return _Token(character, character, at, at + 1)
        if character in "=!":
            return self._operator(at)
        if character == '"':
            return self._quoted(at)
        return self._unquoted(at)

    def take(self) -> _Token:
        """The next token, passed. Raises ValueError as `peek` does."""
        token = self.peek()
        self._at = token.end
        return token

    def _operator(self, at: int) -> _Token:
        for operator in ("=~", "=", "!=", "!~"):
            if self._text.startswith(operator, at):
                return _Token("operator", operator, at, at + len(operator))
        if at + 1 == len(self._text):
            raise ValueError(f"{at}:{at + 1}: unexpected end of input, expected one of '=~'")
        raise ValueError(f"{at}:{at + 1}: !: expected one of '=~'")

    def _quoted(self, at: int) -> _Token:
        end = at + 1
        while end < len(self._text) and self._text[end] != '"':
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            raise ValueError(f'{at}:{len(self._text)}: {self._text[at:]}: missing end "')
        return _Token("quoted", self._text[at : end + 1], at, end + 1)

    def _unquoted(self, at: int) -> _Token:
        end = at
        while end < len(self._text) and not is_reserved(self._text[end]):
            end += 1
        if end == at:
            raise ValueError(f"{at}:{at + 1}: {self._text[at]}: invalid input")
        return _Token("unquoted", self._text[at:end], at, end)


class _Utf8Parser:
    """`{ name op value, … }` where the braces come both or not at all."""

    def __init__(self, text: str) -> None:
        self._lexer = _Utf8Lexer(text)
        self._braced = False

    def matchers(self) -> tuple[Matcher, ...]:
        """All matchers of the text. Raises ValueError."""
        self._braced = self._lexer.peek().kind == "{"
        if self._braced:
            self._lexer.take()
        found: list[Matcher] = []
        # Only at the very beginning may there be nothing; after a comma there may be an end, which `_comma` sees to.
        more = self._lexer.peek().kind not in ("}", "")
        while more:
            found.append(self._matcher())
            more = self._comma()
        self._close()
        return tuple(found)

    def _matcher(self) -> Matcher:
        name = self._expect(("quoted", "unquoted"), "expected label name").value()
        op = self._expect(("operator",), _EXPECTED_OPERATOR).text
        value = self._expect(("quoted", "unquoted"), "expected label value").value()
        try:
            return Matcher(name, value, MatchOp(op))
        except ValueError as error:
            raise ValueError(f"failed to create matcher: {error}") from None

    def _comma(self) -> bool:
        """Pass a comma; whether a matcher follows."""
        if self._peek((",", "}", ""), "expected a comma or close brace").kind != ",":
            return False
        self._lexer.take()
        return self._peek(("}", "quoted", "unquoted", ""), "expected a matcher or close brace after comma").kind not in (
            "}",
            "",
        )

    def _close(self) -> None:
        token = self._lexer.peek()
        if self._braced and token.kind != "}":
            raise ValueError(f"0:{self._lexer.column}: end of input: expected close brace")
        if token.kind == "}":
            self._lexer.take()
            if not self._braced:
                raise ValueError(f"0:{self._lexer.column}: }}: expected opening brace")
        self._end()

    def _end(self) -> None:
        try:
            token = self._lexer.take()
        except ValueError as error:
            raise ValueError(f"{error}: expected end of input") from None
        if token.kind:
            raise ValueError(f"{token.start}:{token.end}: {token.text}: expected end of input")

    def _expect(self, kinds: tuple[str, ...], otherwise: str) -> _Token:
        token = self._peek(kinds, otherwise)
        self._lexer.take()
        return token

    def _peek(self, kinds: tuple[str, ...], otherwise: str) -> _Token:
        try:
            token = self._lexer.peek()
        except ValueError as error:
            raise ValueError(f"{error}: {otherwise}") from None
        if token.kind in kinds:
            return token
        found = f"{token.start}:{token.end}: unexpected {token.text}" if token.kind else "end of input"
        raise ValueError(f"{found}: {otherwise}")


def parse_utf8_list(text: str) -> tuple[Matcher, ...]:
    """Read any number of matchers. Raises ValueError with Alertmanager's words and columns."""
    return _Utf8Parser(text).matchers()
