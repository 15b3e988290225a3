"""HTML that is too long, cut so that it remains HTML: no tag or entity is torn, and every open tag is closed."""

from __future__ import annotations

import re

_PIECE = re.compile(r"<(?P<slash>/?)(?P<name>[a-zA-Z][\w-]*)[^<>]*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});|.", re.DOTALL)
_MARK = "…"


def cut_html(text: str, most: int) -> str:
    """`text`, or its beginning, `…` and the tags that close what is open, together at most `most` characters.

    For the few elements that chats know, all of which have an end.
    """
    if len(text) <= most:
        return text
    kept: list[str] = []
    opened: list[str] = []
    used = len(_MARK)
    for found in _PIECE.finditer(text):
        after = _opened(opened, found)
        used += len(found.group())
        if used + sum(len(name) + len("</>") for name in after) > most:
            break
        kept.append(found.group())
        opened = after
    return "".join([*kept, _MARK, *(f"</{name}>" for name in reversed(opened))])


def _opened(before: list[str], found: re.Match[str]) -> list[str]:
    name = found["name"]
    if not name:
        return before
    if not found["slash"]:
        return [*before, name]
    return before[:-1] if before and before[-1] == name else before
