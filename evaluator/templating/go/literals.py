"""Go's literals as they stand in a template: strings, runes, numbers."""

from __future__ import annotations

import re
from typing import Final

_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'\"]))|\\")
_MISPLACED: Final = re.compile(r"(?<![0-9a-fA-FxXoO])_|_(?![0-9a-fA-F])")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX_FLOAT: Final = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_INTEGER: Final = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_SPECIAL: Final = re.compile(r"([+-]?)(inf|infinity|nan)", re.IGNORECASE)
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1


def unquote(literal: str) -> str:
    """The text of a `"…"` or backquoted literal. Raises ValueError("invalid syntax")."""
    if literal.startswith("`"):
        return literal[1:-1].replace("\r", "")
    return _unescape(literal[1:-1], '"')


def unquote_rune(literal: str) -> int:
    """The code point of a `'…'` literal. Raises ValueError("invalid syntax")."""
    text = _unescape(literal[1:-1], "'")
    if len(text) != 1:
        raise ValueError(f"malformed character constant: {literal}")
    code = ord(text)
    return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code


def _unescape(body: str, quote: str) -> str:
    if "\\" not in body:
        return body

    def replaced(match: re.Match[str]) -> bytes:
        two, four, eight, octal, simple = match.groups()
        if two or octal:
            code = int(two, 16) if two else int(octal, 8)
            if code > 255:
                raise ValueError("invalid syntax")
            return bytes([code])
        if four or eight:
            code = int(four or eight, 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise ValueError("invalid syntax")
            return chr(code).encode()
        if not simple or (simple in "'\"" and simple != quote):
            raise ValueError("invalid syntax")
        return _SIMPLE.get(simple, simple).encode()

    pieces, last = [], 0
    for match in _ESCAPE.finditer(body):
        pieces += [body[last : match.start()].encode("utf-8", "surrogateescape"), replaced(match)]
        last = match.end()
    pieces.append(body[last:].encode("utf-8", "surrogateescape"))
    return b"".join(pieces).decode("utf-8", "surrogateescape")


def parse_int(text: str) -> int | None:
    """A whole number in Go's base-0 syntax (`0x1F`, `0b1`, `017`, `1_000`), of any size; None for anything else."""
    match = _INTEGER.fullmatch(_without_underscores(text))
    if match is None:
        return None
    sign, hexadecimal, binary, octal, decimal = match.groups()
    readings = ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10))
    digits, base = next((digits, base) for digits, base in readings if digits)
    if len(digits) > 64:
        return UINT_MAX + 1
    return int(digits, base) * (-1 if sign == "-" else 1)


def parse_float(text: str) -> float:
    """Read a number as Go's ParseFloat: decimal, hexadecimal with `p`, `inf`, `NaN`, `1_000`; no blanks.

    Raises ValueError with Go's wording; a value beyond the range is an error too.
    """
    plain = _without_underscores(text)
    special = _SPECIAL.fullmatch(plain)
    if special and not (special[1] and special[2].lower() == "nan"):
        return float(plain)
    if _DECIMAL.fullmatch(plain):
        value = float(plain)
    elif _HEX_FLOAT.fullmatch(plain):
        value = _hexadecimal(plain)
    else:
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    if value in (float("inf"), float("-inf")):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": value out of range')
    return value


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("inf")


def _without_underscores(text: str) -> str:
    """The text with its digit separators taken out; unchanged, and so no number, when one stands where none may."""
    return text if _MISPLACED.search(text) else text.replace("_", "")
