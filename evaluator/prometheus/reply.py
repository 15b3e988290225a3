"""What a server sent back for one request, before anybody judged it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from evaluator.core.frozen import frozen


@frozen
class Reply:
    """An HTTP answer, body complete and not compressed.

    headers: a mapping that does not care about case. seconds: from asking to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock said, by its Date header, in whole seconds; None when it does not say."""
        date = self.headers.get("date")
        return None if date is None else _http_date(date)

    @property
    def media_type(self) -> str:
        """`application/json`, without parameters; empty when the server does not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@lru_cache(maxsize=64)
def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
