"""Following JavaScript, as far as it must be known whether a `/` divides or begins a regular expression."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from evaluator.templating.html.context import Context, NotAPage, Slash, State

_SPECIAL: Final = re.compile(r"""["'`/{}]|<!--|-->|#!""")
_ENDS: Final = {
    State.JS_DOUBLE: re.compile(r'[\\"]'),
    State.JS_SINGLE: re.compile(r"[\\']"),
    State.JS_REGEXP: re.compile(r"[\\/\[\]]"),
}
_LITERAL_SIGNS: Final = re.compile(r"[`\\$]")
_BLANKS: Final = "\t\n\f\r \u2028\u2029"
_BEFORE_EXPRESSION: Final = frozenset(",<>=*%&|^?!~([:;{}")
_WORDS: Final = frozenset(
    [
        "break",
        "case",
        "continue",
        "delete",
        "do",
        "else",
        "finally",
        "in",
        "instanceof",
        "return",
        "throw",
        "try",
        "typeof",
        "void",
    ]
)
_LAST_WORD: Final = re.compile(r"[$0-9A-Z_a-z]*\Z")
_QUOTES: Final = {'"': State.JS_DOUBLE, "'": State.JS_SINGLE, "`": State.JS_TEMPLATE}
_COMMENTS: Final = (
    ("//", State.JS_LINE_COMMENT),
    ("/*", State.JS_BLOCK_COMMENT),
    ("<!--", State.JS_HTML_OPEN_COMMENT),
    ("-->", State.JS_HTML_CLOSE_COMMENT),
    ("#!", State.JS_LINE_COMMENT),
)


def follow(context: Context, text: str) -> tuple[Context, int]:
    """Through code up to where a string, a comment or a regular expression begins, or past one sign that means none."""
    found = _SPECIAL.search(text)
    if found is None:
        return replace(context, slash=after(text, context.slash)), len(text)
    at = found.start()
    context = replace(context, slash=after(text[: at + (found[0] in "{}")], context.slash))
    if found[0] in _QUOTES:
        return replace(context, state=_QUOTES[found[0]], slash=Slash.REGEXP), at + 1
    for beginning, state in _COMMENTS:
        if text.startswith(beginning, at):
            return replace(context, state=state), at + len(beginning)
    if found[0] == "/":
        return _slash(context, text, at), at + 1
    return (_brace(context, found[0]) if context.braces else context), at + 1


def _slash(context: Context, text: str, at: int) -> Context:
    match context.slash:
        case Slash.REGEXP:
            return replace(context, state=State.JS_REGEXP)
        case Slash.DIVISION:
            return replace(context, slash=Slash.REGEXP)
    raise NotAPage(f"'/' could start a division or regexp: {text[at : at + 32]!r}", at)


def _brace(context: Context, sign: str) -> Context:
    """Inside `${…}` braces are counted, to know which one ends it."""
    *outer, depth = context.braces
    if sign == "{":
        return replace(context, braces=(*outer, depth + 1))
    if sign != "}":
        return context
    return (
        replace(context, braces=(*outer, depth - 1))
        if depth
        else replace(context, braces=tuple(outer), state=State.JS_TEMPLATE)
    )


def follow_string(context: Context, text: str) -> tuple[Context, int]:
    """Through a string or a regular expression up to its end."""
    ends, start, in_set = _ENDS[context.state], 0, False
    while found := ends.search(text, start):
        at, sign = found.start(), found[0]
        start = at + 1
        if sign == "\\":
            start += 1
            if start > len(text):
                raise NotAPage("unfinished escape sequence in a string of a script", at)
        elif sign in "[]":
            in_set = sign == "["
        elif sign == "/" and text[max(at - 1, 0) : at + 7].lower() == "</script":
            start += 1
        elif not in_set:
            return replace(context, state=State.JS, slash=Slash.DIVISION), at + 1
    if in_set:
        raise NotAPage("unfinished set of characters in a regular expression of a script", len(text))
    return context, len(text)


def follow_literal(context: Context, text: str) -> tuple[Context, int]:
    """Through a template literal up to its end or to a `${`."""
    start = 0
    while found := _LITERAL_SIGNS.search(text, start):
        at, sign = found.start(), found[0]
        if sign == "`":
            return replace(context, state=State.JS, slash=Slash.DIVISION), at + 1
        if sign == "$" and text.startswith("${", at):
            return replace(context, state=State.JS, slash=Slash.REGEXP, braces=(*context.braces, 0)), at + 2
        if sign == "\\" and at + 1 == len(text):
            raise NotAPage("unfinished escape sequence in a template literal of a script", at)
        start = at + (2 if sign == "\\" else 1)
    return context, len(text)


def after(code: str, before: Slash) -> Slash:
    """What a `/` means after a piece of code that is no literal."""
    code = code.rstrip(_BLANKS)
    if not code:
        return before
    last = code[-1]
    if last in "+-":
        odd = (len(code) - len(code.rstrip(last))) % 2
        return Slash.REGEXP if odd else Slash.DIVISION
    if last == ".":
        return Slash.DIVISION if code[-2:-1].isdecimal() else Slash.REGEXP
    if last in _BEFORE_EXPRESSION:
        return Slash.REGEXP
    word = _LAST_WORD.search(code)
    return Slash.REGEXP if word and word[0] in _WORDS else Slash.DIVISION
