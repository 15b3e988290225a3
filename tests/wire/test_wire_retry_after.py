"""Retry-After in seconds and as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.wire.retry_after import MOST, retry_after

NOW = datetime(2026, 8, 3, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "9" * 5000}, MOST),
        ({"retry-after": "Mon, 03 Aug 2026 03:01:30 GMT"}, 90.0),
        ({"retry-after": "Mon, 03 Aug 2026 03:01:30"}, 90.0),
        ({"retry-after": "Mon, 03 Aug 2026 02:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 03 Aug 2099 02:00:00 GMT"}, MOST),
        ({"retry-after": "Mon, 03 Aug 2026 09:01:30 GMT", "date": "Mon, 03 Aug 2026 09:00:00 GMT"}, 90.0),
        ({"retry-after": "Mon, 03 Aug 2026 03:01:30 GMT", "date": "nonsense"}, 90.0),
    ],
)
def test_seconds_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@given(st.text())
def test_nonsense_does_no_harm(text: str) -> None:
    wait = retry_after({"retry-after": text, "date": text}, NOW)
    assert wait is None or 0 <= wait <= MOST
