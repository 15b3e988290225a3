"""Which groups there are, and how alerts come into them: found or opened, with lanes, and looked at when they changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.journal import Journal
from evaluator.core.limits import Limit
from evaluator.core.notifying.lanes import Lanes
from evaluator.core.notifying.outgoing import FLUSH
from evaluator.core.records import AlertRecord, GroupRecord
from evaluator.core.routing.grouping import AlertGroup, group_id, open_group
from evaluator.core.routing.overflow import Rooms, open_overflow, overflow_id
from evaluator.core.routing.routing import Route
from evaluator.core.timers import Timers

Refuse = Callable[[Limit, str, datetime], None]


def unheard(limit: Limit, detail: str, now: datetime) -> None:
    """For whoever only wants to know what would become of a group."""


class Groups:
    """All alert groups. turnover: counts those that came and went. refuse: is told of each alert that may not open one."""

    def __init__(self, lanes: Lanes, timers: Timers, journal: Journal, limit: int, refuse: Refuse = unheard) -> None:
        self.by_id: dict[str, AlertGroup] = {}
        self.turnover = 0
        self.rooms = Rooms(limit)
        self._lanes = lanes
        self._timers = timers
        self._journal = journal
        self._refuse = refuse
        self._stirred: set[str] = set()

    def stirred(self) -> set[str]:
        """The ids of groups of which something has changed since the last call; some may be gone."""
        names, self._stirred = self._stirred, set()
        return names

    def stir(self, group: AlertGroup) -> None:
        """Something of this group has changed, for those who follow groups."""
        self._stirred.add(group.id)

    def touch(self, group: AlertGroup, at: datetime) -> None:
        """Let the group be considered at its next tick after `at`."""
        self.stir(group)
        self._timers.set_earlier((FLUSH, group.id), group.next_tick(at))

    def join(self, route: Route, alert: Alert, now: datetime) -> AlertGroup:
        """Put the alert into its group of this route, in place of its like that had ended in there; gives the group."""
        group = self._place(route, alert, now)
        former = group.alerts.get(alert.fingerprint)
        if former is not None and former.within:
            self._journal.forget(AlertRecord, former.key)
        group.alerts[alert.fingerprint] = alert
        alert.groups.add(group.id)
        return group

    def _place(self, route: Route, alert: Alert, now: datetime) -> AlertGroup:
        """The group of this route that the alert belongs to; it is opened if need be."""
        name = home(route, alert)
        if name in self.by_id:
            return self.by_id[name]
        if not self.rooms.full(route, alert):
            group = open_group(route, alert, now)
        else:
            self._refuse(Limit.GROUPS_PER_ROUTE, f"no group {route.group_key(alert.labels)} for {route.receiver}", now)
            if overflow_id(route) in self.by_id:
                return self.by_id[overflow_id(route)]
            group = open_overflow(route, alert, now)
        self.adopt(group)
        self._journal.touch(GroupRecord, (group.id,), group.record)
        return group

    def adopt(self, group: AlertGroup) -> None:
        """Take in a group as it stands, with what is on its way for it, and a lane for each of its receiver's integrations."""
        self.by_id[group.id] = group
        self.turnover += 1
        self.rooms.opened(group)
        for name in dict.fromkeys((*self._lanes.named(group.route.receiver), *group.lanes)):
            self._lanes.open(group, name)

    def remove(self, group: AlertGroup) -> None:
        """This group is no more, and will not be looked at."""
        del self.by_id[group.id]
        self.stir(group)
        self.turnover += 1
        self.rooms.closed(group)
        self._timers.cancel((FLUSH, group.id))
        self._journal.forget(GroupRecord, (group.id,))


def home(route: Route, alert: Alert) -> str:
    """The id of the group of this route that the alert is in, or would be in if there was room."""
    overflow = overflow_id(route)
    return overflow if overflow in alert.groups else group_id(route, route.group_labels(alert.labels))
