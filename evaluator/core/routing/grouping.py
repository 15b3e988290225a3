"""Alert groups: the alerts that are told together, the ticks at which they are considered, and what is under way for them.

Ticks. A group is first considered `group_wait` after the alert that creates it, at once if that alert is older than that;
from then on at whole `group_interval`s after the first tick. Only a tick that has something to decide is waited for: a
group in which nothing changed has no timer but its repeats, so thousands of quiet groups cost nothing. This is
Alertmanager's rhythm without the idle beats; unlike there it does not drift, and survives restarts and reloads.

Lanes. Each integration of the group's receiver has a lane that holds at most one notification on its way. What is decided
while one is in flight is decided again when its answer is there; what is decided while one waits for a retry takes its
place. A receiver that was away for an hour hears the truth of now, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.labels import Labels
from evaluator.core.records import Decision, GroupRecord, LedgerRecord, OutboxRecord
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Integration


@dataclass(slots=True)
class Lane:
    """One integration's notifications of one group.

    told: what it was told last. row: what it is to be told and has not accepted. in_flight: an attempt is being made.
    again: something changed meanwhile. decision: what the last flush decided, and why.
    """

    integration: Integration
    name: str
    told: LedgerRecord | None = None
    row: OutboxRecord | None = None
    in_flight: bool = False
    again: bool = False
    decision: Decision | None = None

    @property
    def receiver(self) -> str:
        """Name of the receiver that the integration belongs to: the group's, or one that stands in for it."""
        return self.name.rpartition("/")[0]


@dataclass(slots=True, eq=False)
class AlertGroup:
    """Alerts of one route that share their group labels.

    first_flush: the first tick, from which all others are counted. flushed: that tick is over. considered: the ended
    alerts that the last flush saw, with the time of their last change; they leave once everybody has been told. muted_by:
    names of the time intervals that kept the last flush quiet.
    """

    id: str
    route: Route
    key: str
    labels: Labels
    created_at: datetime
    first_flush: datetime
    flushed: bool = False
    alerts: dict[str, Alert] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    considered: dict[str, datetime] = field(default_factory=dict)
    muted_by: tuple[str, ...] = ()

    def record(self) -> GroupRecord:
        """This group as it is kept."""
        flushed_at = self.first_flush if self.flushed else None
        return GroupRecord(
            self.id,
            self.route.id,
            self.route.receiver,
            self.key,
            self.labels,
            self.created_at,
            self.first_flush,
            flushed_at,
        )

    def next_tick(self, now: datetime) -> datetime:
        """When what changed at `now` is to be considered."""
        if not self.flushed:
            return max(self.first_flush, now)
        beats = (now - self.first_flush) // self.route.group_interval + 1
        return self.first_flush + beats * self.route.group_interval

    def split(self) -> tuple[list[Alert], list[Alert]]:
        """The firing and the resolved alerts, each in the order in which they are told."""
        ordered = sorted(self.alerts.values(), key=told_order)
        return [alert for alert in ordered if alert.firing], [alert for alert in ordered if not alert.firing]

    @property
    def idle(self) -> bool:
        """Nothing is on its way to anybody."""
        return all(lane.row is None for lane in self.lanes.values())


def told_order(alert: Alert) -> tuple[object, ...]:
    """Alertmanager's order within a notification: by job, by instance, those without one last, then by the labels."""
    job, instance = alert.labels.get("job"), alert.labels.get("instance")
    return job is None, job, instance is None, instance, alert.labels.order


def group_id(route: Route, labels: Labels) -> str:
    """What identifies a group across restarts: the route's stable id, who is told, and the group labels.

    The receiver belongs to it so that a route which is given another receiver says goodbye to the one that was told.
    """
    return f"{route.id}@{route.receiver}:{labels}"


def open_group(route: Route, alert: Alert, now: datetime) -> AlertGroup:
    """The group that `alert` creates under `route`; it is not yet in it."""
    labels = route.group_labels(alert.labels)
    first = first_tick(route, alert, now)
    return AlertGroup(group_id(route, labels), route, f"{route.key}:{labels}", labels, now, first)


def first_tick(route: Route, alert: Alert, now: datetime) -> datetime:
    """When a group that `alert` begins now is considered first: after `group_wait`, at once if the alert has waited longer."""
    return now if alert.starts_at + route.group_wait < now else now + route.group_wait


def fingerprints(alerts: Iterable[Alert]) -> frozenset[str]:
    """Of all of them."""
    return frozenset(alert.fingerprint for alert in alerts)
