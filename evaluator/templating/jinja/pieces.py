"""What messages are made of, for Jinja2: labels in order, tables of them, links, in the markup of the place.

In pages (`pages=True`) everything is escaped, and what is made here is markup; elsewhere it is plain text. Links for chats are
functions of their own, since a text does not know which chat it goes to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from evaluator.core.neutral import one_line
from evaluator.templating.errors import CallFailed
from evaluator.templating.go.values import Struct
from evaluator.templating.html.escapers import filter_url
from evaluator.templating.jinja.limits import turns, weigh

_MRKDWN: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKDOWN: Final = str.maketrans({**{char: f"\\{char}" for char in "\\`*_{}[]()<>#|~"}, "@": "@\u200b"})


class Pair(NamedTuple):
    """A label: `for name, value in labels | pairs`, or `pair.name`."""

    name: str
    value: str


def pairs(labels: Mapping[str, str]) -> list[Pair]:
    """Labels in the order in which people read them: `alertname` first, then by name."""
    if not isinstance(labels, Mapping):
        raise CallFailed("labels or annotations are expected here")
    weigh(labels)
    return [Pair(name, labels[name]) for name in sorted(labels, key=lambda name: (name != "alertname", name))]


def names(labels: Mapping[str, str]) -> list[str]:
    """Their names, in that order."""
    return [pair.name for pair in pairs(labels)]


def values(labels: Mapping[str, str]) -> list[str]:
    """Their values, in that order."""
    return [pair.value for pair in pairs(labels)]


def without(labels: Mapping[str, str], dropped: Iterable[str]) -> Mapping[str, str]:
    """All but some: those named in a list, or those of other labels."""
    unwanted = frozenset(turns(dropped))
    return type(labels)((pair.name, pair.value) for pair in pairs(labels) if pair.name not in unwanted)  # type: ignore[call-arg]


def _label_lines(labels: Mapping[str, str]) -> str:
    wide = max(map(len, names(labels)), default=0)
    return "\n".join(f"{pair.name:{wide}}  {pair.value}" for pair in pairs(labels))


def _label_rows(labels: Mapping[str, str]) -> Markup:
    row = Markup('<tr><th align="left">{}</th><td>{}</td></tr>')
    return Markup("<table>{}</table>").format(Markup("").join(row.format(*pair) for pair in pairs(labels)))


def _plain_link(url: str, text: str = "") -> str:
    return f"{text}: {url}" if text else str(url)


def _page_link(url: str, text: str = "") -> Markup:
    return Markup('<a href="{}">{}</a>').format(filter_url(str(url)), text or url)


def mrkdwn_link(url: str, text: str = "") -> str:
    """A link for Slack."""
    shown = f"|{str(text).translate(_MRKDWN)}" if text else ""
    return f"<{_target(url).translate(_MRKDWN)}{shown}>"


def markdown_link(url: str, text: str = "") -> str:
    """A link in Markdown."""
    return f"[{str(text or url).translate(_MARKDOWN)}]({_target(url)})"


def _target(url: str) -> str:
    """The URL with all escaped that could end it before its end."""
    return quote(str(url), safe="%/:?#[]@!$&'*+,;=~")


def markdown(text: str) -> str:
    """A text that Markdown shows as it is."""
    return str(text).translate(_MARKDOWN)


def mrkdwn(text: str) -> str:
    """A text that Slack shows as it is: no mention, no link."""
    return str(text).translate(_MRKDWN)


def short(text: str, most: int = 200) -> str:
    """A text in one harmless line of at most `most` characters: nothing in it steers a terminal or the direction of writing."""
    return one_line(str(text), min(max(int(most), 10), 10_000))


def checked_url(url: str) -> str:
    """The URL, or `#ZgotmplZ` in place of one that would run a script."""
    return str(filter_url(str(url)))


def firing(alert: Any) -> bool:
    """`alert is firing`"""
    return isinstance(alert, Struct) and alert.fields.get("Status") == "firing"


def resolved(alert: Any) -> bool:
    """`alert is resolved`"""
    return isinstance(alert, Struct) and alert.fields.get("Status") == "resolved"


def pieces(*, pages: bool) -> Mapping[str, Callable[..., Any]]:
    """All of them, as filters and as functions. `safeHtml`: what is markup already, in a page."""
    shared = (pairs, names, values, without, checked_url, mrkdwn_link, markdown_link, markdown, mrkdwn, short)
    found: dict[str, Callable[..., Any]] = {each.__name__: each for each in shared}
    found["label_table"] = _label_rows if pages else _label_lines
    found["link"] = _page_link if pages else _plain_link
    found["safeHtml"] = Markup if pages else str
    return found
