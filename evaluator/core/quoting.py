"""String literals in Go's syntax, which PromQL and Alertmanager's matchers share.

Escapes of bytes (`\\xf0`, `\\360`) build UTF-8 and are only an error when the bytes do not; an escape that Go does not know
(`\\d`, `\\w`) is an error, which is why regular expressions in quotes double their backslashes.
"""

from __future__ import annotations

import re

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_SHORT = {code: f"\\{letter}" for letter, code in _SIMPLE.items()}
_NEEDS_ESCAPE = re.compile(r'["\\]')
_ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9A-Fa-f]{2})|(?P<octal>[0-7]{3})|u(?P<rune>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<letter>.))"
)


class NotUtf8Error(ValueError):
    """A literal that Go reads as bytes which are no text."""


def unquote(literal: str) -> str:
    """The text that a literal in double quotes, single quotes or backticks stands for.

    Raises ValueError when it is not one literal or holds an unknown escape, NotUtf8Error when its bytes are not UTF-8.
    """
    quote_mark, body = literal[:1], literal[1:-1]
    if len(literal) < 2 or quote_mark not in "\"'`" or literal[-1] != quote_mark:
        raise ValueError("not a quoted string")
    if quote_mark == "`":
        return _raw(body)
    try:
        return _interpreted(body, quote_mark).decode()
    except UnicodeDecodeError:
        raise NotUtf8Error("the string is not valid UTF-8") from None


def _raw(body: str) -> str:
    if "`" in body:
        raise ValueError("a backtick inside a raw string")
    return body.replace("\r", "")


def _interpreted(body: str, quote_mark: str) -> bytes:
    pieces, start = [], 0
    while (stop := body.find("\\", start)) >= 0:
        pieces.append(_plain(body[start:stop], quote_mark))
        match = _ESCAPE.match(body, stop)
        if match is None:
            raise ValueError(f"unknown escape sequence {body[stop : stop + 2]}")
        pieces.append(_escaped(match, quote_mark))
        start = match.end()
    return b"".join([*pieces, _plain(body[start:], quote_mark)])


def _plain(text: str, quote_mark: str) -> bytes:
    if quote_mark in text or "\n" in text:
        raise ValueError("a string ends before its last character")
    return text.encode()


def _escaped(match: re.Match[str], quote_mark: str) -> bytes:
    kind, digits = match.lastgroup, match[match.lastgroup or 0]
    if kind == "letter":
        if digits == quote_mark:
            return digits.encode()
        if digits not in _SIMPLE:
            raise ValueError(f"unknown escape sequence \\{digits}")
        return bytes([_SIMPLE[digits]])
    number = int(digits, 8 if kind == "octal" else 16)
    if kind in ("byte", "octal"):
        if number > 0xFF:
            raise ValueError(f"escape \\{digits} is larger than a byte")
        return bytes([number])
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError(f"escape {match[0]} is no character")
    return chr(number).encode()


def quote(text: str) -> str:
    """The literal in double quotes that Go prints for `text`: printable characters as they are, others escaped."""
    if text.isprintable() and not _NEEDS_ESCAPE.search(text):
        return f'"{text}"'
    return '"' + "".join(map(_printed, text)) + '"'


def _printed(character: str) -> str:
    code = ord(character)
    if character == '"':
        return '\\"'
    if code in _SHORT:
        return _SHORT[code]
    if character.isprintable():
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
