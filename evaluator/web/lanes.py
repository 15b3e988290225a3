"""What the integrations of an alert group were told, and what comes next, as a page says it."""

from __future__ import annotations

from datetime import datetime

from evaluator.core.frozen import frozen
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import FLUSH
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.view import View


@frozen
class LaneShown:
    """One integration. undelivered: something is on its way since `since`. retry_at: when the next attempt is made."""

    name: str
    told_at: datetime | None
    told: int
    repeat_at: datetime | None
    undelivered: bool
    since: datetime | None
    attempts: int
    error: str
    retry_at: datetime | None
    reason: str


@frozen
class Prospect:
    """What is to come. flush_at: when the group is decided next. trouble: why some or all cannot be told."""

    lanes: tuple[LaneShown, ...]
    flush_at: datetime | None
    repeat_at: datetime | None
    trouble: str

    @property
    def failing(self) -> tuple[LaneShown, ...]:
        """Those who did not accept what they were to be told."""
        return tuple(lane for lane in self.lanes if lane.error)

    @property
    def told_at(self) -> datetime | None:
        """When somebody was told last."""
        return max((lane.told_at for lane in self.lanes if lane.told_at), default=None)


def prospect(view: View, group: AlertGroup) -> Prospect:
    """Of this group."""
    lanes = tuple(_lane(view, group, lane) for lane in group.lanes.values())
    flush_at = view.machine.timers.at((FLUSH, group.id))
    repeat_at = min((lane.repeat_at for lane in lanes if lane.repeat_at), default=None)
    return Prospect(lanes, flush_at, repeat_at, _trouble(view, group))


def _trouble(view: View, group: AlertGroup) -> str:
    receiver = view.machine.dispatch.receivers.get(group.route.receiver)
    if receiver is None:
        return "its receiver is no longer configured"
    return "" if group.lanes else "its receiver tells nobody"


def _lane(view: View, group: AlertGroup, lane: Lane) -> LaneShown:
    row = lane.row
    return LaneShown(
        lane.name,
        lane.told.told_at if lane.told else None,
        len(lane.told.firing) if lane.told else 0,
        view.machine.timers.at((REPEAT, group.id, lane.name)),
        row is not None,
        row.created_at if row else None,
        row.attempts if row else 0,
        row.error if row else "",
        row.retry_at if row else None,
        lane.decision.reason if lane.decision else "",
    )
