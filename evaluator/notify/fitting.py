"""Texts made to fit: by bytes, or by whatever a service counts. Never in the midst of a character.

A template may say where it begins to tell of each alert, by the sign `ALERT`. Then what is too long is cut between alerts, and
says how many more there are; nobody wants half of the fourth. The sign itself is never sent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

ALERT = "\x1e"
"""The separator of records: no text for people holds it, for no receiver lets control characters through."""

_MARK = "…"

Fits = Callable[[str], bool]
"""Whether a text is short enough. Whoever holds for a text holds for every shorter one."""


def cut_bytes(text: str, most: int) -> str:
    """`text`, or its beginning and `…`, together at most `most` bytes of UTF-8."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text
    return encoded[: most - len(_MARK.encode())].decode(errors="ignore") + _MARK


def cut_at(text: str, length: int) -> str:
    """The beginning of the text, so long, and `…`."""
    return text[:length] + _MARK


def cut_until(text: str, fits: Fits, beginning: Callable[[str, int], str] = cut_at) -> str:
    """`text`, or its longest beginning and `…` that fits. beginning: makes one that is about so long."""
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(beginning(text, middle)) else (low, middle - 1)
    return beginning(text, low)


def characters(most: int) -> Fits:
    """At most so many characters."""
    return lambda text: len(text) <= most


def in_bytes(most: int) -> Fits:
    """At most so many bytes of UTF-8."""
    return lambda text: len(text.encode(errors="replace")) <= most


def fitted(text: str, fits: Fits, alerts: int, beginning: Callable[[str, int], str] = cut_at) -> str:
    """`text` without signs; cut between alerts where it does not fit, and within the first one where not even that fits.

    alerts: that the message is about, told or not. A text without signs is cut where its room ends.
    """
    whole = between_alerts(text, fits, alerts)
    if whole is not None:
        return whole
    head, *blocks = text.split(ALERT)
    first = (head + blocks[0]).rstrip() if blocks else head
    more = _more(alerts - 1) if blocks else ""
    return cut_until(first, lambda part: fits(part + more), beginning) + more


def between_alerts(text: str, fits: Fits, alerts: int) -> str | None:
    """`text` without signs; or as many whole alerts of it as fit, and how many more there are. None where not one fits."""
    head, *blocks = text.split(ALERT)
    whole = head + "".join(blocks)
    if fits(whole):
        return whole

    def part(kept: int) -> str:
        return (head + "".join(blocks[:kept])).rstrip() + _more(alerts - kept)

    kept = bisect_left(range(1, min(len(blocks), alerts)), True, key=lambda kept: not fits(part(kept)))
    return part(kept) if kept else None


def _more(alerts: int) -> str:
    return f"\n\nand {alerts} more" if alerts > 0 else ""
