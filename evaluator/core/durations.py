"""Prometheus durations: `1h30m`, `5m`, `250ms`.

The grammar and the printed form are those of Prometheus' model package: units from the largest to the smallest, each at
most once, whole numbers, no sign. A year is 365 days, a week 7 days, a day 24 hours.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

_MILLISECONDS = {
    "y": 365 * 24 * 3600 * 1000,
    "w": 7 * 24 * 3600 * 1000,
    "d": 24 * 3600 * 1000,
    "h": 3600 * 1000,
    "m": 60 * 1000,
    "s": 1000,
    "ms": 1,
}
_PRINTED = ("y", "w", "d", "h", "m", "s", "ms")  # what Prometheus and Alertmanager read
_GRAMMAR = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in _MILLISECONDS))
_LARGEST = (2**63 - 1) // 1_000_000  # what a signed 64-bit count of nanoseconds can hold, in milliseconds


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> timedelta:
    """Read a duration; `0` needs no unit.

    Raises ValueError with Prometheus' wording when `text` is empty, malformed or too large.
    """
    if text == "0":
        return timedelta(0)
    if text == "":
        raise ValueError("empty duration string")
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise ValueError(f'not a valid duration string: "{text}"')
    milliseconds = sum(int(count) * size for count, size in zip(match.groups(), _MILLISECONDS.values(), strict=True) if count)
    if milliseconds > _LARGEST:
        raise ValueError("duration out of range")
    return timedelta(milliseconds=milliseconds)


def format_duration(duration: timedelta) -> str:
    """Print a duration as Prometheus does; years and weeks only where they divide exactly: 14d is `2w`, 8d is `8d`."""
    milliseconds = duration // timedelta(milliseconds=1)
    if milliseconds == 0:
        return "0s"
    sign, rest, parts = ("-", -milliseconds, []) if milliseconds < 0 else ("", milliseconds, list[str]())
    for unit in _PRINTED:
        size = _MILLISECONDS[unit]
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
