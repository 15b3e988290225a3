"""Following the language of styles."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from evaluator.templating.html.context import Context, NotAPage, State, UrlPart

BLANKS: Final = " \t\n\f\r"
_SPECIAL: Final = re.compile(r"""[("'/]""")
# Without (?i), with which it takes ten milliseconds of each start to read.
_URL_WORD: Final = re.compile(r"(?<![A-Za-z0-9_\-\x80-\U0010ffff])[Uu][Rr][Ll][ \t\n\f\r]*\Z")
_ENDS: Final = {
    State.CSS_DOUBLE: re.compile(r'[\\"]'),
    State.CSS_DOUBLE_URL: re.compile(r'[\\"]'),
    State.CSS_SINGLE: re.compile(r"[\\']"),
    State.CSS_SINGLE_URL: re.compile(r"[\\']"),
    State.CSS_URL: re.compile(r"[\\\t\n\f\r )]"),
}
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\f\r])?|(.)|\Z)", re.DOTALL)


def follow(context: Context, text: str) -> tuple[Context, int]:
    """Through a style up to where another language begins."""
    for found in _SPECIAL.finditer(text):
        at, sign = found.start(), found[0]
        if sign == "(":
            if _URL_WORD.search(text, 0, at):
                return _url(context, text, at + 1)
        elif sign == '"':
            return replace(context, state=State.CSS_DOUBLE), at + 1
        elif sign == "'":
            return replace(context, state=State.CSS_SINGLE), at + 1
        elif text.startswith("//", at):
            return replace(context, state=State.CSS_LINE_COMMENT), at + 2
        elif text.startswith("/*", at):
            return replace(context, state=State.CSS_BLOCK_COMMENT), at + 2
    return context, len(text)


def _url(context: Context, text: str, start: int) -> tuple[Context, int]:
    while start < len(text) and text[start] in BLANKS:
        start += 1
    quote = text[start : start + 1]
    if quote == '"':
        return replace(context, state=State.CSS_DOUBLE_URL), start + 1
    if quote == "'":
        return replace(context, state=State.CSS_SINGLE_URL), start + 1
    return replace(context, state=State.CSS_URL), start


def follow_string(context: Context, text: str) -> tuple[Context, int]:
    """Through a string or a URL up to its end. A string may be a URL, since some properties take one so."""
    ends, start = _ENDS[context.state], 0
    while found := ends.search(text, start):
        at = found.start()
        if text[at] != "\\":
            return replace(context, state=State.CSS), at + 1
        if at + 1 == len(text):
            raise NotAPage("unfinished escape sequence in a string of a style", at)
        context = follow_url(context, decoded(text[: at + 2]))[0]
        start = at + 2
    return follow_url(context, decoded(text[start:]))[0], len(text)


def follow_url(context: Context, text: str) -> tuple[Context, int]:
    """How far a URL has come."""
    if "#" in text or "?" in text:
        context = replace(context, url=UrlPart.QUERY)
    elif context.url is UrlPart.NONE and text.strip(BLANKS):
        context = replace(context, url=UrlPart.PATH)
    return context, len(text)


def decoded(text: str) -> str:
    """The text without escapes: `\\2f` is a slash, `\\"` a quote."""

    def character(found: re.Match[str]) -> str:
        if found[1]:
            code = int(found[1], 16)
            return chr(code) if code <= 0x10FFFF else chr(code // 16) + found[1][-1]
        return found[2] or ""

    return _ESCAPE.sub(character, text) if "\\" in text else text
