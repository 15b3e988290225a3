"""The alerts that the evaluator itself asserts, whatever their causes: raised, changed in their text, and over.

Who watches for a cause (`meta` lists them) asks here by labels without the external ones. Each is asserted by a source of its
own, so that a restart finds it again, and a rule that asserts an alert with the same labels does not end it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from evaluator.core.alerts import Alert, Alerts, Fixed
from evaluator.core.evaluation.asserting import RENAMED
from evaluator.core.labels import Labels
from evaluator.core.posted.forwarding import Forwarding
from evaluator.core.settings import Settings
from evaluator.core.watching.meta import SOURCE, Raised, bare


class BuiltIn:
    """See the module. changed: is told of each that begins or ends."""

    def __init__(
        self, settings: Settings, alerts: Alerts, forwarding: Forwarding, changed: Callable[[Alert, datetime], None]
    ) -> None:
        self._settings = settings
        self._alerts = alerts
        self._forwarding = forwarding
        self._changed = changed

    def raise_(self, raised: Raised, now: datetime) -> None:
        """It fires, or goes on with this text."""
        labels = self._named(raised.labels)
        known = self._alerts.get(labels.fingerprint)
        if known is not None and raised.source in known.sources:
            known.described = raised.described
            return
        self._turned(self._alerts.affirm(labels, raised.source, now, now, raised.described, self._settings.external_url), now)

    def cease(self, labels: Labels, now: datetime, why: str = "") -> None:
        """Its cause is over. why: when not simply that."""
        alert = self._alerts.withdraw(self._named(labels), SOURCE + labels.fingerprint, now, now, why)
        if alert is not None:
            self._turned(alert, now)

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new configuration. Where external labels change, everything that fires begins anew under its new name."""
        former, self._settings = self._settings.external_labels, settings
        if former == settings.external_labels:
            return
        for alert in list(self._alerts):
            for source in sorted(alert.sources):
                if source.startswith(SOURCE):
                    self._rename(alert, source, now)

    def resume(self, alert: Alert, source: str, now: datetime) -> None:
        """It fires from before a restart, maybe under a name that it would not have now."""
        if self._named(bare(alert.labels)) != alert.labels:
            self._rename(alert, source, now)
        else:
            self._forwarding.follow(alert, now)

    def _rename(self, alert: Alert, source: str, now: datetime) -> None:
        raised = Raised(bare(alert.labels), Fixed(alert.described.annotations))
        if self._alerts.withdraw(alert.labels, source, now, now, RENAMED) is not None:
            self._turned(alert, now)
        self.raise_(raised, now)

    def _turned(self, alert: Alert, now: datetime) -> None:
        self._changed(alert, now)
        self._forwarding.follow(alert, now)

    def _named(self, labels: Labels) -> Labels:
        return labels.filled_from(self._settings.external_labels)
