"""Watches the Alertmanagers that alerts are forwarded to. While one of them accepts what is posted, all is well."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.watching.meta import PATIENCE, Cease, Raise, Trouble, built_in_labels, clock, worded

ALERT = "EvaluatorForwardingFailing"
_LABELS = built_in_labels(ALERT, "critical")


@dataclass(slots=True)
class ForwardingWatch:
    """alertmanagers: those that did not accept what was last posted. told: that this is so of all of them."""

    raise_: Raise
    cease: Cease
    alertmanagers: dict[str, Trouble] = field(default_factory=dict)
    told: bool = False

    def accepted(self, alertmanager: str, now: datetime) -> None:
        """An Alertmanager accepted alerts."""
        self.alertmanagers.pop(alertmanager, None)
        self._works(now)

    def failed(self, alertmanager: str, error: str, known: Set[str], now: datetime) -> None:
        """An Alertmanager did not accept alerts. known: all Alertmanagers; one that accepts is enough."""
        if alertmanager not in known:
            return
        self.alertmanagers.setdefault(alertmanager, Trouble(now, "")).error = error
        since = self.failing_since(known)
        if since is not None and now - since >= PATIENCE:
            self.told = True
            failures = "\n".join(f"{name}: {trouble.error}" for name, trouble in sorted(self.alertmanagers.items()))
            description = f"None has accepted any since {clock(since)}. Last failures:\n{failures}"
            self.raise_(worded(_LABELS, "No Alertmanager accepts the alerts forwarded to it", description), now)

    def failing_since(self, known: Set[str]) -> datetime | None:
        """Since when none of these Alertmanagers has accepted anything; None when one of them does, or there is none."""
        if not known or not self.alertmanagers.keys() >= known:
            return None
        return max(self.alertmanagers[name].since for name in known)

    def _works(self, now: datetime) -> None:
        if self.told:
            self.told = False
            self.cease(_LABELS, now)

    def resume(self) -> None:
        """The alert fires from before a restart: it does so until an Alertmanager accepts something."""
        self.told = True

    def retain(self, known: Set[str], now: datetime) -> None:
        """Take note of the Alertmanagers that there are: of others nothing is known, and without any nothing fails."""
        self.alertmanagers = {name: trouble for name, trouble in self.alertmanagers.items() if name in known}
        if not known:
            self._works(now)
