"""Regular expressions as Go's regexp package applies them, on RE2.

Texts are handled as bytes, as Go does, so that a text cut in the middle of a character is no obstacle.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import re2

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.values import to_bytes, to_text

_LONGEST: Final = 1 << 22  # bytes of a replaced text
_REFERENCE: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_GO_WORDS: Final = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(to_bytes(pattern), options)
    except re2.error as error:
        raw = error.args[0]
        reason = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        raise CallFailed(f"error parsing regexp: {_reason(reason)}") from None


def _reason(text: str) -> str:
    """RE2's reason in the words of Go's port of it."""
    if text.startswith("trailing"):
        return "trailing backslash at end of expression: ``"
    message, _, piece = text.partition(": ")
    return f"{_GO_WORDS.get(message, message)}: `{piece}`"


def matches(pattern: str, text: str) -> bool:
    """Whether the expression occurs anywhere in the text. Raises CallFailed for a bad expression."""
    return _compiled(pattern).search(to_bytes(text)) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """Every match replaced; `$1`, `${1}` and `${name}` stand for groups, `$$` for a dollar, unknown groups for nothing.

    The longest name counts: `$1y` is the group called `1y`. An empty match right after a match is skipped.
    """
    try:
        compiled = _compiled(pattern)
    except CallFailed as error:
        raise CallFailed(f"regexp: Compile({_shown(pattern)}): {error}") from None
    raw = to_bytes(text)
    template = _split(replacement)
    pieces: list[bytes] = []
    room, last, position = _LONGEST, 0, 0
    while position <= len(raw) and (match := compiled.search(raw, position)) is not None:
        start, end = match.span()
        pieces.append(raw[last:start])
        if end > last or start == 0:
            pieces.append(_expanded(template, match))
        room -= start - last + len(pieces[-1])
        if room < 0:
            raise CallFailed(f"the text grows beyond {_LONGEST} bytes")
        last, position = end, max(end, _next_character(raw, position))
    pieces.append(raw[last:])
    return to_text(b"".join(pieces))


def _next_character(raw: bytes, position: int) -> int:
    position += 1
    while position < len(raw) and raw[position] & 0xC0 == 0x80:
        position += 1
    return position


def _shown(pattern: str) -> str:
    return f"`{pattern}`" if "`" not in pattern else f'"{pattern}"'


def _split(replacement: str) -> list[bytes | str]:
    """Literal bytes and names of groups, in turn."""
    pieces: list[bytes | str] = []
    last = 0
    for match in _REFERENCE.finditer(replacement):
        pieces.append(to_bytes(replacement[last : match.start()]))
        pieces.append(b"$" if match[0] == "$$" else match[1] or match[2])
        last = match.end()
    return [*pieces, to_bytes(replacement[last:])]


def _expanded(template: list[bytes | str], match: Any) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else _group(match, piece) for piece in template)


def _group(match: Any, name: str) -> bytes:
    if name.isascii() and name.isdecimal():
        number = int(name[:9])
        return (match.group(number) or b"") if number <= match.re.groups else b""
    number = match.re.groupindex.get(to_bytes(name))
    return (match.group(number) or b"") if number else b""
