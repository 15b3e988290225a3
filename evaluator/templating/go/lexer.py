"""Text into tokens, by the rules of Go's text/template.

The places that surprise: a trim marker needs a blank on its inner side (`{{- x -}}`), while `{{-3}}` is a number; a
comment must touch its delimiters; a name must be followed by a blank or by one of `. , | : ( )` or the closing delimiter,
so `$x=1` is an error and `$x:=1` is not. A lone `}}` is text.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

LEFT: Final = "{{"
RIGHT: Final = "}}"
_BLANKS: Final = " \t\r\n"
_DIGITS: Final = "0123456789"
_TERMINATORS: Final = " \t\r\n.,|:()"


class Kind(Enum):
    """What a token is."""

    ERROR = "error"
    EOF = "end"
    TEXT = "text"
    LEFT = "left delimiter"
    RIGHT = "right delimiter"
    SPACE = "space"
    ASSIGN = "="
    DECLARE = ":="
    PIPE = "|"
    LEFT_PAREN = "("
    RIGHT_PAREN = ")"
    PUNCTUATION = "punctuation"
    BOOL = "bool"
    RUNE = "character constant"
    NUMBER = "number"
    STRING = "string"
    RAW_STRING = "raw string"
    FIELD = "field"
    VARIABLE = "variable"
    IDENTIFIER = "identifier"
    DOT = "."
    NIL = "nil"
    BLOCK = "block"
    BREAK = "break"
    CONTINUE = "continue"
    DEFINE = "define"
    ELSE = "else"
    END = "end keyword"
    IF = "if"
    RANGE = "range"
    TEMPLATE = "template"
    WITH = "with"


_KEYWORDS: Final = {
    "block": Kind.BLOCK,
    "break": Kind.BREAK,
    "continue": Kind.CONTINUE,
    "define": Kind.DEFINE,
    "else": Kind.ELSE,
    "end": Kind.END,
    "if": Kind.IF,
    "nil": Kind.NIL,
    "range": Kind.RANGE,
    "template": Kind.TEMPLATE,
    "with": Kind.WITH,
    "true": Kind.BOOL,
    "false": Kind.BOOL,
}
_QUOTES: Final = {
    '"': (Kind.STRING, "unterminated quoted string"),
    "'": (Kind.RUNE, "unterminated character constant"),
}
_SINGLE: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE}


class Token(NamedTuple):
    """A token; `text` of an error is its message."""

    kind: Kind
    text: str
    offset: int

    def __str__(self) -> str:
        if self.kind is Kind.EOF:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind is Kind.DOT or (self.kind is not Kind.BOOL and _KEYWORDS.get(self.text) is self.kind):
            return f"<{self.text}>"
        text = self.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text[:10]}"...' if len(self.text) > 10 else f'"{text}"'


class _Wrong(Exception):  # noqa: N818 -- control flow within this module
    """The text cannot be read on."""


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`; the last one is EOF, or the error that stopped the reading."""
    lexer = _Lexer(text)
    try:
        lexer.read()
    except _Wrong as wrong:
        lexer.tokens.append(Token(Kind.ERROR, str(wrong), lexer.start))
    return lexer.tokens


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.start = 0
        self.depth = 0
        self.tokens: list[Token] = []

    def read(self) -> None:
        while (left := self.text.find(LEFT, self.pos)) >= 0:
            self._literal(left)
            self._action_or_comment(left)
        if self.pos < len(self.text):
            self._put(Kind.TEXT, self.text[self.pos :], self.pos)
        self._put(Kind.EOF, "", len(self.text))

    def _put(self, kind: Kind, text: str, offset: int) -> None:
        self.tokens.append(Token(kind, text, offset))

    def _emit(self, kind: Kind) -> None:
        self._put(kind, self.text[self.start : self.pos], self.start)

    def _peek(self) -> str:
        return self.text[self.pos : self.pos + 1]

    def _literal(self, left: int) -> None:
        literal = self.text[self.pos : left]
        if self._trims_left(left + 2):
            literal = literal.rstrip(_BLANKS)
        if literal:
            self._put(Kind.TEXT, literal, self.pos)

    def _trims_left(self, pos: int) -> bool:
        return self.text.startswith("-", pos) and self.text[pos + 1 : pos + 2] in tuple(_BLANKS)

    def _trims_right(self, pos: int) -> bool:
        return self.text[pos : pos + 1] in tuple(_BLANKS) and self.text.startswith("-" + RIGHT, pos + 1)

    def _at_right(self) -> bool:
        return self.text.startswith(RIGHT, self.pos) or self._trims_right(self.pos)

    def _action_or_comment(self, left: int) -> None:
        self.start = left
        inner = left + 2 + (2 if self._trims_left(left + 2) else 0)
        if self.text.startswith("/*", inner):
            self._comment(inner)
            return
        self.pos = left + 2
        self._emit(Kind.LEFT)
        self.pos, self.depth = inner, 0
        while self._inside():
            pass

    def _comment(self, start: int) -> None:
        self.start = start
        end = self.text.find("*/", start + 2)
        if end < 0:
            raise _Wrong("unclosed comment")
        self.pos = end + 2
        if not self._at_right():
            raise _Wrong("comment ends before closing delimiter")
        self._pass_right()

    def _pass_right(self) -> int:
        """Step over the closing delimiter and what it trims; returns where the delimiter itself begins."""
        trims = self._trims_right(self.pos)
        begin = self.pos + (2 if trims else 0)
        self.pos = begin + 2
        while trims and self._peek() in tuple(_BLANKS):
            self.pos += 1
        return begin

    def _inside(self) -> bool:
        """One token of an action; False after its closing delimiter."""
        self.start = self.pos
        if self._at_right():
            if self.depth > 0:
                raise _Wrong("unclosed left paren")
            self._put(Kind.RIGHT, RIGHT, self._pass_right())
            return False
        char = self._peek()
        if not char:
            raise _Wrong("unclosed action")
        if char in _BLANKS:
            self._blanks()
        elif char in _SINGLE:
            self.pos += 1
            self._emit(_SINGLE[char])
        elif char in "()":
            self._paren(char)
        else:
            self._word(char)
        return True

    def _blanks(self) -> None:
        while self._peek() and self._peek() in _BLANKS and not self._trims_right(self.pos):
            self.pos += 1
        self._emit(Kind.SPACE)

    def _paren(self, char: str) -> None:
        self.pos += 1
        self.depth += 1 if char == "(" else -1
        self._emit(Kind.LEFT_PAREN if char == "(" else Kind.RIGHT_PAREN)

    def _word(self, char: str) -> None:
        following = self.text[self.pos + 1 : self.pos + 2]
        if char == ":":
            self._declare(following)
        elif char in _QUOTES:
            self._quoted(char)
        elif char == "`":
            self._raw()
        elif char == "$":
            self._name(Kind.VARIABLE, Kind.VARIABLE)
        elif char == "." and following and following not in _DIGITS:
            self._name(Kind.FIELD, Kind.DOT)
        elif char in ".+-" or char in _DIGITS:
            self._number()
        elif is_word(char):
            self._identifier()
        elif char.isascii() and char.isprintable():
            self.pos += 1
            self._emit(Kind.PUNCTUATION)
        else:
            raise _Wrong(f"unrecognized character in action: {code_point(char)}")

    def _declare(self, following: str) -> None:
        if following != "=":
            raise _Wrong("expected :=")
        self.pos += 2
        self._emit(Kind.DECLARE)

    def _quoted(self, quote: str) -> None:
        kind, complaint = _QUOTES[quote]
        self.pos += 1
        while (char := self._peek()) != quote:
            self.pos += 1
            if char == "\\":
                char = self._peek()
                self.pos += 1
            if char in ("", "\n"):
                raise _Wrong(complaint)
        self.pos += 1
        self._emit(kind)

    def _raw(self) -> None:
        end = self.text.find("`", self.pos + 1)
        if end < 0:
            raise _Wrong("unterminated raw quoted string")
        self.pos = end + 1
        self._emit(Kind.RAW_STRING)

    def _ends_word(self) -> bool:
        char = self._peek()
        return char == "" or char in _TERMINATORS or self.text.startswith(RIGHT, self.pos)

    def _name(self, kind: Kind, bare: Kind) -> None:
        """`.field` and `$variable`; `bare` is what the sign is when it stands alone."""
        self.pos += 1
        if self._ends_word():
            self._emit(bare)
            return
        self._letters()
        self._emit(kind)

    def _letters(self) -> None:
        while self._peek() and is_word(self._peek()):
            self.pos += 1
        if not self._ends_word():
            raise _Wrong(f"bad character {code_point(self._peek())}")

    def _identifier(self) -> None:
        self._letters()
        self._emit(_KEYWORDS.get(self.text[self.start : self.pos], Kind.IDENTIFIER))

    def _number(self) -> None:
        sound = self._scan_number()
        if sound and self._peek() in ("+", "-"):
            sound = self._scan_number() and self.text[self.pos - 1] == "i"
        if not sound:
            raise _Wrong(f'bad number syntax: "{self.text[self.start : self.pos]}"')
        self._emit(Kind.NUMBER)

    def _accept(self, chars: str) -> bool:
        if self._peek() and self._peek() in chars:
            self.pos += 1
            return True
        return False

    def _accept_run(self, chars: str) -> None:
        while self._accept(chars):
            pass

    def _scan_number(self) -> bool:
        self._accept("+-")
        digits = self._digits_after_prefix()
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        exponent = {"0123456789_": "eE", "0123456789abcdefABCDEF_": "pP"}.get(digits)
        if exponent and self._accept(exponent):
            self._accept("+-")
            self._accept_run("0123456789_")
        self._accept("i")
        if self._peek() and is_word(self._peek()):
            self.pos += 1
            return False
        return True

    def _digits_after_prefix(self) -> str:
        if self._accept("0"):
            for prefix, digits in (("xX", "0123456789abcdefABCDEF_"), ("oO", "01234567_"), ("bB", "01_")):
                if self._accept(prefix):
                    return digits
        return "0123456789_"


def is_word(char: str) -> bool:
    """Whether a character may stand in a name: a letter, a decimal digit, an underscore, of any script."""
    return char == "_" or char.isalpha() or char.isdecimal()


def code_point(char: str) -> str:
    """A character as Go's `%#U` shows it: `U+003D '='`."""
    if not char:
        return "U+FFFFFFFFFFFFFFFF"
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")
