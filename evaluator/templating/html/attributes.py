"""What the value of an attribute is, by its name."""

from __future__ import annotations

from typing import Final

from evaluator.templating.html.context import Attribute

_URLS: Final = frozenset(
    [
        "action",
        "archive",
        "background",
        "cite",
        "classid",
        "codebase",
        "data",
        "formaction",
        "href",
        "icon",
        "longdesc",
        "manifest",
        "poster",
        "profile",
        "src",
        "usemap",
        "xmlns",
    ]
)
_UNSAFE: Final = frozenset(
    [
        "accept-charset",
        "async",
        "challenge",
        "charset",
        "content",
        "crossorigin",
        "defer",
        "enctype",
        "form",
        "formenctype",
        "formmethod",
        "formnovalidate",
        "http-equiv",
        "keytype",
        "language",
        "method",
        "novalidate",
        "pattern",
        "rel",
        "sandbox",
        "type",
        "value",
        "srcdoc",
    ]
)
_PLAIN: Final = frozenset({"srclang"})  # what sounds like a URL and is none
_TELLING: Final = ("src", "uri", "url")


def kind_of_value(name: str) -> Attribute:
    """Of an attribute, in lower case: `data-` and prefixes such as `xlink:` do not count, and what sounds like a URL is one."""
    if name.startswith("data-"):
        name = name.removeprefix("data-")
    elif ":" in name:
        prefix, _, name = name.partition(":")
        if prefix == "xmlns":
            return Attribute.URL
    if name in _URLS:
        return Attribute.URL
    if name in _UNSAFE | _PLAIN:
        return Attribute.PLAIN
    if name in ("style", "srcset"):
        return Attribute(name)
    if name.startswith("on"):
        return Attribute.SCRIPT
    return Attribute.URL if any(word in name for word in _TELLING) else Attribute.PLAIN


def is_harmless(name: str) -> bool:
    """Whether a template may choose an attribute of this name: its value is no code and no address, and changes no other's."""
    bare = name.removeprefix("data-") if name.startswith("data-") else name.partition(":")[2] or name
    return kind_of_value(name) is Attribute.PLAIN and bare not in _UNSAFE
