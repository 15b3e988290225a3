"""The alerts that others post, as a part of the machine: taken in, and over when nobody posts them any more.

What a post comes to is decided by `taking`. Here it has its consequences: groups consider it, a refusal is counted, a record
kept, and a timer set for the end that the post claims.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.journal import Journal
from evaluator.core.labels import ALERT_NAME
from evaluator.core.limits import Limit
from evaluator.core.notifying.dispatch import Dispatch
from evaluator.core.posted.posting import AHEAD, SOURCE, PostedAlert
from evaluator.core.posted.taking import Taken, resumed, take
from evaluator.core.records import AlertRecord
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers
from evaluator.core.watching.refusals import Refusals

EXPIRE = "expire"


class Posts:
    """See the module. settings: those in force."""

    def __init__(
        self, settings: Settings, alerts: Alerts, dispatch: Dispatch, refusals: Refusals, timers: Timers, journal: Journal
    ) -> None:
        self.settings = settings
        self._alerts = alerts
        self._dispatch = dispatch
        self._refusals = refusals
        self._timers = timers
        self._journal = journal

    def take(self, posted: PostedAlert, now: datetime) -> None:
        """Somebody posts this alert."""
        most = self.settings.limits.alerts_per_alertname
        ahead = timedelta(0) if self.settings.compatibility else AHEAD
        alert, taken = take(self._alerts, posted, now, self.settings.resolve_timeout, most, ahead)
        if taken is Taken.REFUSED:
            name = posted.labels.get(ALERT_NAME, "")
            self._refusals.refused(Limit.ALERTS_PER_ALERTNAME, f'{most} alerts are called "{name}" already', now)
        if alert is None or taken is Taken.AGAIN or taken is Taken.NOT:
            return
        if alert.expires_at is not None:
            self._timers.set_earlier((EXPIRE, alert.fingerprint), alert.expires_at)
        if taken is Taken.TURNED:
            self._dispatch.changed(alert, now)
        else:
            self._journal.touch(AlertRecord, alert.key, alert.record)

    def expire(self, fingerprint: str, now: datetime) -> None:
        """Nobody has posted this alert again in time, unless its end has moved since the timer was set."""
        alert = self._alerts.get(fingerprint)
        if alert is None or alert.expires_at is None:
            return
        if alert.expires_at > now:
            self._timers.set((EXPIRE, fingerprint), alert.expires_at)
        elif self._alerts.withdraw(alert.labels, SOURCE, alert.expires_at, now) is not None:
            self._dispatch.changed(alert, now)

    def resume(self, alert: Alert, now: datetime) -> None:
        """Whoever posts this alert has had no chance while nobody listened: give it the time that it has by default."""
        alert.expires_at = resumed(alert, now, self.settings.resolve_timeout)
        self._timers.set((EXPIRE, alert.fingerprint), alert.expires_at)
