"""The functions of notification templates, by the names and with the types that Alertmanager gives them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes
from zoneinfo import ZoneInfo

from evaluator.templating.errors import CallFailed
from evaluator.templating.functions import regexes, texts
from evaluator.templating.functions.humanize import humanize_duration
from evaluator.templating.functions.json_text import to_json
from evaluator.templating.go.builtins import BUILTINS
from evaluator.templating.go.parse_time import parse_time
from evaluator.templating.go.times import TIME, YEAR_ONE, Duration, Time, difference, format_time, in_zone
from evaluator.templating.go.values import (
    ANY,
    ANY_LIST,
    STRING,
    STRINGS,
    AnyMap,
    Function,
    SafeHtml,
    SafeUrl,
    Strings,
    Struct,
    function,
    to_bytes,
    to_text,
)

_LONGEST: Final = 1 << 20
_MOST_ITEMS: Final = 10_000
_WORD: Final = re.compile(r"\w+(?:(?<=[^\W\d_])['.:\u2019\u00b7](?=[^\W\d_])\w+)*")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)


class Telling(Protocol):
    """What the functions need of the scope: the data, and the time of the notification."""

    @property
    def root(self) -> Struct: ...

    @property
    def at(self) -> datetime: ...


def title(text: str) -> str:
    """Every word with one capital: its first letter; the rest in lower case. `CPU load` becomes `Cpu Load`."""
    return _WORD.sub(lambda match: _capitalized(match[0]), text)


def _capitalized(word: str) -> str:
    first = next((index for index, char in enumerate(word) if char.isalpha()), 0)
    return word[:first] + word[first].title() + word[first + 1 :].lower()


def join(separator: str, parts: Strings | None) -> str:
    """The parts with the separator between them."""
    parts = parts or Strings()
    if sum(map(len, parts)) + len(separator) * len(parts) > _LONGEST:
        raise CallFailed(f"a text grows beyond {_LONGEST} characters")
    return separator.join(parts)


def url_unescape(text: str) -> str:
    """The opposite of a query's escaping; `+` is a blank."""
    raw = to_bytes(text)
    bad = _BAD_ESCAPE.search(raw)
    if bad:
        raise CallFailed(f'invalid URL escape "{to_text(bad[0])}"')
    return to_text(unquote_to_bytes(raw.replace(b"+", b" ")))


def in_named_zone(name: str, time: Time) -> Time:
    """The same instant in a zone such as `Europe/Berlin`."""
    try:
        return in_zone(time, ZoneInfo(name or "UTC"))
    except (KeyError, ValueError, OSError):
        raise CallFailed(f"unknown time zone {name}") from None


def to_date(layout: str, text: str) -> Time:
    """A time read from a text; Go's zero time where it cannot be read."""
    try:
        return parse_time(layout, text)
    except CallFailed:
        return Time(YEAR_ONE)


def base64_encode(text: str) -> str:
    """In the alphabet that is safe in URLs."""
    return base64.urlsafe_b64encode(to_bytes(text)).decode()


def base64_decode(text: str) -> str:
    """The opposite of `base64encode`."""
    try:
        return to_text(base64.b64decode(to_bytes(text), altchars=b"-_", validate=True))
    except binascii.Error:
        raise CallFailed("illegal base64 data") from None


def append(items: list[Any] | None, *more: Any) -> list[Any]:
    """A longer list."""
    if len(items or ()) + len(more) > _MOST_ITEMS:
        raise CallFailed(f"a list of more than {_MOST_ITEMS} items")
    return [*(items or ()), *more]


def dictionary(*pairs: Any) -> AnyMap:
    """A map of names and values in turn."""
    if len(pairs) % 2:
        raise CallFailed("dict expects an even number of arguments")
    for name in pairs[::2]:
        if not isinstance(name, str):
            raise CallFailed("dict keys must be strings")
    return AnyMap(zip(pairs[::2], pairs[1::2], strict=True))


def _since(scope: Telling, time: Time) -> Duration:
    return difference(Time(scope.at), time)


ALERTMANAGER: Final[Mapping[str, Function]] = {
    each.name: each
    for each in (
        function("toUpper", texts.upper, STRING),
        function("toLower", texts.lower, STRING),
        function("title", title, STRING),
        function("trimSpace", lambda text: text.strip(), STRING),
        function("join", join, STRING, STRINGS),
        function("match", regexes.matches, STRING, STRING),
        function("reReplaceAll", regexes.replace_all, STRING, STRING, STRING),
        function("stringSlice", lambda *values: Strings(values), rest=STRING),
        function("safeHtml", SafeHtml, STRING),
        function("safeUrl", SafeUrl, STRING),
        function("urlUnescape", url_unescape, STRING),
        function("routeLabels", lambda scope: scope.root.fields["RouteLabels"], scoped=True),
        function("date", lambda layout, time: format_time(time.at, layout), STRING, TIME),
        function("tz", in_named_zone, STRING, TIME),
        function("now", lambda scope: Time(scope.at), scoped=True),
        function("since", _since, TIME, scoped=True),
        function("humanizeDuration", humanize_duration, ANY),
        function("toDate", to_date, STRING, STRING),
        function("mustToDate", parse_time, STRING, STRING),
        function("toJson", to_json, ANY),
        function("base64encode", base64_encode, STRING),
        function("base64decode", base64_decode, STRING),
        function("list", lambda *values: list(values), rest=ANY),
        function("append", append, ANY_LIST, rest=ANY),
        function("dict", dictionary, rest=ANY),
    )
}
NOTIFICATION_FUNCTIONS: Final = {**BUILTINS, **ALERTMANAGER}
