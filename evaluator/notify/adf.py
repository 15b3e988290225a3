"""Texts in Atlassian's document format, in which version 3 of Jira's API wants descriptions.

A text becomes headings (lines that begin with `# `) and paragraphs, in which URLs are links: Jira makes none of them itself.
Whatever else its lines hold is text and nothing more, so labels cannot mention anybody.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

_HEADING = "# "
_URL = re.compile(r"(https?://[^\s<>\"]+)")


def document(text: str) -> dict[str, Any]:
    """The text as a document; blank lines part paragraphs."""
    return {"version": 1, "type": "doc", "content": list(_blocks(text))}


def _blocks(text: str) -> Iterator[dict[str, Any]]:
    for kind, lines in itertools.groupby((line.rstrip() for line in text.splitlines()), _kind):
        if kind == "heading":
            for line in lines:
                yield {"type": "heading", "attrs": {"level": 3}, "content": [_text(line.removeprefix(_HEADING))]}
        elif kind == "paragraph":
            pieces = [piece for line in lines for piece in ({"type": "hardBreak"}, *_linked(line))]
            yield {"type": "paragraph", "content": pieces[1:]}


def _kind(line: str) -> str:
    if not line:
        return "gap"
    return "heading" if line.startswith(_HEADING) and line != _HEADING.strip() else "paragraph"


def _linked(line: str) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(_URL.split(line)):
        if number % 2:
            yield {**_text(part), "marks": [{"type": "link", "attrs": {"href": part}}]}
        elif part:
            yield _text(part)


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
