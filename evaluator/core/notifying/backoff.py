"""When to try a delivery again: half a second, growing by half each time up to a minute, give or take half.

The schedule is Alertmanager's. The spread comes from a hash of the row's id and the attempt's number, so that the machine
stays deterministic while a thousand rows that failed together do not come back together.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

FIRST = timedelta(milliseconds=500)
GROWTH = 1.5
LONGEST = timedelta(seconds=60)
SPREAD = 0.5


def delay(row: str, attempt: int) -> timedelta:
    """How long to wait after the `attempt`th failure (counted from 1) of the outbox row `row`."""
    steady = min(FIRST * GROWTH ** min(attempt - 1, 64), LONGEST)
    draw = int.from_bytes(sha256(f"{row}/{attempt}".encode()).digest()[:4], "big") / 2**32
    return steady * (1 - SPREAD + 2 * SPREAD * draw)
