"""What a reload does to groups: those whose route is still there go on as they are, with its new times and receivers.

An alert that a group loses counts as ended there, with the reason, so that whoever was told "firing" is told that it is over;
and so does every alert of a group whose route is gone. With Alertmanager's behaviour nobody is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.journal import Journal
from evaluator.core.notifying.considering import Considering
from evaluator.core.notifying.fallback import stands_in
from evaluator.core.notifying.lanes import Lanes
from evaluator.core.notifying.outgoing import FLUSH, Outgoing
from evaluator.core.records import AlertRecord, GroupRecord
from evaluator.core.routing.grouping import AlertGroup, first_tick
from evaluator.core.routing.joining import Groups, home
from evaluator.core.routing.leaving import Leaving
from evaluator.core.routing.routing import Route
from evaluator.core.timers import Timers

GONE = "no longer routed here"


class Rewiring:
    """Gives groups the routes of a new tree, and alerts their groups."""

    def __init__(
        self,
        groups: Groups,
        lanes: Lanes,
        considering: Considering,
        leaving: Leaving,
        outgoing: Outgoing,
        timers: Timers,
        journal: Journal,
    ) -> None:
        self._groups = groups
        self._lanes = lanes
        self._considering = considering
        self._leaving = leaving
        self._outgoing = outgoing
        self._timers = timers
        self._journal = journal

    def begin_anew(self, now: datetime) -> None:
        """Forget the ticks of all groups, as Alertmanager does at a reload; what was told is remembered there as well."""
        for group in self._groups.by_id.values():
            if group.alerts:
                group.first_flush = min(first_tick(group.route, alert, now) for alert in group.alerts.values())
                group.flushed = False
                self._journal.touch(GroupRecord, (group.id,), group.record)
                self._timers.cancel((FLUSH, group.id))
                self._groups.touch(group, now)

    def rewire(self, group: AlertGroup, routes: Mapping[str, Route], now: datetime) -> None:
        """Give a group its route of the new tree; without one it keeps the old, to say goodbye on."""
        route = routes.get(group.route.id)
        if route is not None and route.receiver == group.route.receiver:
            group.route = route
        names = set(self._lanes.named(group.route.receiver))
        for name in [name for name in group.lanes if name not in names and not self._still_needed(group, name)]:
            self._leaving.remove_lane(group, name, now)
        if names - group.lanes.keys():  # whoever is new has yet to hear what fires
            self._groups.touch(group, now)
        self._groups.adopt(group)
        if group.flushed:
            self._considering.quiet(group, now)
        for lane in group.lanes.values():
            if lane.row is None:
                self._outgoing.ledgers.await_repeat(group, lane, now)
            self._considering.await_patience(group, lane)
        self._leaving.settle(group, now)

    def _still_needed(self, group: AlertGroup, name: str) -> bool:
        """Whether a fallback's lane is: its integration is there, and has been told something, or is about to be."""
        lane = group.lanes[name]
        return name in self._lanes and stands_in(group, lane) and bool(lane.told or lane.row)

    def reroute(self, tree: Route, alerts: Alerts, now: datetime) -> None:
        """Let every alert join the groups that the tree now sends it to, and end it in those that it no longer belongs to."""
        for alert in list(alerts):
            nodes = list(tree.match(alert.labels))
            if self._at_home(alert, nodes):
                continue
            wanted = {home(node, alert): node for node in nodes}
            for name in sorted(alert.groups - wanted.keys()):
                self._part(self._groups.by_id[name], alert, now)
            if alert.firing:
                for name in sorted(wanted.keys() - alert.groups):
                    self._groups.touch(self._groups.join(wanted[name], alert, now), now)
                    self._journal.touch(AlertRecord, alert.key, alert.record)

    def _at_home(self, alert: Alert, nodes: Sequence[Route]) -> bool:
        """Whether the groups that the alert is in are those of these routes, seen without writing out what they are called."""
        if len(alert.groups) != len(nodes):
            return False
        groups = [self._groups.by_id[name] for name in alert.groups]
        return all(
            any(group.route is node and group.labels == node.group_labels(alert.labels) for group in groups) for node in nodes
        )

    def _part(self, group: AlertGroup, alert: Alert, now: datetime) -> None:
        """The alert does not belong to the group any more: if it fires, something that ended stays in its place."""
        if alert.firing and self._outgoing.compatibility:
            self._leaving.forsake(group, alert, now)
            return
        if alert.firing:
            ended = alert.ended_within(group.id, now, GONE)
            group.alerts[alert.fingerprint] = ended
            alert.groups.discard(group.id)
            self._journal.touch(AlertRecord, alert.key, alert.record)
            self._journal.touch(AlertRecord, ended.key, ended.record)
        self._groups.touch(group, now)
