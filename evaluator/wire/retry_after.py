"""The Retry-After header, in both of its forms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST = 24 * 3600.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from 0 to a day; None when the header is absent or makes no sense. Names of `headers` in lower case.

    A date is measured against the answer's own Date where there is one, so that a clock that is off does no harm; else
    against `now`.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), MOST)
    until = _date(text)
    if until is None:
        return None
    wait = (until - (_date(headers.get("date", "")) or now)).total_seconds()
    return float(min(max(math.ceil(wait), 0), MOST))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
