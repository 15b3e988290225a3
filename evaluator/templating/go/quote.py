"""Go's quoted strings: `%q`, and what `#`, `+` and hexadecimal verbs make of a text."""

from __future__ import annotations

from typing import Final

from evaluator.templating.go.values import to_bytes

_NAMED: Final = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}


def quoted(text: str, quote: str = '"', *, ascii_only: bool = False) -> str:
    """The text between quotes, with everything escaped that does not print."""
    return quote + "".join(_escaped(char, quote, ascii_only) for char in text) + quote


def _escaped(char: str, quote: str, ascii_only: bool) -> str:
    if char == quote:
        return "\\" + char
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable() and (code < 0x80 or not ascii_only):
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def can_backquote(text: str) -> bool:
    """Whether the text may stand between backquotes unchanged, on one line."""
    return not any(char in "`\x7f\ufeff" or (char < " " and char != "\t") or "\ud800" <= char <= "\udfff" for char in text)


def hexadecimal(text: str, *, upper: bool, spaced: bool, prefixed: bool, limit: int | None) -> str:
    """The bytes of the text in hexadecimal. limit: at most so many bytes. prefixed: `0x` before all, or each if spaced."""
    digits = [f"{byte:02x}" for byte in to_bytes(text)[:limit]]
    if not digits:
        return ""
    prefix = "0x" if prefixed else ""
    plain = f" {prefix}".join(digits) if spaced else "".join(digits)
    return (prefix + plain).upper() if upper else prefix + plain
