"""What the machine is made of, and who is handed whom.

Parts share the timers and the journal of a step. They know nothing of each other but what is wired here, each after those that
it needs. One thing goes round in a circle: a group that may not be opened is a refusal, a refusal is a built-in alert, and that
alert joins groups as every other. So built-in alerts are handed the way to groups before there are any.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.evaluation.asserting import Asserting
from evaluator.core.evaluation.evaluating import Evaluating
from evaluator.core.evaluation.firings import Firings
from evaluator.core.incidents.incidents import Incidents
from evaluator.core.journal import Journal
from evaluator.core.limits import Limit
from evaluator.core.muting.muting import Muting
from evaluator.core.muting.silence_ending import Ending
from evaluator.core.muting.silences import Silences
from evaluator.core.muting.silencing import Silencing
from evaluator.core.notifying.dispatch import Dispatch
from evaluator.core.oncall.override_table import Overrides
from evaluator.core.posted.forwarding import Forwarding
from evaluator.core.posted.posts import Posts
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers
from evaluator.core.watching.built_in import BuiltIn
from evaluator.core.watching.calendar_watch import CalendarWatch
from evaluator.core.watching.delivery_watch import DeliveryWatch
from evaluator.core.watching.forwarding_watch import ForwardingWatch
from evaluator.core.watching.query_watch import QueryWatch
from evaluator.core.watching.refusals import Refusals


class Parts:
    """All parts, as they begin with a configuration; and what concerns several of them at once."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings = settings
        self.timers = timers = Timers()
        self.journal = journal = Journal()
        self.alerts = alerts = Alerts()
        self.muting = Muting(Silences(), settings.inhibit_rules, settings.route, settings.time_intervals)
        self.forwarding = Forwarding(settings, alerts, journal)
        self.built_in = BuiltIn(settings, alerts, self.forwarding, self._changed)
        own = self.built_in.raise_, self.built_in.cease
        self.refusals = Refusals(*own, timers, self._still_held_back)
        self.dispatch = dispatch = Dispatch(settings, alerts, self.muting, timers, journal, self.refusals.refused)
        ending = Ending(*own, self.muting.silences, alerts, timers)
        self.silencing = Silencing(self.muting.silences, alerts, dispatch, timers, journal, ending)
        self.query_watch = QueryWatch(*own)
        self.delivery_watch = DeliveryWatch(*own)
        self.forwarding_watch = ForwardingWatch(*own)
        self.calendars = CalendarWatch(*own)
        self.overrides = Overrides(journal)
        self.firings = Firings(journal)
        self.asserting = Asserting(settings, alerts, dispatch, self.forwarding, self.firings, journal)
        self.evaluating = Evaluating(settings, self.asserting, self.forwarding, self.query_watch, timers, journal, now)
        self.posts = Posts(settings, alerts, dispatch, self.refusals, timers, journal)
        self.incidents = Incidents(
            settings,
            dispatch.groups,
            self.muting,
            timers,
            journal,
            self.evaluating.rule,
            self.evaluating.group_of,
            self.overrides.of,
            dispatch.pacing,
        )
        self.silencing.configure(settings, now)

    @property
    def alertmanagers(self) -> frozenset[str]:
        """The addresses that alerts are forwarded to."""
        return frozenset(alertmanager.url for alertmanager in self.settings.alertmanagers)

    def retain(self, now: datetime) -> None:
        """Let built-in alerts be over that concern what the configuration does not know."""
        names = {f"{receiver.name}/{one.name}" for receiver in self.settings.told for one in receiver.integrations}
        self.query_watch.retain(self.evaluating.groups.values(), now)
        self.delivery_watch.retain(names, now)
        self.calendars.retain(self.settings.duty.schedules, now)
        self.forwarding_watch.retain(self.alertmanagers, now)

    def relieve(self, integrations: Iterable[str], now: datetime) -> None:
        """An integration that fails is nothing to alarm anybody about once nothing waits for it."""
        for name in sorted(self.delivery_watch.integrations.keys() & integrations):
            if not self.dispatch.waits(name) and not self.incidents.pages.waits(name):
                self.delivery_watch.relieved(name, now)

    def _changed(self, alert: Alert, now: datetime) -> None:
        self.dispatch.changed(alert, now)

    def _still_held_back(self, limit: Limit) -> bool:
        """Whether something is not told as it should be although nothing was refused of late."""
        return limit is Limit.GROUPS_PER_ROUTE and self.dispatch.overflowing
