"""Instants and durations in the words of somebody who has just been woken: `4m 10s ago`, `in 3h 58m`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def span(duration: timedelta) -> str:
    """The two largest units: `3d 4h`, `4m 10s`, `23s`; `0s` for anything below a second, and for what is negative."""
    seconds = max(0, duration // timedelta(seconds=1))
    for number, (unit, size) in enumerate(_UNITS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            smaller, step = _UNITS[number + 1] if unit != "s" else ("", 1)
            more = rest // step if smaller else 0
            return f"{count}{unit} {more}{smaller}" if more else f"{count}{unit}"
    return "0s"


def relative(at: datetime, now: datetime) -> str:
    """Where an instant lies from here."""
    if at > now:
        return f"in {span(at - now)}"
    return "just now" if now - at < timedelta(seconds=1) else f"{span(now - at)} ago"


def clock(at: datetime) -> str:
    """The exact instant, to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def on_the_wall(at: datetime, zone: ZoneInfo) -> str:
    """The day and the time on the clocks of a zone."""
    return at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def parse_instant(text: str) -> datetime:
    """RFC 3339, or a date with or without a time of day, in UTC unless it names a zone. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text.strip().removesuffix("UTC").strip())
    except ValueError:
        raise ValueError(f'"{text}" is no instant; write 2026-03-01 14:30 (in UTC), or RFC 3339 with a zone') from None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f'"{text}" is out of range') from None
