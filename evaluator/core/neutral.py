"""Texts of strangers made harmless: label values and answers may hold anything, also commands to a terminal."""

from __future__ import annotations

import re
import unicodedata

# Control and format characters (escape sequences, right-to-left overrides), surrogates, separators of lines.
_SUSPECT = re.compile(r"[^\x20-\x7e]")
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_JOINER = "\u200d"  # harmless, and emoji are made with it
_BREAK = re.compile(r"[ \t]*(?:\r\n|[\n\r\v\f\x85\u2028\u2029])\s*")


def one_line(text: str, most: int) -> str:
    """`text` in one line of at most `most` characters: line breaks as ` / `, harmful characters as escapes, cut with `...`."""
    folded = _BREAK.sub(" / ", text[: 2 * most].strip())
    return cut(_SUSPECT.sub(_visible, folded), most, "...")


def cut(text: str, most: int, mark: str = "…") -> str:
    """`text`, or its beginning and `mark`, together at most `most` characters."""
    return text if len(text) <= most else text[: most - len(mark)] + mark


def without_commands(text: str) -> str:
    """`text` without what speaks to a terminal or turns the direction of writing, and with line feeds alone."""
    if text.isascii() and text.isprintable():
        return text
    return _COMMANDS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _visible(match: re.Match[str]) -> str:
    character = match.group()
    if character == _JOINER or unicodedata.category(character) not in _HARMFUL:
        return character
    return character.encode("unicode_escape").decode()
