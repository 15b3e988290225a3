"""The report in the languages of those who show it: a page for mails, Slack's own kind of Markdown for messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt

_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><style>
body {{ font: 14px/1.45 sans-serif; max-width: 60em }}
table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid #ccc }}
pre {{ font: 13px/1.3 monospace }}
</style></head><body>
{}</body></html>
"""
_HEADING = re.compile(r"#+ (.*)")
_ESCAPE = re.compile(r"\\(.)")
_RULER = re.compile(r"\|( --- \|)+")
_CELLS = re.compile(r"(?<!\\)\|")


def page(markdown: str) -> str:
    """As HTML. Markdown that contains HTML shows it as text."""
    return _PAGE.format(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))


def slack_text(markdown: str) -> str:
    """As Slack shows it: it has no tables, so these are set in columns of a fixed width."""
    lines: list[str] = []
    table: list[list[str]] = []
    for line in markdown.splitlines():
        if line.startswith("|"):
            if not _RULER.fullmatch(line):
                table.append([_plain(cell.strip()) for cell in _CELLS.split(line)[1:-1]])
            continue
        lines += _columns(table)
        table = []
        heading = _HEADING.fullmatch(line)
        lines.append(f"*{_plain(heading[1])}*" if heading else line.replace("```text", "```"))
    return "\n".join([*lines, *_columns(table)])


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield "```"
        for row in rows:
            yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        yield "```"


def _plain(text: str) -> str:
    """Without what Markdown needs; `&lt;` means the same to Slack."""
    return _ESCAPE.sub(r"\1", text)
