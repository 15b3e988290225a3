"""Texts made to fit: by bytes, or by whatever a service counts. Never in the midst of a character."""

from __future__ import annotations

from collections.abc import Callable

_MARK = "…"


def cut_bytes(text: str, most: int) -> str:
    """`text`, or its beginning and `…`, together at most `most` bytes of UTF-8."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text
    return encoded[: most - len(_MARK.encode())].decode(errors="ignore") + _MARK


def cut_until(text: str, fits: Callable[[str], bool]) -> str:
    """`text`, or its longest beginning and `…` that fits. fits: whoever holds for a text holds for every shorter one."""
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle] + _MARK) else (low, middle - 1)
    return text[:low] + _MARK
