"""From asserted alerts to notifications: routing, grouping, flushing, delivering, remembering what was told.

An alert that begins, ends or begins again touches its groups; a touched group is flushed at its next tick. A flush asks,
for each integration, whether the group is worth a notification (`dedup`), against what that integration was last told
(its ledger). What is worth telling is sent (`outgoing`); what is decided while it is on its way is decided again when it
has been answered, and what is decided while it waits for a retry takes its place.

Who refuses for good, or accepts nothing for long, has a fallback, which is told in the same group (`fallback`).

Alerts that are muted are left out (`muting`). When what mutes them may have changed, their groups are touched.

An ended alert leaves its group when every integration that wants to hear of it has accepted it; a group that is empty is
forgotten. When a reload takes an alert away from a group, or a group away from the routes, the alert counts as ended there,
with the reason, so that whoever was told "firing" is told that it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from evaluator.core.alerts import MISSED, Alert, Alerts
from evaluator.core.dedup import Reason, decide
from evaluator.core.events import DeliveryFailed
from evaluator.core.fallback import NOT_NEEDED, PATIENCE, fails, known_of, stands_in, why_standing_in
from evaluator.core.grouping import AlertGroup, Lane, fingerprints, first_tick, group_id, open_group
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.limits import Limit
from evaluator.core.muting import Mute, Muting
from evaluator.core.outgoing import FLUSH, REPEAT, Answered, Outgoing
from evaluator.core.overflow import Rooms, open_overflow, overflow_id
from evaluator.core.records import (
    AlertRecord,
    Decision,
    GroupRecord,
    LedgerRecord,
    OutboxRecord,
    Pairs,
)
from evaluator.core.routing import Route
from evaluator.core.settings import Settings
from evaluator.core.storms import STORM
from evaluator.core.timers import Timers

GONE = "no longer routed here"
MOST_MUTES = 20  # reasons that a decision names

Refuse = Callable[[Limit, str, datetime], None]


def _unheard(limit: Limit, detail: str, now: datetime) -> None:
    """For whoever only wants to know what would become of a group."""


class Dispatch:
    """The alert groups and everything that is under way for them. turnover: counts the groups that came and went.

    refuse: is told of each alert that may not open a group.
    """

    def __init__(
        self,
        settings: Settings,
        alerts: Alerts,
        muting: Muting,
        timers: Timers,
        journal: Journal,
        refuse: Refuse = _unheard,
    ) -> None:
        self.route = settings.route
        self.muting = muting
        self.groups: dict[str, AlertGroup] = {}
        self.turnover = 0
        self._alerts = alerts
        self._timers = timers
        self._journal = journal
        self._outgoing = Outgoing(timers, journal)
        self._take_receivers(settings)
        self._rooms = Rooms(settings.limits.groups_per_route)
        self._refuse = refuse
        self._stirred: set[str] = set()

    def _take_receivers(self, settings: Settings) -> None:
        self.receivers = {receiver.name: receiver for receiver in settings.receivers}
        self._integrations = {
            f"{receiver.name}/{integration.name}": integration
            for receiver in settings.receivers
            for integration in receiver.integrations
        }
        self._lanes = {
            receiver.name: tuple(f"{receiver.name}/{integration.name}" for integration in receiver.integrations)
            for receiver in settings.receivers
        }
        self._outgoing.configure(settings, self._integrations)

    @property
    def outbox(self) -> list[OutboxRecord]:
        """What was decided and is not yet accepted."""
        return self._outgoing.rows

    @property
    def overflowing(self) -> bool:
        """Whether alerts are told together because their route has too many groups."""
        return self._rooms.overflowing

    def waits(self, integration: str) -> bool:
        """See `Outgoing.waits`."""
        return self._outgoing.waits(integration)

    def dropped(self) -> set[str]:
        """See `Outgoing.dropped`."""
        return self._outgoing.dropped()

    def stirred(self) -> set[str]:
        """The ids of groups of which something has changed since the last call; some may be gone."""
        names, self._stirred = self._stirred, set()
        return names

    @property
    def compatibility(self) -> bool:
        """Whether to behave as Alertmanager does where we would depart from it."""
        return self._outgoing.compatibility

    # -- alerts come and go -------------------------------------------------------------------------------------------

    def changed(self, alert: Alert, now: datetime) -> None:
        """`alert` began, ended, or began again: put it into its groups and let them consider it."""
        if alert.firing:
            for route in self.route.match(alert.labels):
                self._join(route, alert, now)
        for name in alert.groups:
            self._touch(self.groups[name], now)
        self._journal.touch(AlertRecord, alert.key, alert.record)
        self.remuted(self.muting.source_changed(alert), now)

    def remuted(self, fingerprints: Iterable[str], now: datetime) -> None:
        """Something that may mute these alerts began or ended: let their groups consider it."""
        for fingerprint in fingerprints:
            alert = self._alerts.get(fingerprint)
            for name in alert.groups if alert is not None else ():
                self._touch(self.groups[name], now)

    def _join(self, route: Route, alert: Alert, now: datetime) -> AlertGroup:
        group = self._place(route, alert, now)
        former = group.alerts.get(alert.fingerprint)
        if former is not None and former.within:
            self._journal.forget(AlertRecord, former.key)
        group.alerts[alert.fingerprint] = alert
        alert.groups.add(group.id)
        return group

    def _place(self, route: Route, alert: Alert, now: datetime) -> AlertGroup:
        """The group of this route that the alert belongs to; it is opened if need be."""
        name = _home(route, alert)
        if name in self.groups:
            return self.groups[name]
        if not self._rooms.full(route, alert):
            group = open_group(route, alert, now)
        else:
            self._refuse(Limit.GROUPS_PER_ROUTE, f"no group {route.group_key(alert.labels)} for {route.receiver}", now)
            if overflow_id(route) in self.groups:
                return self.groups[overflow_id(route)]
            group = open_overflow(route, alert, now)
        self.adopt(group)
        self._journal.touch(GroupRecord, (group.id,), group.record)
        return group

    def adopt(self, group: AlertGroup) -> None:
        """Take in a group as it stands, with what is on its way for it, and a lane for each of its receiver's integrations."""
        self.groups[group.id] = group
        self.turnover += 1
        self._rooms.opened(group)
        for name in [*self._named(group.route.receiver), *group.lanes]:
            self._lane(group, name)

    def _named(self, receiver: str) -> tuple[str, ...]:
        """The names of the lanes that this receiver has in a group."""
        return self._lanes.get(receiver, ())

    def _lane(self, group: AlertGroup, name: str) -> Lane | None:
        """The group's lane of that name for the integration as it is configured now; None when there is no such."""
        integration, known = self._integrations.get(name), group.lanes.get(name)
        if integration is None:
            return None
        lane = Lane(integration, name) if known is None else known
        if lane.integration is not integration and lane.integration != integration:
            lane = replace(lane, integration=integration)
        group.lanes[name] = lane
        self._outgoing.follow(group, lane)
        return lane

    def _touch(self, group: AlertGroup, now: datetime) -> None:
        self._stirred.add(group.id)
        self._timers.set_earlier((FLUSH, group.id), group.next_tick(now))

    # -- flushing -----------------------------------------------------------------------------------------------------

    def flush(self, name: str, now: datetime) -> None:
        """The group's tick has come."""
        group = self.groups.get(name)
        if group is None:
            return
        self._stirred.add(name)
        if not group.flushed:
            group.flushed = True
            self._journal.touch(GroupRecord, (group.id,), group.record)
        group.considered = {alert.fingerprint: alert.updated_at for alert in group.alerts.values() if not alert.firing}
        mutes = self._mutes(group, now)
        for lane in list(group.lanes.values()):
            self._consider(group, lane, mutes, now)
        self._await_hour(group, now)
        self._settle(group)

    def _mutes(self, group: AlertGroup, now: datetime) -> dict[str, Mute]:
        """Why which of the group's alerts are not told now, by fingerprint."""
        quiet = self._quiet(group, now)
        if quiet is not None:
            return dict.fromkeys(group.alerts, quiet)
        found = ((name, self.muting.of_alert(alert, group.route, now)) for name, alert in group.alerts.items())
        return {name: mute for name, mute in found if mute is not None}

    def _quiet(self, group: AlertGroup, now: datetime) -> Mute | None:
        """Why the time of day mutes the group now; the group remembers that for those who look at it until the next flush."""
        quiet = self.muting.of_route(group.route, now)
        group.muted_by = quiet.names if quiet is not None else ()
        return quiet

    def _await_hour(self, group: AlertGroup, now: datetime) -> None:
        """Look at the group again when the time of day begins, or ceases, to mute it."""
        boundary = self.muting.boundary(group.route, now)
        if boundary is not None and group.alerts:
            self._touch(group, boundary)

    def repeat(self, name: str, integration: str, now: datetime) -> None:
        """An integration's repeat interval has passed."""
        group = self.groups.get(name)
        lane = group.lanes.get(integration) if group else None
        if group is None or lane is None or lane.told is None:
            return
        due = lane.told.told_at + self._outgoing.terms(group, lane).repeat
        if due > now:  # the interval has become longer since the timer was set
            self._timers.set((REPEAT, group.id, lane.name), due)
        elif self.compatibility and now < (tick := group.next_tick(due)):
            self._timers.set((REPEAT, group.id, lane.name), tick)
        else:
            self._consider(group, lane, self._mutes(group, now), now)

    def _consider(self, group: AlertGroup, lane: Lane, mutes: Mapping[str, Mute], now: datetime) -> None:
        """Decide whether this integration is told of the group now, and ask for it."""
        if lane.in_flight:
            lane.again = True
            return
        standing_in = why_standing_in(group, lane, self.receivers, now)
        firing, resolved, held = self._sift(group, lane, mutes)
        if standing_in == NOT_NEEDED:
            firing, resolved = known_of(lane, firing, resolved)
        told, over = fingerprints(firing), fingerprints(resolved)
        if mutes and not firing and not resolved:
            reason = Reason.HELD
        else:
            missed = frozenset(alert.fingerprint for alert in resolved if alert.why == MISSED)
            reason = decide(lane.told, told, over, now, self._outgoing.terms(group, lane), held, missed)
        if reason is Reason.REPEAT and standing_in == NOT_NEEDED:
            reason = Reason.UNCHANGED
        wanted = firing + resolved if lane.integration.send_resolved else firing
        if reason.due and not wanted:
            reason = Reason.RESOLVED_UNWANTED
            self._outgoing.told(group, lane, now, frozenset(), over, (), now)
        elif not reason.due:
            self._hold(lane, held)
        former = lane.decision
        why = tuple(sorted({str(mute) for mute in mutes.values()}))[:MOST_MUTES]
        waiting, outbox = lane.row, ""
        if waiting is not None:
            self._outgoing.drop(lane)
        if reason.due:
            outbox = self._outgoing.send(group, lane, standing_in or str(reason), wanted, now, waiting).id
            self._await_patience(group, lane)
        about = now, group.id, group.key, group.route.id, lane.name, str(reason), reason.due
        lane.decision = Decision(*about, len(firing), len(resolved), len(mutes), why, outbox)
        if reason.due or former is None or (former.reason, former.mutes) != (reason, why):
            self._journal.note(lane.decision)

    def _sift(
        self, group: AlertGroup, lane: Lane, mutes: Mapping[str, Mute]
    ) -> tuple[list[Alert], list[Alert], frozenset[str]]:
        """What no mute holds back, firing and resolved, and the fingerprints of what is held.

        An alert that ended is told to whoever was told that it fires, whatever mutes it.
        """
        firing, resolved = group.split()
        if not mutes:
            return firing, resolved, frozenset()
        known = lane.told.owed if lane.told and not self.compatibility else frozenset[str]()
        held = frozenset(alert.fingerprint for alert in firing if alert.fingerprint in mutes) & known
        free = [alert for alert in firing if alert.fingerprint not in mutes]
        over = [alert for alert in resolved if alert.fingerprint not in mutes or alert.fingerprint in known]
        return free, over, held

    def _hold(self, lane: Lane, held: frozenset[str]) -> None:
        """Remember which of the alerts that were told are muted now; they are told once more when they are not."""
        if lane.told is not None and held - frozenset(lane.told.muted):
            lane.told = replace(lane.told, muted=tuple(sorted(held.union(lane.told.muted))))
            self._journal.save(lane.told)

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

    def take_turns(self, integration: str, now: datetime) -> None:
        """An integration with a rate limit may be told something again."""
        self._outgoing.take_turns(integration, now)

    def _answered(self, answered: Answered | None, now: datetime) -> OutboxRecord | None:
        """Decide what waited for the answer, and let those go that everybody has heard of."""
        if answered is None:
            return None
        for row, group, lane in answered.landed:
            if lane.again:
                lane.again = False
                self._consider(group, lane, self._mutes(group, now), now)
            if lane.row is None:
                self._timers.cancel((PATIENCE, group.id, lane.name))
            elif row.refused:
                self._fall_back(group, lane, now)
            self._settle(group)
        return answered.row

    # -- fallback -----------------------------------------------------------------------------------------------------

    def lose_patience(self, name: str, integration: str, now: datetime) -> None:
        """An integration has had its time to accept what is told of a group."""
        group = self.groups.get(name)
        lane = group.lanes.get(integration) if group else None
        if group is not None and lane is not None and fails(lane, self.receivers[lane.receiver], now):
            self._fall_back(group, lane, now)

    def _await_patience(self, group: AlertGroup, lane: Lane) -> None:
        receiver = self.receivers[lane.receiver]
        if receiver.fallback and lane.row is not None:
            self._timers.set((PATIENCE, group.id, lane.name), lane.row.created_at + receiver.fallback_after)

    def _fall_back(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Let the receiver that stands in for this lane's consider the group."""
        mutes = self._mutes(group, now)
        for name in self._named(self.receivers[lane.receiver].fallback):
            standby = self._lane(group, name)
            if standby is not None and standby.row is None:
                self._consider(group, standby, mutes, now)

    # -- alerts leave, groups end -------------------------------------------------------------------------------------

    def _settle(self, group: AlertGroup) -> None:
        """Once nothing is on its way, let the ended alerts go that everybody has heard of."""
        if not group.idle:
            return
        for fingerprint, updated_at in group.considered.items():
            alert = group.alerts.get(fingerprint)
            if alert is not None and not alert.firing and alert.updated_at == updated_at and not self._owed(group, fingerprint):
                self._leave(group, alert)
        group.considered = {}
        if not group.alerts:
            self._close(group)

    def _owed(self, group: AlertGroup, fingerprint: str) -> bool:
        """Whether somebody who was told that this alert fires, and wants to hear of its end, has not heard of it."""
        if self.compatibility:
            return False
        return any(
            lane.told is not None and lane.integration.send_resolved and fingerprint in lane.told.owed
            for lane in group.lanes.values()
        )

    def _leave(self, group: AlertGroup, alert: Alert) -> None:
        del group.alerts[alert.fingerprint]
        alert.groups.discard(group.id)
        if alert.groups or alert.firing:
            self._journal.touch(AlertRecord, alert.key, alert.record)
            return
        if not alert.within:
            self._alerts.forget(alert)
            self.muting.forget(alert)
        self._journal.forget(AlertRecord, alert.key)

    def _close(self, group: AlertGroup) -> None:
        del self.groups[group.id]
        self._stirred.add(group.id)
        self.turnover += 1
        self._rooms.closed(group)
        self._timers.cancel((FLUSH, group.id))
        self._journal.forget(GroupRecord, (group.id,))
        for lane in group.lanes.values():
            self._timers.cancel((REPEAT, group.id, lane.name))
            self._timers.cancel((PATIENCE, group.id, lane.name))
            if lane.told is not None:
                self._journal.forget(LedgerRecord, lane.told.key)

    # -- reload and restart -------------------------------------------------------------------------------------------

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new tree and new receivers; groups whose route is still there go on as they are."""
        self.route = settings.route
        self._take_receivers(settings)
        self._rooms.limit = settings.limits.groups_per_route
        routes = {node.id: node for node in settings.route.walk()}
        for group in list(self.groups.values()):
            self._rewire(group, routes, now)
            if group.alerts:
                self._await_hour(group, now)
        for alert in list(self._alerts):
            self._reroute(alert, now)
        self._outgoing.settle_storms(self.groups, now)

    def begin_anew(self, now: datetime) -> None:
        """Forget the ticks of all groups, as Alertmanager does at a reload; what was told is remembered there as well."""
        for group in self.groups.values():
            if group.alerts:
                group.first_flush = min(first_tick(group.route, alert, now) for alert in group.alerts.values())
                group.flushed = False
                self._journal.touch(GroupRecord, (group.id,), group.record)
                self._timers.cancel((FLUSH, group.id))
                self._touch(group, now)

    def _rewire(self, group: AlertGroup, routes: Mapping[str, Route], now: datetime) -> None:
        """Give a group its route of the new tree; without one it keeps the old, to say goodbye on."""
        route = routes.get(group.route.id)
        if route is not None and route.receiver == group.route.receiver:
            group.route = route
        names = set(self._named(group.route.receiver))
        for name in [name for name in group.lanes if name not in names and not self._still_needed(group, name)]:
            self._remove_lane(group, name)
        if names - group.lanes.keys():  # whoever is new has yet to hear what fires
            self._touch(group, now)
        self.adopt(group)
        if group.flushed:
            self._quiet(group, now)
        for lane in group.lanes.values():
            if lane.row is None:
                self._outgoing.await_repeat(group, lane, now)
            self._await_patience(group, lane)
        self._settle(group)

    def _still_needed(self, group: AlertGroup, name: str) -> bool:
        """Whether a fallback's lane is: its integration is there, and has been told something, or is about to be."""
        lane = group.lanes[name]
        return name in self._integrations and stands_in(group, lane) and bool(lane.told or lane.row)

    def _remove_lane(self, group: AlertGroup, name: str) -> None:
        lane = group.lanes.pop(name)
        self._timers.cancel((REPEAT, group.id, name))
        self._timers.cancel((PATIENCE, group.id, name))
        if lane.row is not None:
            self._outgoing.drop(lane)
        if lane.told is not None:
            self._journal.forget(LedgerRecord, lane.told.key)

    def _reroute(self, alert: Alert, now: datetime) -> None:
        """Let an alert join the groups that the tree now sends it to, and end it in those that it no longer belongs to."""
        wanted = {_home(node, alert): node for node in self.route.match(alert.labels)}
        for name in sorted(alert.groups - wanted.keys()):
            group = self.groups[name]
            if alert.firing and self.compatibility:
                self._forsake(group, alert)
                continue
            if alert.firing:
                ended = alert.ended_within(name, now, GONE)
                group.alerts[alert.fingerprint] = ended
                alert.groups.discard(name)
                self._journal.touch(AlertRecord, alert.key, alert.record)
                self._journal.touch(AlertRecord, ended.key, ended.record)
            self._touch(group, now)
        if alert.firing:
            for name in sorted(wanted.keys() - alert.groups):
                self._touch(self._join(wanted[name], alert, now), now)
                self._journal.touch(AlertRecord, alert.key, alert.record)

    def _forsake(self, group: AlertGroup, alert: Alert) -> None:
        """Take an alert that fires on out of a group without a word."""
        del group.alerts[alert.fingerprint]
        alert.groups.discard(group.id)
        self._stirred.add(group.id)
        self._journal.touch(AlertRecord, alert.key, alert.record)
        self._settle(group)

    def restore(
        self,
        alerts: Iterable[Alert],
        groups: Iterable[GroupRecord],
        ledger: Iterable[LedgerRecord],
        outbox: Iterable[OutboxRecord],
        now: datetime,
    ) -> None:
        """Take everything back from the store, before anything happens. Rows on their way are due at once."""
        routes = {node.id: node for node in self.route.walk()}
        for record in groups:
            route = routes.get(record.route_id)
            if route is None or route.receiver != record.receiver:
                route = Route(record.receiver, id=record.route_id)
            group = AlertGroup(record.id, route, record.group_key, record.labels, record.created_at, record.flush_at)
            group.flushed = record.flushed_at is not None
            self.adopt(group)
        for entry in ledger:
            self._restore_ledger(entry, now)
        for row in outbox:
            self._restore_row(row, now)
        for alert in alerts:
            if alert.firing:
                self.muting.source_changed(alert)
            for name in sorted(alert.groups):
                self._restore_member(alert, name, now)
        for group in self.groups.values():
            if self._remuted_since(group, now):
                self._touch(group, now)

    def _restore_ledger(self, entry: LedgerRecord, now: datetime) -> None:
        if entry.group == STORM and entry.integration in self._integrations:
            self._outgoing.storms.restore(entry)
            return
        group = self.groups.get(entry.group)
        lane = self._lane(group, entry.integration) if group else None
        if group is None or lane is None:
            self._journal.forget(LedgerRecord, entry.key)
            return
        lane.told = entry
        self._outgoing.await_repeat(group, lane, now)

    def _restore_row(self, row: OutboxRecord, now: datetime) -> None:
        group = self.groups.get(row.group)
        lane = self._lane(group, row.integration) if group else None
        if group is None or lane is None:
            self._journal.forget(OutboxRecord, row.key)
            return
        self._outgoing.resume(group, lane, row, now)
        self._await_patience(group, lane)

    def _restore_member(self, alert: Alert, name: str, now: datetime) -> None:
        group = self.groups.get(name)
        if group is None:
            alert.groups.discard(name)
            return
        group.alerts[alert.fingerprint] = alert
        if _undecided(group, alert):
            since = max(alert.updated_at, group.created_at)
            self._timers.set_earlier((FLUSH, group.id), max(now, group.next_tick(since)))

    def _remuted_since(self, group: AlertGroup, now: datetime) -> bool:
        """Whether what was told may be muted, or no longer be, and no flush has seen that: its tick was still to come."""
        ledgers = [lane.told for lane in group.lanes.values() if lane.told is not None and lane.told.firing]
        if any(told.muted for told in ledgers):
            return True
        mutes = self._mutes(group, now) if ledgers else {}
        return any(fingerprint in mutes for told in ledgers for fingerprint in told.firing)


def _home(route: Route, alert: Alert) -> str:
    """The id of the group of this route that the alert is in, or would be in if there was room."""
    overflow = overflow_id(route)
    return overflow if overflow in alert.groups else group_id(route, route.group_labels(alert.labels))


def _undecided(group: AlertGroup, alert: Alert) -> bool:
    """Whether some integration may have to hear of this alert, or the group has to let it go."""
    if not alert.firing or not group.flushed:
        return True
    return any(alert.fingerprint not in _asserted(lane) for lane in group.lanes.values())


def _asserted(lane: Lane) -> Collection[str]:
    """The fingerprints that an integration knows to fire, or will know once it accepts what is decided."""
    if lane.row is not None:
        return {alert.labels.fingerprint for alert in lane.row.notification.firing}
    return lane.told.firing if lane.told is not None else ()


def group_labels_text(labels: Labels) -> str:
    """For logs: `alertname=X, job=api`, or `all alerts` for a group without labels."""
    return ", ".join(f"{name}={value}" for name, value in labels.items()) or "all alerts"
