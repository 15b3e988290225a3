"""What becomes known of the alerts of rules: kept, noted, and asserted to people while they fire.

A change in the life of an alert comes in, from `evaluating`. An alert that begins to fire is asserted in the table of all
alerts under its labels and the external ones, by its rule as the source; when it fires no more, it is withdrawn. Whoever
evaluates says nothing to people, and whoever tells people does not ask how an alert came about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from evaluator.core.alerts import MISSED, Alerts
from evaluator.core.evaluation.firings import Firings
from evaluator.core.evaluation.tracking import Change, Tracked
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.notifying.dispatch import Dispatch
from evaluator.core.posted.forwarding import Forwarding, generator_url
from evaluator.core.records import RuleAlertRecord, State, Transition
from evaluator.core.settings import Settings

RENAMED = "external labels changed"
"""Why an alert is over that goes on under another name."""


class Asserting:
    """See the module."""

    def __init__(
        self,
        settings: Settings,
        alerts: Alerts,
        dispatch: Dispatch,
        forwarding: Forwarding,
        firings: Firings,
        journal: Journal,
    ) -> None:
        self._settings = settings
        self._alerts = alerts
        self._dispatch = dispatch
        self._forwarding = forwarding
        self._firings = firings
        self._journal = journal

    def apply(self, change: Change, now: datetime) -> None:
        """Keep, note and pass on that an alert of a rule has changed."""
        tracked, before, after, at, why = change
        key = (tracked.rule.key, tracked.labels.fingerprint)
        if after is None:
            self._journal.forget(RuleAlertRecord, key)
        else:
            self._journal.touch(RuleAlertRecord, key, tracked.record)
        was, becomes = before.state if before else None, after.state if after else None
        if was is becomes:
            return
        if was is not State.INACTIVE or becomes is not None:
            active_at = (after or before or tracked.life).active_at
            self._journal.note(Transition(at, tracked.rule.key, tracked.labels, was, becomes, active_at, tracked.value, why))
        if becomes is State.FIRING:
            self._firings.fired(tracked.rule.key, now)
            self.affirm(tracked, now)
        elif was is State.FIRING:
            longer = "`for` was made longer" if becomes is State.PENDING else why
            self.withdraw(self.named(tracked), tracked.rule.key, at, now, longer)

    def affirm(self, tracked: Tracked, now: datetime) -> None:
        """An alert that a rule follows fires."""
        assert tracked.life.fired_at is not None
        url = generator_url(self._settings.external_url, tracked.rule.expr)
        alert = self._alerts.affirm(self.named(tracked), tracked.rule.key, tracked.life.fired_at, now, tracked, url)
        self._dispatch.changed(alert, now)

    def withdraw(self, labels: Labels, rule: str, at: datetime, now: datetime, why: str) -> None:
        """A rule asserts the alert that has these labels outside no longer."""
        alert = self._alerts.withdraw(labels, rule, at, now, why)
        if alert is not None:
            self._dispatch.changed(alert, now)
            if why and why != MISSED:
                self._forwarding.follow(alert, now)

    def named(self, tracked: Tracked) -> Labels:
        """What an alert of a rule is called outside: its labels and the external ones."""
        return tracked.labels.filled_from(self._settings.external_labels)

    def reconfigure(self, settings: Settings, firing: Iterable[Tracked], now: datetime) -> None:
        """Take a new configuration. firing: all alerts of rules that fire; where their names change, they begin anew."""
        former, self._settings = self._settings.external_labels, settings
        if former == settings.external_labels:
            return
        for tracked in firing:
            self.withdraw(tracked.labels.filled_from(former), tracked.rule.key, now, now, RENAMED)
            self.affirm(tracked, now)
