"""Alerts that others post: what period one claims, and what becomes of a period that was claimed before.

The rules are Alertmanager's. Without a start an alert starts now, or at its end where that has passed; without an end it ends
`resolve_timeout` from now, which is then a guess that any real end may shorten. Two claims for the same labels that overlap are
one alert: it starts with the earlier; the newer claim's end counts, unless the older one was later and no guess. Claims that do
not overlap are two episodes.

Departure: an end that is named and lies a few seconds ahead is an end, told by somebody whose clock is a little fast. To
Alertmanager it is a shorter claim, and an older one that reaches further keeps the alert; of whoever says only once that it is
over, nothing is heard until then.

`taking` applies this to the alerts that are known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import Pairs

SOURCE = "posted"
"""Who asserts an alert that was posted, as its record says."""

AHEAD = timedelta(seconds=10)
"""How far the clocks of those who post may be ahead of ours."""


class PostedAlert(NamedTuple):
    """An alert as somebody posts it; labels and annotations are valid. Times that were not given are None."""

    labels: Labels
    annotations: Pairs = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = ""


@frozen
class Period:
    """When an alert claims to fire. guessed: nobody named the end."""

    starts_at: datetime
    ends_at: datetime
    guessed: bool = False

    def over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return self.ends_at <= now

    def overlaps(self, older: Period) -> bool:
        """Whether this claim begins or ends within an older one; touching at the edges is not overlapping."""
        return older.starts_at < self.ends_at < older.ends_at or older.starts_at < self.starts_at < older.ends_at


def claimed(alert: PostedAlert, now: datetime, resolve_timeout: timedelta) -> Period:
    """The period that a posted alert claims."""
    ends_at, guessed = (now + resolve_timeout, True) if alert.ends_at is None else (alert.ends_at, False)
    starts_at = alert.starts_at or (min(now, ends_at) if not guessed else now)
    return Period(starts_at, ends_at, guessed)


def merged(older: Period, newer: Period, now: datetime, ahead: timedelta = AHEAD) -> Period:
    """What two claims that overlap, or are the same alert still, make together.

    ahead: how far away an end may be that somebody names because it has come.
    """
    starts_at = min(older.starts_at, newer.starts_at)
    if newer.over(now):
        ends_at = max(older.ends_at, newer.ends_at) if older.over(now) else newer.ends_at
        return Period(starts_at, ends_at, newer.guessed)
    ending = not newer.guessed and newer.ends_at <= now + ahead
    if older.ends_at > newer.ends_at and not older.guessed and not ending:
        return Period(starts_at, older.ends_at, older.guessed)
    return Period(starts_at, newer.ends_at, newer.guessed)
