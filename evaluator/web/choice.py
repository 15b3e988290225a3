"""What somebody wants to see: matchers, a state, a receiver; all of it in the URL, so that a link shows the same to others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, MatchOp, match_all
from evaluator.core.matchers import MatcherMode, format_matchers, parse_matchers

LONGEST_VALUE = 300
"""A label with a longer value is shown, and cannot be chosen by: its link would be longer than what it leads to."""

MOST_MATCHERS = 20
_WORD = re.compile(r'[^=~!{}",]+')


@frozen
class Choice:
    """The parameters of a list. state, receiver, group: empty for any. page: from 1.

    typed, problem: a text that was meant as a matcher and is none, and why.
    """

    matchers: tuple[Matcher, ...] = ()
    state: str = ""
    receiver: str = ""
    group: str = ""
    page: int = 1
    typed: str = ""
    problem: str = ""

    def admits(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are asked for."""
        return match_all(self.matchers, labels)

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.matchers or self.state or self.receiver or self.group)

    def link(self, **changes: str | int) -> str:
        """The query that shows the same but for `changes`; the first page unless they say otherwise."""
        return _query(replace(self, **{"page": 1, **changes}))  # type: ignore[arg-type]

    def adding(self, name: str, value: str) -> str | None:
        """The query that also asks for this label; None when it is asked for already, or its value is too long for a link."""
        matcher = Matcher(name, value)
        if matcher in self.matchers or len(value) > LONGEST_VALUE:
            return None
        return _query(replace(self, matchers=(*self.matchers, matcher), group="", page=1))

    def without(self, matcher: Matcher) -> str:
        """The query that no longer asks for this."""
        return _query(replace(self, matchers=tuple(one for one in self.matchers if one != matcher), page=1))


def read_choice(parameters: QueryParams, mode: MatcherMode) -> Choice:
    """What a URL asks for; `filter` may come several times. What cannot be read is left out, and said."""
    choice = Choice(
        state=parameters.get("state", ""),
        receiver=parameters.get("receiver", ""),
        group=parameters.get("group", ""),
        page=read_page(parameters),
    )
    for text in parameters.getlist("filter"):
        if not text.strip():
            continue
        try:
            found = read_matchers(text, mode)
        except ValueError as error:
            choice = replace(choice, typed=text, problem=str(error))
        else:
            choice = replace(choice, matchers=tuple(dict.fromkeys((*choice.matchers, *found)))[:MOST_MATCHERS])
    return choice


def read_page(parameters: QueryParams) -> int:
    """Which page, from 1."""
    text = parameters.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 8 else 1


def read_matchers(text: str, mode: MatcherMode) -> tuple[Matcher, ...]:
    """Matchers as Alertmanager reads them; a plain word is looked for in the alerts' names. Raises ValueError."""
    word = text.strip()
    if _WORD.fullmatch(word):
        return (Matcher(ALERT_NAME, f"(?i).*{re.escape(word)}.*", MatchOp.REGEX),)
    return parse_matchers(text, mode).matchers


def written(matcher: Matcher) -> str:
    """A matcher as it is typed."""
    return format_matchers((matcher,))[1:-1]


def written_labels(labels: Labels) -> str:
    """The matchers that hold for exactly these labels, one in each line, without those that are too long to be typed."""
    return "\n".join(written(Matcher(name, value)) for name, value in labels.items() if len(value) <= LONGEST_VALUE)


def _query(choice: Choice) -> str:
    pairs = [("filter", written(matcher)) for matcher in choice.matchers]
    pairs += [(name, getattr(choice, name)) for name in ("state", "receiver", "group") if getattr(choice, name)]
    pairs += [("page", str(choice.page))] if choice.page > 1 else []
    return "?" + urlencode(pairs, errors="replace")
