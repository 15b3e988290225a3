"""How groups come back from the store, before anything happens: as they were left, and considered where a tick was missed.

Rows that were on their way are due at once. What belongs to a route that is gone is told on what is known of it, at the
root's interval; what belongs to an integration that is gone is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.journal import Journal
from evaluator.core.notifying.considering import Considering
from evaluator.core.notifying.lanes import Lanes
from evaluator.core.notifying.outgoing import FLUSH, Outgoing
from evaluator.core.notifying.storms import STORM
from evaluator.core.records import GroupRecord, LedgerRecord, OutboxRecord
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.routing.joining import Groups
from evaluator.core.routing.routing import Route
from evaluator.core.timers import Timers


class Returning:
    """Takes back what was kept: groups first, then what they were told and are to be told, then their alerts."""

    def __init__(
        self, groups: Groups, lanes: Lanes, considering: Considering, outgoing: Outgoing, timers: Timers, journal: Journal
    ) -> None:
        self._groups = groups
        self._lanes = lanes
        self._considering = considering
        self._outgoing = outgoing
        self._timers = timers
        self._journal = journal

    def groups(self, records: Iterable[GroupRecord], tree: Route) -> None:
        """Groups without alerts."""
        routes = {node.id: node for node in tree.walk()}
        for record in records:
            route = routes.get(record.route_id)
            if route is None or route.receiver != record.receiver:
                route = Route(record.receiver, id=record.route_id, group_interval=tree.group_interval)
            group = AlertGroup(record.id, route, record.group_key, record.labels, record.created_at, record.flush_at)
            group.flushed = record.flushed_at is not None
            self._groups.adopt(group)

    def ledger(self, entry: LedgerRecord) -> None:
        """What an integration was told last of a group, or a place of a storm."""
        if entry.group == STORM and entry.integration in self._outgoing.destinations:
            self._outgoing.storms.restore(entry)
            return
        group, lane = self._lane(entry.group, entry.integration)
        if group is None or lane is None:
            self._journal.forget(LedgerRecord, entry.key)
            return
        lane.told = entry  # when it is repeated is settled with the routes

    def row(self, row: OutboxRecord, now: datetime) -> None:
        """What an integration is to be told."""
        group, lane = self._lane(row.group, row.integration)
        if group is None or lane is None:
            self._journal.forget(OutboxRecord, row.key)
            return
        self._outgoing.resume(group, lane, row, now)
        self._considering.await_patience(group, lane)

    def _lane(self, group_id: str, name: str) -> tuple[AlertGroup | None, Lane | None]:
        group = self._groups.by_id.get(group_id)
        return group, self._lanes.open(group, name) if group is not None else None

    def member(self, alert: Alert, name: str) -> None:
        """An alert of this group."""
        group = self._groups.by_id.get(name)
        if group is None:
            alert.groups.discard(name)
            return
        group.alerts[alert.fingerprint] = alert

    def look_at_all(self, now: datetime) -> None:
        """Once all is back: at every group whose tick was missed, or is still to come. What mutes is asked with the routes."""
        for group in self._groups.by_id.values():
            undecided = [alert for alert in group.alerts.values() if _undecided(group, alert)]
            mutes = self._considering.mutes(group, now) if undecided else {}
            for alert in undecided:  # what is muted was seen to be, or there is no hurry
                since = now if alert.fingerprint in mutes and alert.firing else max(alert.updated_at, group.created_at)
                self._timers.set_earlier((FLUSH, group.id), max(now, group.next_tick(since)))

    def look_at_untold(self, now: datetime) -> None:
        """With the routes: at the groups in which something began or ceased to be muted, or that have not told everything.

        What mutes it may be gone; and whoever mutes it knows of nobody to wake afterwards, until a flush has asked.
        """
        for group in self._groups.by_id.values():
            if self._remuted_since(group, now) or any(_undecided(group, alert) for alert in group.alerts.values()):
                self._groups.touch(group, now)

    def _remuted_since(self, group: AlertGroup, now: datetime) -> bool:
        """Whether what was told may be muted, or no longer be, and no flush has seen that."""
        ledgers = [lane.told for lane in group.lanes.values() if lane.told is not None and lane.told.firing]
        if any(told.muted for told in ledgers):
            return True
        mutes = self._considering.mutes(group, now) if ledgers else {}
        return any(fingerprint in mutes for told in ledgers for fingerprint in told.firing)


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
