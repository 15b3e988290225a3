"""What makes any value harmless in its place. Each takes the values of a pipeline's last command and gives a text.

A text that a template vouched for (`safeHtml`, `safeUrl`) passes where its kind belongs; elsewhere it is like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from evaluator.templating.errors import CallFailed
from evaluator.templating.functions.json_text import to_json
from evaluator.templating.go.printing import sprint
from evaluator.templating.go.values import ANY, Function, Pointer, SafeHtml, SafeUrl, Stringer, function, to_bytes
from evaluator.templating.html import markup
from evaluator.templating.html.attributes import is_harmless
from evaluator.templating.html.context import IN_TAG, Context, Delimiter, Element, NotAPage, State
from evaluator.templating.html.style import decoded

REFUSED: Final = "ZgotmplZ"
"""What stands in place of a value that cannot be made harmless; Go's word, which people search for."""

_MARKUP: Final = {"\0": "\ufffd", '"': "&#34;", "&": "&amp;", "'": "&#39;", "+": "&#43;", "<": "&lt;", ">": "&gt;"}
_IN_MARKUP: Final = str.maketrans(_MARKUP)
_IN_MARKUP_AGAIN: Final = str.maketrans({char: text for char, text in _MARKUP.items() if char != "&"})
_UNQUOTED: Final = {
    **_MARKUP,
    "\0": "&#xfffd;",
    **{char: f"&#{ord(char)};" for char in "\t\n\v\f\r =`"},
    **{chr(code): f"&#x{code:x};" for code in (*range(0xFDD0, 0xFDF0), *range(0xFFF0, 0x10000))},
    **{chr(code): "&#xfffd;" for code in range(0xDC80, 0xDD00)},
}
_IN_UNQUOTED: Final = str.maketrans(_UNQUOTED)
_IN_UNQUOTED_AGAIN: Final = str.maketrans({char: text for char, text in _UNQUOTED.items() if char != "&"})
_IN_STYLE: Final = {
    **{char: f"\\{ord(char):x}" for char in "\0\t\n\f\r\"&'()+/:;<>{}"},
    "\\": "\\\\",
}
_STYLE_SIGN: Final = re.compile("[\0\t\n\f\r\"&'()+/:;<>{}\\\\]")
_AMBIGUOUS_AFTER: Final = frozenset("0123456789abcdefABCDEF\t\n\f\r ")
_STYLE_REFUSED: Final = re.compile(r"[\0\"'()/;@\[\\\]`{}<>]|--")
_STYLE_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")
_STRING: Final = {
    **{char: f"\\u{ord(char):04x}" for char in "\0\v\"`&'+<>\u2028\u2029"},
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    "/": "\\/",
    "\\": "\\\\",
}
_IN_STRING: Final = str.maketrans(_STRING)
_IN_LITERAL: Final = str.maketrans({**_STRING, "$": "\\u0024", "{": "\\u007b", "}": "\\u007d"})
_IN_REGEXP: Final = str.maketrans(
    {**{char: text for char, text in _STRING.items() if char != "`"}, **{char: f"\\{char}" for char in "$()*-.?[]^{|}"}}
)
_RESERVED: Final = b"!#$&*+,/:;=?@[]"
_UNRESERVED: Final = frozenset(b"-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ESCAPED: Final = re.compile(rb"%[0-9a-fA-F]{2}")
_SCHEMES: Final = ("http", "https", "mailto")
_SPACES: Final = "\t\n\f\r "
_SOURCE: Final = re.compile(r"([\t\n\f\r ]*)([^\t\n\f\r ]*)([\t\n\f\r 0-9a-zA-Z]*)", re.DOTALL)
_NAME: Final = re.compile(r"[0-9a-z]+")
_WORD_CHARACTER: Final = re.compile(r"[$0-9A-Z_a-z]")


def text_of(values: Sequence[Any]) -> str:
    """The values as one text; nil is none. A text that somebody vouched for keeps its type."""
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint([_plain(value) for value in values if value is not None])


def _plain(value: Any) -> Any:
    """What a pointer points to, since it prints as that."""
    return value.target if isinstance(value, Pointer) and not isinstance(value.target, Stringer) else value


def as_text(*values: Any) -> str:
    """One text of several values, for a function that takes one."""
    return text_of(values)


# Markup


def escape_text(*values: Any) -> str:
    """Between tags."""
    text = text_of(values)
    return str(text) if isinstance(text, SafeHtml) else text.translate(_IN_MARKUP)


def escape_rcdata(*values: Any) -> str:
    """In titles and text areas."""
    text = text_of(values)
    return text.translate(_IN_MARKUP_AGAIN if isinstance(text, SafeHtml) else _IN_MARKUP)


def escape_attribute(*values: Any) -> str:
    """Between quotes. Of markup only the texts."""
    text = text_of(values)
    return without_tags(text).translate(_IN_MARKUP_AGAIN) if isinstance(text, SafeHtml) else text.translate(_IN_MARKUP)


def escape_unquoted(*values: Any) -> str:
    """In a value without quotes, which must not be empty: what follows would become the value."""
    text = text_of(values)
    if not text:
        return REFUSED
    return without_tags(text).translate(_IN_UNQUOTED_AGAIN) if isinstance(text, SafeHtml) else text.translate(_IN_UNQUOTED)


def filter_name(*values: Any) -> str:
    """As the name of an attribute or element: only one whose value is just text."""
    name = text_of(values).lower()
    return name if _NAME.fullmatch(name) and is_harmless(name) else REFUSED


def drop(*_: Any) -> str:
    """In comments."""
    return ""


def without_tags(text: str) -> str:
    """The texts of a piece of markup."""
    kept: list[str] = []
    context, at, all_text = Context(), 0, True
    while at < len(text):
        if context.delimiter is not Delimiter.NONE:
            found = markup.VALUE_ENDS[context.delimiter].search(text, at)
            if found is None:
                break
            end = found.start() if context.delimiter is Delimiter.SPACE else found.end()
            context, at = Context(State.TAG, element=context.element), end
            continue
        following, end = _follow_loosely(context, text, at)
        if context.state in (State.TEXT, State.RCDATA):
            tag = text.rfind("<", at, end) if following.state is not context.state else -1
            kept.append(text[at : end if tag < 0 else tag])
        else:
            all_text = False
        context, at = following, end
    return text if all_text else "".join(kept)


def _follow_loosely(context: Context, text: str, at: int) -> tuple[Context, int]:
    """One step through markup, its scripts and styles taken for texts; to the end where it cannot be followed."""
    if context.element is not Element.NONE and context.state not in IN_TAG:
        end = markup.end_of_element(context, text[at:])
        return (Context() if at + end < len(text) else context), at + end
    try:
        following, read = markup.FOLLOW[context.state](context, text[at:])
    except NotAPage:
        return context, len(text)
    return following, at + read


# URLs


def filter_url(*values: Any) -> str:
    """At the beginning of a URL: nothing that runs a script."""
    text = text_of(values)
    return text if isinstance(text, SafeUrl) or _is_safe(text) else f"#{REFUSED}"


def _is_safe(url: str) -> bool:
    scheme, colon, _ = url.partition(":")
    return not colon or "/" in scheme or scheme.lower() in _SCHEMES


def normalize_url(*values: Any) -> str:
    """A URL as it is, but for what would end it."""
    return _url(text_of(values), _RESERVED)


def escape_url(*values: Any) -> str:
    """A part of a query."""
    text = text_of(values)
    return _url(text, _RESERVED if isinstance(text, SafeUrl) else b"")


def _url(text: str, reserved: bytes) -> str:
    raw = to_bytes(text)
    kept = _UNRESERVED | frozenset(reserved)
    shown = bytearray()
    for at, byte in enumerate(raw):
        escaped = byte == 0x25 and reserved and _ESCAPED.match(raw, at)
        shown += bytes([byte]) if byte in kept or escaped else b"%%%02x" % byte
    return shown.decode()


def escape_srcset(*values: Any) -> str:
    """Several URLs, each with its size."""
    text = text_of(values)
    if isinstance(text, SafeUrl):
        return _url(text, _RESERVED).replace(",", "%2c")
    return ",".join(map(_source, text.split(",")))


def _source(text: str) -> str:
    found = _SOURCE.fullmatch(text)
    return f"{found[1]}{_url(found[2], _RESERVED)}{found[3]}" if found and _is_safe(found[2]) else f"#{REFUSED}"


# Styles


def escape_style_string(*values: Any) -> str:
    """In a string of a style."""
    text = text_of(values)

    def escaped(found: re.Match[str]) -> str:
        shown = _IN_STYLE[found[0]]
        following = text[found.end() : found.end() + 1]
        return shown if shown == "\\\\" or (following and following not in _AMBIGUOUS_AFTER) else f"{shown} "

    return _STYLE_SIGN.sub(escaped, text)


def filter_style(*values: Any) -> str:
    """As a value of a style: a number, a colour, a word."""
    text = decoded(text_of(values))
    name = _STYLE_NAME.sub("", text).lower()
    return REFUSED if _STYLE_REFUSED.search(text) or "expression" in name or "mozbinding" in name else text


# Scripts


def script_value(*values: Any) -> str:
    """As a value of a script: JSON, apart from words that stand next to it."""
    value = _plain(values[0]) if len(values) == 1 else text_of(values)
    shown = value.go_string() if isinstance(value, Stringer) and not _has_json(value) else value
    try:
        text = to_json(str(shown) if isinstance(shown, str) else shown)
    except CallFailed as error:
        return f" /* {_in_comment(str(error))} */null "
    pad = " " if _WORD_CHARACTER.match(text[0]) or _WORD_CHARACTER.match(text[-1]) else ""
    return f"{pad}{text}{pad}"


def _has_json(value: Any) -> bool:
    """Times say of themselves what they are in JSON."""
    return getattr(value, "go_type", "") == "time.Time"


def _in_comment(text: str) -> str:
    return text.replace("*/", "* /").replace("</script", "\\x3C/script").replace("<!--", "\\x3C!--")


def escape_string(*values: Any) -> str:
    """In a string of a script."""
    return text_of(values).translate(_IN_STRING)


def escape_literal(*values: Any) -> str:
    """In a template literal."""
    return text_of(values).translate(_IN_LITERAL)


def escape_regexp(*values: Any) -> str:
    """In a regular expression, which must not be empty: it would be a comment."""
    return text_of(values).translate(_IN_REGEXP) or "(?:)"


ESCAPERS: Final[Mapping[str, Function]] = {
    f"_{each.__name__}": function(f"_{each.__name__}", each, rest=ANY)
    for each in (
        escape_text,
        escape_rcdata,
        escape_attribute,
        escape_unquoted,
        filter_name,
        drop,
        filter_url,
        normalize_url,
        escape_url,
        escape_srcset,
        escape_style_string,
        filter_style,
        script_value,
        escape_string,
        escape_literal,
        escape_regexp,
        as_text,
    )
}
"""By the names that they have in escaped templates, which no text can use."""
