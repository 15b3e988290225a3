"""What people type for silences, and what they are shown."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from evaluator.cli.output import fail
from evaluator.core.durations import parse_duration
from evaluator.core.labels import ALERT_NAME, Labels, Matcher, MatchOp
from evaluator.core.matchers import format_matchers, parse_matchers
from evaluator.core.quoting import quote as quoted

Json = dict[str, Any]

_OPS = {
    (True, False): MatchOp.EQUAL,
    (False, False): MatchOp.NOT_EQUAL,
    (True, True): MatchOp.REGEX,
    (False, True): MatchOp.NOT_REGEX,
}


def read_matchers(texts: Sequence[str]) -> list[Matcher]:
    """As amtool reads them: the first one may be the name of an alert alone."""
    named = bool(texts) and not any(sign in texts[0] for sign in "=~!")
    found = [Matcher(ALERT_NAME, texts[0])] if named else []
    for text in texts[named:]:
        try:
            found += parse_matchers(text).matchers
        except ValueError as error:
            fail(f"{text!r} is not a matcher: {error}; write NAME=VALUE, with one of = != =~ !~")
    return found


def matcher_body(matcher: Matcher) -> Json:
    """A matcher as the API takes it."""
    is_equal, is_regex = next(shape for shape, op in _OPS.items() if op is matcher.op)
    return {"name": matcher.name, "value": matcher.value, "isEqual": is_equal, "isRegex": is_regex}


def matcher_texts(texts: Sequence[str]) -> list[str]:
    """Each matcher as the API reads it."""
    return [format_matchers([matcher])[1:-1] for matcher in read_matchers(texts)]


def matcher_query(texts: Sequence[str]) -> str:
    """The query that asks for silences with these matchers."""
    return "&".join(f"filter={quote(text)}" for text in matcher_texts(texts))


def read_span(text: str, option: str) -> str:
    """A duration, as it was written."""
    try:
        parse_duration(text)
    except ValueError as error:
        fail(f"{option} {error}; write whole numbers with units, as in 1h30m")
    return text


def read_instant(text: str, option: str) -> str:
    """A time, in RFC 3339; without an offset it is on the clock of this machine."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError):
        fail(f"{option} {text!r} is not a time; write it as 2030-01-31T22:00, or with a zone as 2030-01-31T22:00:00Z")


def author(named: str | None) -> str:
    """Who acts: whoever is named, else the user of this machine."""
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        fail("this machine does not say who you are; add --as PERSON")


def matchers_text(sets: Iterable[Iterable[Mapping[str, Any]]]) -> str:
    """The matchers of an answer, alternatives joined by `or`."""
    return " or ".join(format_matchers([_matcher(one) for one in found])[1:-1] for found in sets)


def _matcher(shown: Mapping[str, Any]) -> Matcher:
    return Matcher(shown["name"], shown["value"], _OPS[shown["isEqual"], shown["isRegex"]])


def instant(text: str) -> datetime:
    """A time of an answer."""
    return datetime.fromisoformat(text)


def clock(text: str | None) -> str:
    """A time of an answer, to the second, in UTC; nothing for none."""
    return f"{instant(text).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if text else ""


def alert_text(labels: Mapping[str, str]) -> str:
    """`Down job="db"`."""
    rest = " ".join(f"{name}={quoted(value)}" for name, value in Labels(labels).items() if name != ALERT_NAME)
    return f"{labels.get(ALERT_NAME, '')} {rest}".strip()


def window_text(window: Mapping[str, Any] | None) -> str:
    """What a window is called."""
    if not window:
        return ""
    name = window["name"] or window["id"]
    return f"{name} (configuration)" if window["configured"] else name
