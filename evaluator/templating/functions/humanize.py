"""Numbers for people: the `humanize` family.

All round to four significant digits (`%.4g`), and choose the prefix before they round, so 999.96 becomes `1000` and not
`1k`. NaN and the infinities stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.literals import parse_float
from evaluator.templating.go.numbers import four_digits, shortest, special
from evaluator.templating.go.times import Duration, from_seconds
from evaluator.templating.go.values import Kind, Pointer, kind_of, type_name

_LARGE: Final = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL: Final = ("", "m", "u", "n", "p", "f", "a", "z", "y")
_BINARY: Final = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_NANOSECONDS_MAX: Final = float(2**63)


def number(value: Any) -> float:
    """What the humanizing functions accept: numbers, texts of numbers, durations (in seconds). Raises CallFailed."""
    if isinstance(value, Duration):
        return value.seconds
    if isinstance(value, str):
        try:
            return parse_float(value)
        except ValueError as error:
            raise CallFailed(str(error)) from None
    if isinstance(value, bool | Pointer) or kind_of(value) not in (Kind.FLOAT, Kind.INT) or _named(value):
        raise CallFailed(f"can't convert {'<nil>' if value is None else type_name(value)} to float")
    return float(value)


def _named(value: Any) -> bool:
    """Whether it is a whole number of a type that Prometheus does not convert (a month, a weekday)."""
    return type_name(value) not in ("float64", "int", "int64")


def humanize(value: Any) -> str:
    """With a metric prefix: `1.235M`, `500u`."""
    amount = number(value)
    if amount == 0 or not math.isfinite(amount):
        return four_digits(amount)
    if abs(amount) >= 1:
        return _prefixed(amount, _LARGE, lambda rest: rest / 1000 if abs(rest) >= 1000 else None)
    return _prefixed(amount, _SMALL, lambda rest: rest * 1000 if abs(rest) < 1 else None)


def humanize1024(value: Any) -> str:
    """With a binary prefix: `1Mi`. Nothing below 1."""
    amount = number(value)
    if abs(amount) <= 1 or not math.isfinite(amount):
        return four_digits(amount)
    return _prefixed(amount, _BINARY, lambda rest: rest / 1024 if abs(rest) >= 1024 else None)


def _prefixed(amount: float, prefixes: tuple[str, ...], step: Callable[[float], float | None]) -> str:
    count = 0
    while count < len(prefixes) - 1 and (scaled := step(amount)) is not None:
        amount, count = scaled, count + 1
    return four_digits(amount) + prefixes[count]


def humanize_percentage(value: Any) -> str:
    """A ratio as a percentage: 0.95 becomes `95%`."""
    return four_digits(number(value) * 100) + "%"


def humanize_duration(value: Any) -> str:
    """Seconds as `1d 1h 0m 0s`; the fraction is cut off from one minute on. Below a second as `123.5ms`.

    More seconds than 64 bits hold are garbage in Prometheus (which garbage depends on the processor) and right here.
    """
    seconds = number(value)
    if not math.isfinite(seconds):
        return four_digits(seconds)
    if seconds == 0:
        return four_digits(seconds) + "s"
    if abs(seconds) < 1:
        return _prefixed(seconds, _SMALL, lambda rest: rest * 1000 if abs(rest) < 1 else None) + "s"
    return _clock(seconds)


def _clock(seconds: float) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {whole % 60}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {whole % 60}s"
    if minutes:
        return f"{sign}{minutes}m {whole % 60}s"
    return f"{sign}{four_digits(seconds)}s"


def humanize_timestamp(value: Any) -> str:
    """Unix seconds as `2015-06-23 13:19:44.128 +0000 UTC`."""
    seconds = number(value)
    return special(seconds) or to_time(seconds).target.go_string()


def to_time(value: Any) -> Pointer:
    """Unix seconds as a time in UTC, to the millisecond."""
    return Pointer(from_seconds(_within_int64(number(value), "a nanoseconds timestamp")))


def to_duration(value: Any) -> Pointer:
    """Seconds as a duration."""
    seconds = _within_int64(number(value), "a duration")
    return Pointer(Duration(min(int(seconds * 1e9), 2**63 - 1)))


def _within_int64(seconds: float, what: str) -> float:
    if not math.isfinite(seconds):
        raise CallFailed("value is NaN or Inf")
    if abs(seconds * 1e9) > _NANOSECONDS_MAX:
        raise CallFailed(f"{shortest(seconds)} cannot be represented as {what} since it overflows int64")
    return seconds
