"""How incidents begin, and begin again.

An incident opens when a group's first flush finds an alert that nothing mutes. What fires again soon after its end is the same
incident; what somebody resolved by hand and still fires opens none, until it has been over once or has gone on for too long.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.incidents import transitions
from evaluator.core.incidents.belonging import COMPONENT, SEVERITY, without_severity
from evaluator.core.incidents.chasing import Chasing
from evaluator.core.incidents.members import Firing, fingerprints, title, tracked
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.incidents.register import Register
from evaluator.core.incidents.standing import Standing
from evaluator.core.routing.grouping import AlertGroup


class Opening:
    """See the module."""

    def __init__(self, register: Register, chasing: Chasing, standing: Standing) -> None:
        self._register = register
        self._chasing = chasing
        self._standing = standing

    def consider(self, identity: str, former: IncidentRecord | None, firing: Firing, now: datetime) -> None:
        """No incident about this is open. former: the newest that was. firing: what fires of it."""
        if former is None or not self._begins_again(former, firing, now):
            self._open(identity, former, firing, now)

    def _open(self, identity: str, former: IncidentRecord | None, firing: Firing, now: datetime) -> None:
        """Open an incident if a group whose first tick is over has something to tell, and a route that says who is chased."""
        ready = [(alert, group) for alert, group in firing if group.flushed]
        if not self._standing.free(ready, now):
            return
        alert, group = self._standing.worst(firing, now)
        component = group.labels.get(COMPONENT) or alert.labels.get(COMPONENT, "")
        policy = self._standing.policy(group, component)
        if policy is None:
            return
        number, previous = self._register.number(identity), former.number if former is not None else None
        record = _new(number, identity, firing, (alert, group), policy, now)
        record = replace(record, component=component, previous=previous)
        if former is not None:
            record = replace(record, dismissed=former.dismissed, dismissed_at=former.dismissed_at)
        record = replace(record, holds=self._standing.holds(record, firing, now))
        self._chasing.do(transitions.opened(record, now), now)

    def _begins_again(self, record: IncidentRecord, firing: Firing, now: datetime) -> bool:
        """Deal with an incident that is over while something of it fires; gives whether that is all there is to do."""
        assert record.resolved_at is not None
        late = now - record.resolved_at > record.policy.reopen_window and not record.flapping
        if not self._standing.free(firing, now) or late:
            return False
        again = self._as_it_is(record, firing, now)
        if again is None:
            return False
        self._chasing.do(transitions.reopened(again, now), now)
        return True

    def _as_it_is(self, record: IncidentRecord, firing: Firing, now: datetime) -> IncidentRecord | None:
        """An incident that begins again, by what fires now, which may be worse or better; None if nobody is chased for that."""
        alert, group = self._standing.worst(firing, now)
        policy = self._standing.policy(group, record.component)
        if policy is None:
            return None
        severity, rank = alert.labels.get(SEVERITY, ""), self._standing.ladders.rank
        record = replace(
            record,
            severity=severity,
            worst=max(record.worst, severity, key=rank),
            alerts=fingerprints(firing),
            title=title(firing, record.labels),
            seen_at=now,
        )
        if policy.name != record.policy.name:
            record = replace(record, policy=policy, route=group.route.id)
        return replace(record, holds=self._standing.holds(record, firing, now))


def _new(
    number: int, identity: str, firing: Firing, worst: tuple[Alert, AlertGroup], policy: Escalation, now: datetime
) -> IncidentRecord:
    """A record of all that fires, treated as its worst alert is."""
    alert, group = worst
    labels, severity = without_severity(group.labels), alert.labels.get(SEVERITY, "")
    return IncidentRecord(
        number,
        identity,
        group.route.id,
        labels,
        policy,
        severity,
        severity,
        IncidentState.TRIGGERED,
        now,
        now,
        now,
        alerts=fingerprints(firing),
        title=title(firing, labels),
        began_at=min(_began_at(one) for one, _ in firing),
    )


def _began_at(alert: Alert) -> datetime:
    known = tracked(alert)
    return known.life.active_at if known is not None else alert.starts_at
