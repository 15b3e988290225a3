"""Forwarding in the real world: alerts that are due go to the forwarder, and what becomes of them comes back.

Each post is an event for the machine, is counted, and is logged where an Alertmanager ceases to accept and where it accepts
again: one that is down all night is said to be so once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from evaluator.core.effects import Forward, ForwardedAlert
from evaluator.core.events import Event, Forwarded, ForwardingFailed
from evaluator.core.labels import ALERT_NAME
from evaluator.core.records import Pairs
from evaluator.core.settings import Settings
from evaluator.notify.forwarding.forwarder import Forwarder
from evaluator.service.clock import Clock
from evaluator.service.counts import Counts
from evaluator.service.logs import log
from evaluator.service.texts import finished


class Forwarding:
    """The Alertmanagers of a configuration. tell: takes what the machine is to know."""

    def __init__(self, settings: Settings, counts: Counts, tell: Callable[[Event], None], clock: Clock) -> None:
        self._counts = counts
        self._tell = tell
        self._failing: set[str] = set()
        self._full: set[str] = set()
        finish = _finisher(settings, clock)
        self.forwarder = Forwarder(settings.alertmanagers, settings.alert_relabel, finish, self, clock=clock)
        self._clock = clock

    def forward(self, effect: Forward) -> None:
        """Queue alerts for every Alertmanager."""
        self.forwarder.forward(effect.alerts)

    async def reload(self, settings: Settings) -> None:
        """Forward by a new configuration from now on."""
        await self.forwarder.reload(settings.alertmanagers, settings.alert_relabel, _finisher(settings, self._clock))
        known = {alertmanager.url for alertmanager in settings.alertmanagers}
        self._failing &= known
        self._full &= known

    async def aclose(self, patience: timedelta) -> None:
        """Post what is queued, for at most so long, and close all connections."""
        left = await self.forwarder.aclose(patience)
        if left:
            log.warning("stopped before all alerts were forwarded; they are due at the next start", alerts=left)

    # -- what becomes of alerts ---------------------------------------------------------------------------------------

    def posted(self, alertmanager: str, alerts: int, error: str, seconds: float) -> None:
        """Alerts were accepted, or not."""
        key = (alertmanager,)
        self._counts.forwarded[key] += alerts
        self._counts.forward_seconds[key].add(seconds)
        self._full.discard(alertmanager)
        if error:
            self._counts.forward_errors[key] += alerts
            self._counts.forward_drops[key] += alerts
        self._say(alertmanager, error)
        self._tell(ForwardingFailed(alertmanager, error) if error else Forwarded(alertmanager))

    def dropped(self, alertmanager: str, alerts: int) -> None:
        """Alerts left a full queue."""
        self._counts.forward_drops[(alertmanager,)] += alerts
        if alertmanager not in self._full:
            self._full.add(alertmanager)
            log.error("the queue of an Alertmanager is full, the oldest alerts are dropped", alertmanager=alertmanager)

    def _say(self, alertmanager: str, error: str) -> None:
        if error and alertmanager not in self._failing:
            self._failing.add(alertmanager)
            log.error("an Alertmanager does not accept alerts", alertmanager=alertmanager, error=error)
        elif not error and alertmanager in self._failing:
            self._failing.discard(alertmanager)
            log.info("an Alertmanager accepts alerts again", alertmanager=alertmanager)


def _finisher(settings: Settings, clock: Clock) -> Callable[[ForwardedAlert], Pairs]:
    """What makes the annotations of alerts, as this configuration reads them."""

    def finish(alert: ForwardedAlert) -> Pairs:
        return finished(alert.annotations, alert.labels.get(ALERT_NAME, ""), settings, clock())

    return finish
