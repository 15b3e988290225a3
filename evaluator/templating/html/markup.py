"""Following a page: tags, attributes, and the elements whose content is another language."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from evaluator.templating.html import script, style
from evaluator.templating.html.attributes import kind_of_value
from evaluator.templating.html.context import (
    COMMENTS,
    OF_VALUE,
    SCRIPT_LITERALS,
    Attribute,
    Context,
    Delimiter,
    Element,
    NotAPage,
    State,
)

_TAG: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][a-zA-Z0-9]*(?:[:-][a-zA-Z0-9]+)*))")
_BLANK: Final = re.compile(r"[ \t\n\f\r]*")
_NAME: Final = re.compile(r"[^ \t\n\f\r=>'\"<]*")
_UNQUOTED: Final = re.compile(r"[\"'<=`]")
_END_TAGS: Final = {
    element: re.compile(rf"(?i)</{element.value}(?=[> \t\n\f\r/])") for element in Element if element is not Element.NONE
}
_CONTENT: Final = {
    Element.NONE: State.TEXT,
    Element.SCRIPT: State.JS,
    Element.STYLE: State.CSS,
    Element.TEXTAREA: State.RCDATA,
    Element.TITLE: State.RCDATA,
}
_ELEMENTS: Final = {element.value: element for element in Element}
VALUE_ENDS: Final[dict[Delimiter, re.Pattern[str]]] = {
    each: re.compile(f"[{each.value}]") for each in Delimiter if each is not Delimiter.NONE
}
_SCRIPT_TYPES: Final = re.compile(
    r"(?:application/(?:ecmascript|javascript|json|ld\+json|x-ecmascript|x-javascript)|module|text/(?:ecmascript|javascript"
    r"|javascript1\.[0-5]|jscript|livescript|x-ecmascript|x-javascript))"
)
_SCRIPT_LINE: Final = re.compile("[\n\r\u2028\u2029]")
_STYLE_LINE: Final = re.compile("[\n\f\r]")

Follow = Callable[[Context, str], tuple[Context, int]]


def step(context: Context, text: str) -> tuple[Context, int]:
    """Where the page is after the beginning of `text`, and how long that beginning is. Raises NotAPage."""
    if context.delimiter is not Delimiter.NONE:
        return _through_value(context, text)
    end = end_of_element(context, text)
    if end == 0:
        return Context(), 0
    return FOLLOW[context.state](context, text[:end])


def end_of_element(context: Context, text: str) -> int:
    """Where `</script>` and its like end an element, whatever its content is about. In strings of scripts it does not."""
    if context.element is Element.NONE:
        return len(text)
    if context.element is Element.SCRIPT and context.state in SCRIPT_LITERALS | COMMENTS:
        return len(text)
    found = _END_TAGS[context.element].search(text)
    return found.start() if found else len(text)


def _through_value(context: Context, text: str) -> tuple[Context, int]:
    """Through the value of an attribute, whose language sees it without character references."""
    found = VALUE_ENDS[context.delimiter].search(text)
    end = found.start() if found else len(text)
    if context.delimiter is Delimiter.SPACE and (bad := _UNQUOTED.search(text, 0, end)):
        raise NotAPage(f"{bad[0]!r} in a value without quotes: {text[:end]!r}", bad.start())
    if found is None:
        return _inside_value(context, html.unescape(text)), len(text)
    element = context.element
    if element is Element.SCRIPT and context.attribute is Attribute.SCRIPT_TYPE and not _is_script(text[:end]):
        element = Element.NONE
    return Context(State.TAG, element=element), end + (context.delimiter is not Delimiter.SPACE)


def _inside_value(context: Context, value: str) -> Context:
    while value:
        context, read = FOLLOW[context.state](context, value)
        value = value[read:]
    return context


def _is_script(content_type: str) -> bool:
    return _SCRIPT_TYPES.fullmatch(content_type.partition(";")[0].strip().lower()) is not None


def _text(context: Context, text: str) -> tuple[Context, int]:
    found = _TAG.search(text)
    if found is None:
        return context, len(text)
    if found[1]:
        return Context(State.COMMENT), found.end()
    element = Element.NONE if found[2] else _ELEMENTS.get(found[3].lower(), Element.NONE)
    return Context(State.TAG, element=element), found.end()


def _tag(context: Context, text: str) -> tuple[Context, int]:
    start = _after_blanks(text)
    if start == len(text):
        return context, start
    if text[start] == ">":
        return Context(_CONTENT[context.element], element=context.element), start + 1
    end = _end_of_name(text, start)
    if end == start:
        raise NotAPage(f"expected space, attr name, or end of tag, but got {text[start:][:32]!r}", start)
    name = text[start:end].lower()
    is_type = context.element is Element.SCRIPT and name == "type"
    attribute = Attribute.SCRIPT_TYPE if is_type else kind_of_value(name)
    state = State.ATTRIBUTE_NAME if end == len(text) else State.AFTER_NAME
    return Context(state, element=context.element, attribute=attribute), end


def _end_of_name(text: str, start: int) -> int:
    found = _NAME.match(text, start)
    end = found.end() if found else start
    if text[end : end + 1] in tuple("'\"<"):
        raise NotAPage(f"{text[end]!r} in attribute name: {text[start:][:32]!r}", end)
    return end


def _attribute_name(context: Context, text: str) -> tuple[Context, int]:
    end = _end_of_name(text, 0)
    return (context if end == len(text) else replace(context, state=State.AFTER_NAME)), end


def _after_name(context: Context, text: str) -> tuple[Context, int]:
    start = _after_blanks(text)
    if start == len(text):
        return context, start
    if text[start] != "=":
        return replace(context, state=State.TAG), start
    return replace(context, state=State.BEFORE_VALUE), start + 1


def _before_value(context: Context, text: str) -> tuple[Context, int]:
    start = _after_blanks(text)
    if start == len(text):
        return context, start
    delimiter = {'"': Delimiter.DOUBLE, "'": Delimiter.SINGLE}.get(text[start], Delimiter.SPACE)
    opened = replace(context, state=OF_VALUE[context.attribute], delimiter=delimiter)
    return opened, start + (delimiter is not Delimiter.SPACE)


def _after_blanks(text: str) -> int:
    found = _BLANK.match(text)
    return found.end() if found else 0


def _comment(context: Context, text: str) -> tuple[Context, int]:
    end = text.find("-->")
    return (context, len(text)) if end < 0 else (Context(), end + 3)


def _unchanged(context: Context, text: str) -> tuple[Context, int]:
    return context, len(text)


def _block_comment(then: State) -> Follow:
    def follow(context: Context, text: str) -> tuple[Context, int]:
        end = text.find("*/")
        return (context, len(text)) if end < 0 else (replace(context, state=then), end + 2)

    return follow


def _line_comment(ends: re.Pattern[str], then: State) -> Follow:
    """The end of the line is not part of the comment."""

    def follow(context: Context, text: str) -> tuple[Context, int]:
        found = ends.search(text)
        return (context, len(text)) if found is None else (replace(context, state=then), found.start())

    return follow


FOLLOW: Final[dict[State, Follow]] = {
    State.TEXT: _text,
    State.TAG: _tag,
    State.ATTRIBUTE_NAME: _attribute_name,
    State.AFTER_NAME: _after_name,
    State.BEFORE_VALUE: _before_value,
    State.COMMENT: _comment,
    State.RCDATA: _unchanged,
    State.ATTRIBUTE: _unchanged,
    State.URL: style.follow_url,
    State.SRCSET: style.follow_url,
    State.JS: script.follow,
    State.JS_DOUBLE: script.follow_string,
    State.JS_SINGLE: script.follow_string,
    State.JS_REGEXP: script.follow_string,
    State.JS_TEMPLATE: script.follow_literal,
    State.JS_BLOCK_COMMENT: _block_comment(State.JS),
    State.JS_LINE_COMMENT: _line_comment(_SCRIPT_LINE, State.JS),
    State.JS_HTML_OPEN_COMMENT: _line_comment(_SCRIPT_LINE, State.JS),
    State.JS_HTML_CLOSE_COMMENT: _line_comment(_SCRIPT_LINE, State.JS),
    State.CSS: style.follow,
    State.CSS_DOUBLE: style.follow_string,
    State.CSS_SINGLE: style.follow_string,
    State.CSS_DOUBLE_URL: style.follow_string,
    State.CSS_SINGLE_URL: style.follow_string,
    State.CSS_URL: style.follow_string,
    State.CSS_BLOCK_COMMENT: _block_comment(State.CSS),
    State.CSS_LINE_COMMENT: _line_comment(_STYLE_LINE, State.CSS),
}
