"""From asserted alerts to notifications: when which group is considered, and what follows from the answers.

An alert that begins, ends or begins again joins its groups (`joining`) and touches them; a touched group is flushed at its next
tick. A flush considers each integration of the group (`considering`), and what is worth telling is sent (`outgoing`). When what
mutes an alert may have changed, its groups are touched as well.

An ended alert leaves its group when every integration that wants to hear of it has accepted it; a group that is empty is
forgotten (`leaving`). A reload gives groups new routes (`rewiring`), and a restart brings them back (`returning`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.events import DeliveryFailed
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.muting.muting import Muting
from evaluator.core.notifying.considering import Considering
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.fallback import PATIENCE, fails
from evaluator.core.notifying.lanes import Lanes
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import Answered, Outgoing
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.receivers import Receiver
from evaluator.core.records import AlertRecord, GroupRecord, LedgerRecord, OutboxRecord, Pairs
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.routing.joining import Groups, Refuse, unheard
from evaluator.core.routing.leaving import Leaving
from evaluator.core.routing.returning import Returning
from evaluator.core.routing.rewiring import Rewiring
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers


class Dispatch:
    """The alert groups and everything that is under way for them. refuse: is told of each alert that may not open a group."""

    def __init__(
        self,
        settings: Settings,
        alerts: Alerts,
        muting: Muting,
        timers: Timers,
        journal: Journal,
        refuse: Refuse = unheard,
    ) -> None:
        self.route = settings.route
        self.muting = muting
        self._alerts = alerts
        self._timers = timers
        self._journal = journal
        self._outgoing = outgoing = Outgoing(timers, journal)
        self._lanes = lanes = Lanes(settings, outgoing)
        self._joined = joined = Groups(lanes, timers, journal, settings.limits.groups_per_route, refuse)
        self._considering = considering = Considering(lanes, muting, outgoing, timers, journal)
        self._leaving = leaving = Leaving(joined, alerts, muting, outgoing, timers, journal)
        self._rewiring = Rewiring(joined, lanes, considering, leaving, outgoing, timers, journal)
        self._returning = Returning(joined, lanes, considering, outgoing, timers, journal)

    @property
    def groups(self) -> dict[str, AlertGroup]:
        """By their ids."""
        return self._joined.by_id

    @property
    def turnover(self) -> int:
        """Counts the groups that came and went."""
        return self._joined.turnover

    @property
    def receivers(self) -> dict[str, Receiver]:
        """By their names."""
        return self._lanes.receivers

    @property
    def outbox(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return self._outgoing.rows.all

    @property
    def overflowing(self) -> bool:
        """Whether alerts are told together because their route has too many groups."""
        return self._joined.rooms.overflowing

    @property
    def storms(self) -> frozenset[str]:
        """The places that were told of many groups together, and not yet that this is over."""
        return self._outgoing.storms.places

    @property
    def destinations(self) -> Destinations:
        """Which integrations are told in the same place."""
        return self._outgoing.destinations

    @property
    def pacing(self) -> Pacing:
        """Whose turn it is at destinations with a limit."""
        return self._outgoing.pacing

    @property
    def compatibility(self) -> bool:
        """Whether to behave as Alertmanager does where we would depart from it."""
        return self._outgoing.compatibility

    def waits(self, integration: str) -> bool:
        """See `Rows.waits`."""
        return self._outgoing.rows.waits(integration)

    def dropped(self) -> set[str]:
        """See `Rows.dropped`."""
        return self._outgoing.rows.dropped()

    def stirred(self) -> set[str]:
        """See `Groups.stirred`."""
        return self._joined.stirred()

    def adopt(self, group: AlertGroup) -> None:
        """See `Groups.adopt`."""
        self._joined.adopt(group)

    # -- alerts come and go -------------------------------------------------------------------------------------------

    def changed(self, alert: Alert, now: datetime) -> None:
        """`alert` began, ended, or began again: put it into its groups and let them consider it."""
        if alert.firing:
            for route in self.route.match(alert.labels):
                self._joined.join(route, alert, now)
        for name in alert.groups:
            self._joined.touch(self.groups[name], now)
        self._journal.touch(AlertRecord, alert.key, alert.record)
        self.remuted(self.muting.source_changed(alert), now)

    def remuted(self, fingerprints: Iterable[str], now: datetime) -> None:
        """Something that may mute these alerts began or ended: let their groups consider it."""
        for fingerprint in fingerprints:
            alert = self._alerts.get(fingerprint)
            for name in alert.groups if alert is not None else ():
                self._joined.touch(self.groups[name], now)

    # -- flushing -----------------------------------------------------------------------------------------------------

    def flush(self, name: str, now: datetime) -> None:
        """The group's tick has come."""
        group = self.groups.get(name)
        if group is None:
            return
        self._joined.stir(group)
        if not group.flushed:
            group.flushed = True
            self._journal.touch(GroupRecord, (group.id,), group.record)
        group.considered = {alert.fingerprint: alert.updated_at for alert in group.alerts.values() if not alert.firing}
        mutes = self._considering.mutes(group, now)
        for lane in list(group.lanes.values()):
            self._considering.consider(group, lane, mutes, now)
        self._await_hour(group, now)
        self._leaving.settle(group, now)

    def _await_hour(self, group: AlertGroup, now: datetime) -> None:
        """Look at the group again when the time of day begins, or ceases, to mute it."""
        boundary = self.muting.boundary(group.route, now)
        if boundary is not None and group.alerts:
            self._joined.touch(group, boundary)

    def repeat(self, name: str, integration: str, now: datetime) -> None:
        """An integration's repeat interval has passed."""
        group, lane = self._lane(name, integration)
        if group is None or lane is None or lane.told is None:
            return
        due = lane.told.told_at + self._outgoing.ledgers.terms(group, lane).repeat
        if due > now:  # the interval has become longer since the timer was set
            self._timers.set((REPEAT, group.id, lane.name), due)
        elif self.compatibility and now < (tick := group.next_tick(due)):
            self._timers.set((REPEAT, group.id, lane.name), tick)
        else:
            self._considering.consider(group, lane, self._considering.mutes(group, now), now)

    def lose_patience(self, name: str, integration: str, now: datetime) -> None:
        """An integration has had its time to accept what is told of a group."""
        group, lane = self._lane(name, integration)
        if group is not None and lane is not None and fails(lane, self.receivers[lane.receiver], now):
            self._considering.fall_back(group, lane, now)

    def _lane(self, name: str, integration: str) -> tuple[AlertGroup | None, Lane | None]:
        group = self.groups.get(name)
        return group, group.lanes.get(integration) if group is not None else None

    # -- deliveries are answered --------------------------------------------------------------------------------------

    def delivered(self, row_id: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A receiver accepted a row; gives the row, or None when nobody waits for it any more."""
        return self._answered(self._outgoing.accepted(row_id, receipt, now), now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt was not accepted; gives the row, or None when nobody waits for it any more."""
        return self._answered(self._outgoing.refused(event, now), now)

    def retry(self, row_id: str, now: datetime) -> None:
        """A row that failed is due once more."""
        self._outgoing.retry(row_id, now)

    def take_turns(self, service: str, now: datetime) -> None:
        """A destination with a rate limit may be told something again."""
        self._outgoing.storming.take_turns(service, now)

    def _answered(self, answered: Answered | None, now: datetime) -> OutboxRecord | None:
        """Decide what waited for the answer, and let those go that everybody has heard of."""
        if answered is None:
            return None
        for row, group, lane in answered.landed:
            if lane.again:
                lane.again = False
                self._considering.consider(group, lane, self._considering.mutes(group, now), now)
            if lane.row is None:
                self._timers.cancel((PATIENCE, group.id, lane.name))
            elif row.refused:
                self._considering.fall_back(group, lane, now)
        for group in {group.id: group for _, group, _ in answered.landed}.values():
            self._leaving.settle(group, now)
        return answered.row

    # -- reload and restart -------------------------------------------------------------------------------------------

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new tree and new receivers; groups whose route is still there go on as they are."""
        self.route = settings.route
        self._lanes.configure(settings)
        self._joined.rooms.limit = settings.limits.groups_per_route
        routes = {node.id: node for node in settings.route.walk()}
        for group in list(self.groups.values()):
            self._rewiring.rewire(group, routes, now)
            if group.alerts:
                self._await_hour(group, now)
        self._rewiring.reroute(self.route, self._alerts, now)
        self._returning.look_at_untold(now)
        self._outgoing.storming.settle(self.groups, now)

    def begin_anew(self, now: datetime) -> None:
        """See `Rewiring.begin_anew`."""
        self._rewiring.begin_anew(now)

    def restore(
        self,
        alerts: Iterable[Alert],
        groups: Iterable[GroupRecord],
        ledger: Iterable[LedgerRecord],
        outbox: Iterable[OutboxRecord],
        now: datetime,
    ) -> None:
        """Take everything back from the store, before anything happens. Rows on their way are due at once."""
        self._returning.groups(groups, self.route)
        for entry in ledger:
            self._returning.ledger(entry)
        for row in outbox:
            self._returning.row(row, now)
        for alert in alerts:
            if alert.firing:
                self.muting.source_changed(alert)
            for name in sorted(alert.groups):
                self._returning.member(alert, name)
        self._returning.look_at_all(now)


def group_labels_text(labels: Labels) -> str:
    """For logs: `alertname=X, job=api`, or `all alerts` for a group without labels."""
    return ", ".join(f"{name}={value}" for name, value in labels.items()) or "all alerts"
