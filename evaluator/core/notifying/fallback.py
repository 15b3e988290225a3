"""Who stands in for whom: the receiver that is told when another cannot be.

A lane fails when its row was refused for good, or has not been accepted for the receiver's `fallback_after`; both follow from
the row alone, so they survive restarts. What a failing lane is to be told, the lanes of its receiver's fallback are told too,
in the same group. Such a lane is an ordinary one with a ledger of its own, and is known by its receiver, which is not the
group's. While no lane that it stands in for fails, it is told the end of what it was told, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.receivers import Receiver
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.watching.meta import clock

PATIENCE = "patience"
NOT_NEEDED = ""


def stands_in(group: AlertGroup, lane: Lane) -> bool:
    """Whether the lane is not of the group's own receiver."""
    return lane.receiver != group.route.receiver


def why_standing_in(group: AlertGroup, lane: Lane, receivers: Mapping[str, Receiver], now: datetime) -> str | None:
    """For whom the lane stands in, and why; `NOT_NEEDED` when for nobody at the moment; None when it is the group's own."""
    if not stands_in(group, lane):
        return None
    for other in group.lanes.values():
        receiver = receivers[other.receiver]
        if receiver.fallback == lane.receiver and other.row is not None and fails(other, receiver, now):
            how = "refuses" if other.row.refused else f"has accepted nothing since {clock(other.row.created_at)}"
            return f"fallback: {other.name} {how}{': ' if other.row.error else ''}{other.row.error}"
    return NOT_NEEDED


def fails(lane: Lane, receiver: Receiver, now: datetime) -> bool:
    """Whether what the lane is to be told is to be told to its receiver's fallback as well."""
    if lane.row is None:
        return False
    return lane.row.refused or lane.row.created_at + receiver.fallback_after <= now


def known_of(lane: Lane, firing: Iterable[Alert], resolved: Iterable[Alert]) -> tuple[list[Alert], list[Alert]]:
    """Of these alerts, those that the integration takes to fire, and those of which it knows that they fired."""
    owed = lane.told.owed if lane.told is not None else frozenset[str]()
    heard = owed.union(lane.told.resolved) if lane.told is not None else owed
    return [alert for alert in firing if alert.fingerprint in owed], [alert for alert in resolved if alert.fingerprint in heard]
