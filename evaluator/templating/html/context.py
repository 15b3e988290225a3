"""Where in a page something stands."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Final

from evaluator.core.frozen import frozen


class State(Enum):
    """What is being read; the values are how people call it."""

    TEXT = "text"
    TAG = "a tag"
    ATTRIBUTE_NAME = "the name of an attribute"
    AFTER_NAME = "a tag, after the name of an attribute"
    BEFORE_VALUE = "a tag, before the value of an attribute"
    COMMENT = "a comment"
    RCDATA = "a title or text area"
    ATTRIBUTE = "the value of an attribute"
    URL = "a URL"
    SRCSET = "a srcset"
    JS = "a script"
    JS_DOUBLE = 'a "string" of a script'
    JS_SINGLE = "a 'string' of a script"
    JS_TEMPLATE = "a template literal of a script"
    JS_REGEXP = "a regular expression of a script"
    JS_BLOCK_COMMENT = "a comment of a script"
    JS_LINE_COMMENT = "a line comment of a script"
    JS_HTML_OPEN_COMMENT = "an HTML comment of a script"
    JS_HTML_CLOSE_COMMENT = "the end of an HTML comment of a script"
    CSS = "a style"
    CSS_DOUBLE = 'a "string" of a style'
    CSS_SINGLE = "a 'string' of a style"
    CSS_DOUBLE_URL = 'a url("") of a style'
    CSS_SINGLE_URL = "a url('') of a style"
    CSS_URL = "a url() of a style"
    CSS_BLOCK_COMMENT = "a comment of a style"
    CSS_LINE_COMMENT = "a line comment of a style"
    DEAD = "nowhere"


class Delimiter(Enum):
    """What ends the value of an attribute; `value` lists the characters."""

    NONE = ""
    DOUBLE = '"'
    SINGLE = "'"
    SPACE = " \t\n\f\r>"


class UrlPart(Enum):
    """How far a URL has come; a branch may leave it open."""

    NONE = "at its beginning"
    PATH = "before its query"
    QUERY = "in its query"
    UNKNOWN = "in an unknown part"


class Slash(Enum):
    """What a `/` would mean next in a script."""

    REGEXP = "before an expression"
    DIVISION = "after an expression"
    UNKNOWN = "before or after an expression"


class Attribute(Enum):
    """What the value of the attribute at hand will be."""

    PLAIN = "plain"
    SCRIPT = "script"
    SCRIPT_TYPE = "type of a script"
    STYLE = "style"
    URL = "URL"
    SRCSET = "srcset"


class Element(Enum):
    """The element whose content is not markup."""

    NONE = ""
    SCRIPT = "script"
    STYLE = "style"
    TEXTAREA = "textarea"
    TITLE = "title"


COMMENTS: Final = frozenset(
    {
        State.COMMENT,
        State.JS_BLOCK_COMMENT,
        State.JS_LINE_COMMENT,
        State.JS_HTML_OPEN_COMMENT,
        State.JS_HTML_CLOSE_COMMENT,
        State.CSS_BLOCK_COMMENT,
        State.CSS_LINE_COMMENT,
    }
)
IN_TAG: Final = frozenset({State.TAG, State.ATTRIBUTE_NAME, State.AFTER_NAME, State.BEFORE_VALUE, State.ATTRIBUTE})
SCRIPT_LITERALS: Final = frozenset({State.JS_DOUBLE, State.JS_SINGLE, State.JS_TEMPLATE, State.JS_REGEXP})
OF_VALUE: Final = {
    Attribute.PLAIN: State.ATTRIBUTE,
    Attribute.SCRIPT: State.JS,
    Attribute.SCRIPT_TYPE: State.ATTRIBUTE,
    Attribute.STYLE: State.CSS,
    Attribute.URL: State.URL,
    Attribute.SRCSET: State.SRCSET,
}


class NotAPage(Exception):  # noqa: N818 -- named for what was found
    """The text cannot be followed at `offset`, counted from where the caller began to read."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


@frozen
class Context:
    """A place in a page. braces: open braces in each `${` of the template literals around it."""

    state: State = State.TEXT
    delimiter: Delimiter = Delimiter.NONE
    url: UrlPart = UrlPart.NONE
    slash: Slash = Slash.REGEXP
    attribute: Attribute = Attribute.PLAIN
    element: Element = Element.NONE
    braces: tuple[int, ...] = ()

    def __str__(self) -> str:
        inside = f" of <{self.element.value}>" if self.element is not Element.NONE else ""
        part = f", {self.url.value}" if self.state in (State.URL, State.CSS_URL) else ""
        return f"in {self.state.value}{inside}{part}"


def before_hole(context: Context) -> Context:
    """Where a value stands that is put here: `<a {{x}}` names an attribute, `<a b={{x}}` is a value without quotes."""
    match context.state:
        case State.TAG:
            return replace(context, state=State.ATTRIBUTE_NAME)
        case State.BEFORE_VALUE:
            state = OF_VALUE[context.attribute]
            return replace(context, state=state, delimiter=Delimiter.SPACE, attribute=Attribute.PLAIN)
        case State.AFTER_NAME:
            return replace(context, state=State.ATTRIBUTE_NAME, attribute=Attribute.PLAIN)
    return context


def joined(one: Context, other: Context) -> Context | None:
    """Where a text goes on of which nobody knows which way it came; None where the ways lead to different places."""
    if one.state is State.DEAD:
        return other
    if other.state is State.DEAD or one == other:
        return one
    if replace(one, url=other.url) == other:
        return replace(one, url=UrlPart.UNKNOWN)
    if replace(one, slash=other.slash) == other:
        return replace(one, slash=Slash.UNKNOWN)
    nudged = before_hole(one), before_hole(other)
    return joined(*nudged) if nudged != (one, other) else None
