"""The three matcher languages of Alertmanager.

*Classic* is tolerant: values need no quotes, a backslash that escapes nothing is a backslash, `job=` matches the empty
string. *UTF-8* (since 0.27) lets names and values be any text in quotes, and refuses what it does not know. *Fallback*, the
default, reads a text in both: when only one can read it, that one counts; when they disagree, classic does, because that is
what the text meant when it was written. Both cases come with a warning, since the text will change its meaning, or stop
being accepted, on the day when Alertmanager drops the classic language. When neither can read it, the classic error is the
one that is told.

Texts of errors and the columns in them (`start:end`, counted in characters from 0) are Alertmanager's, so that operators
find the same words in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from evaluator.core.frozen import frozen
from evaluator.core.labels import Matcher, escape
from evaluator.core.matchers_classic import parse_classic, parse_classic_list
from evaluator.core.matchers_utf8 import is_reserved, parse_utf8_list
from evaluator.core.quoting import quote


class MatcherMode(StrEnum):
    """Which language matchers are read in; Alertmanager's feature flags have the same names."""

    FALLBACK = "fallback"
    CLASSIC = "classic"
    UTF8_STRICT = "utf8-strict"


@frozen
class ParsedMatchers:
    """Matchers in the order of the text, and what an operator should know about how they were read."""

    matchers: tuple[Matcher, ...]
    warnings: tuple[str, ...] = ()


def parse_matchers(text: str, mode: MatcherMode | str = MatcherMode.FALLBACK) -> ParsedMatchers:
    """Read any number of matchers, with or without braces around them. Raises ValueError."""
    _refuse_broken_unicode(text)
    match MatcherMode(mode):
        case MatcherMode.CLASSIC:
            return ParsedMatchers(parse_classic_list(text))
        case MatcherMode.UTF8_STRICT:
            return ParsedMatchers(parse_utf8_list(text))
        case MatcherMode.FALLBACK:
            return _reconcile(text, _attempt(parse_classic_list, text), _attempt(parse_utf8_list, text))


def parse_matcher(text: str, mode: MatcherMode | str = MatcherMode.FALLBACK) -> ParsedMatchers:
    """Read exactly one matcher, without braces except in classic mode. Raises ValueError."""
    _refuse_broken_unicode(text)
    mode = MatcherMode(mode)
    if mode is MatcherMode.CLASSIC:
        return ParsedMatchers((parse_classic(text),))
    if text.startswith("{") or text.endswith("}"):
        raise ValueError(f"unexpected open or close brace: {text}")
    if mode is MatcherMode.UTF8_STRICT:
        return ParsedMatchers(_utf8_single(text))
    return _reconcile(text, _attempt(lambda it: (parse_classic(it),), text), _attempt(_utf8_single, text))


def format_matchers(matchers: Iterable[Matcher]) -> str:
    """Matchers as Alertmanager prints them, in braces; a name that UTF-8 matchers reserve characters of is quoted."""
    return "{" + ",".join(map(_format, matchers)) + "}"


def _format(matcher: Matcher) -> str:
    name = quote(matcher.name) if any(map(is_reserved, matcher.name)) or not matcher.name else matcher.name
    return f'{name}{matcher.op}"{escape(matcher.value)}"'


def _refuse_broken_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"matcher value not valid UTF-8: {text!a}") from None


_Attempt = tuple[Matcher, ...] | ValueError
_Parse = Callable[[str], tuple[Matcher, ...]]


def _attempt(parse: _Parse, text: str) -> _Attempt:
    try:
        return parse(text)
    except ValueError as error:
        return error


def _reconcile(text: str, classic: _Attempt, utf8: _Attempt) -> ParsedMatchers:
    if isinstance(classic, ValueError):
        if isinstance(utf8, ValueError):
            raise classic
        return ParsedMatchers(utf8)
    if isinstance(utf8, ValueError):
        suggestion = ",".join(map(_format, classic))
        return ParsedMatchers(
            classic, (f"`{text}` is only understood by the classic matcher parser ({utf8}); write it as {suggestion}",)
        )
    if classic != utf8:
        meant, other = format_matchers(classic), format_matchers(utf8)
        return ParsedMatchers(
            classic, (f"`{text}` means {meant} to the classic matcher parser, which counts, but {other} to the UTF-8 parser",)
        )
    return ParsedMatchers(utf8)


def _utf8_single(text: str) -> tuple[Matcher, ...]:
    found = parse_utf8_list(text)
    if len(found) != 1:
        raise ValueError(f"expected 1 matcher, found {len(found)}" if found else "no matchers")
    return found
