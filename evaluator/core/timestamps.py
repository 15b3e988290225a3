"""Instants as texts, as Prometheus and Alertmanager write them."""

from __future__ import annotations

from datetime import UTC, datetime

ZERO_TIME = "0001-01-01T00:00:00Z"


def rfc3339(at: datetime | None) -> str:
    """RFC 3339 in UTC with as many decimals as are needed; None is Go's zero time."""
    if at is None:
        return ZERO_TIME
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()[: -len("+00:00")]
    return f"{text.rstrip('0')}Z" if at.microsecond else f"{text}Z"
