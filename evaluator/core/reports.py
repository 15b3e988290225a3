"""When the report about incidents is sent, to whom, and whether one is still owed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.frozen import frozen
from evaluator.core.recurrence.cron import Cron, latest_at, next_after

LATEST = timedelta(days=3)
"""After which nobody needs a report any more that was due while the evaluator was down."""


@frozen
class ReportSettings:
    """schedule: on the clock of `zone`, which the report shows as well. receivers: names. period: what a report is about."""

    schedule: Cron
    zone: ZoneInfo
    receivers: tuple[str, ...]
    period: timedelta = timedelta(days=7)

    def next_after(self, at: datetime) -> datetime:
        """When the next report is due."""
        return next_after(self.schedule, self.zone, at)

    def owed(self, seen_at: datetime | None, now: datetime) -> datetime | None:
        """When the report was due that has been missed; None when none was. seen_at: until when an evaluator was at work.

        Of several that were missed only the last one is owed.
        """
        due = latest_at(self.schedule, self.zone, now)
        missed = seen_at is not None and seen_at < due
        return due if missed and now - due <= LATEST else None
