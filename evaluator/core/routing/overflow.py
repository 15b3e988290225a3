"""How many groups a route may have, and where the alerts go that would open one too many: into its overflow group.

A label that changes with every alert, in `group_by`, turns one outage into thousands of notifications. Beyond the limit alerts
are told together, under a group label of their own: people hear coarsely rather than not at all. An alert stays in the overflow
group until it is over or routed elsewhere, so whoever was told of it there is told there that it is over.

The evaluator's own alerts are few, and say what is wrong: they always have their groups.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.labels import Labels
from evaluator.core.limits import Limit
from evaluator.core.routing.grouping import AlertGroup, first_tick
from evaluator.core.routing.routing import Route
from evaluator.core.watching.meta import SOURCE

OVERFLOW = Labels({"overflow": str(Limit.GROUPS_PER_ROUTE)})
_OVERFLOW = ":overflow"
"""At the end of an id: those of other groups end with their labels, in braces."""


class Rooms:
    """Counts the groups of each route. limit: most that may be opened; 0 is no limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._groups: defaultdict[str, set[str]] = defaultdict(set)
        self._overflows: set[str] = set()

    def opened(self, group: AlertGroup) -> None:
        """This group is there now, if it was not."""
        if group.id.endswith(_OVERFLOW):
            self._overflows.add(group.id)
        else:
            self._groups[_room(group.route)].add(group.id)

    def closed(self, group: AlertGroup) -> None:
        """This group is no more."""
        self._overflows.discard(group.id)
        self._groups[_room(group.route)].discard(group.id)

    def full(self, route: Route, alert: Alert) -> bool:
        """Whether this alert may not open a group of this route."""
        if not self.limit or len(self._groups[_room(route)]) < self.limit:
            return False
        return not any(source.startswith(SOURCE) for source in alert.sources)

    @property
    def overflowing(self) -> bool:
        """Whether alerts are told together for want of room."""
        return bool(self._overflows)


def _room(route: Route) -> str:
    return f"{route.id}@{route.receiver}"


def overflow_id(route: Route) -> str:
    """Of the route's overflow group; no other group has it, whatever labels alerts may have."""
    return f"{_room(route)}{_OVERFLOW}"


def open_overflow(route: Route, alert: Alert, now: datetime) -> AlertGroup:
    """The overflow group of `route`; `alert` is the first in it, and is not yet in it."""
    key = f"{route.key}:{OVERFLOW}"
    return AlertGroup(overflow_id(route), route, key, OVERFLOW, now, first_tick(route, alert, now))
