"""What the alerts of an incident come to at an instant: how bad it is, by which policy people are chased, and what holds it."""

from __future__ import annotations

from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.incidents.belonging import COMPONENT, SEVERITY, Belonging
from evaluator.core.incidents.maintaining import Maintaining
from evaluator.core.incidents.members import Firing
from evaluator.core.incidents.policy import Escalation, Ladders
from evaluator.core.incidents.records import Hold, IncidentRecord
from evaluator.core.muting.muting import MuteKind, Muting
from evaluator.core.routing.grouping import AlertGroup
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers

HOURS = "incident_hours"
"""Of timers."""
AHEAD = timedelta(days=14)
"""How far a calendar is searched for its next opening."""

_HOLDS = {
    MuteKind.INHIBITION: Hold.INHIBITED,
    MuteKind.SILENCE: Hold.SILENCE,
    MuteKind.ACTIVE_INTERVAL: Hold.INTERVAL,
    MuteKind.MUTE_INTERVAL: Hold.INTERVAL,
}


class Standing:
    """Asks mutes, maintenance and calendars."""

    def __init__(self, settings: Settings, muting: Muting, maintaining: Maintaining, timers: Timers) -> None:
        self._muting = muting
        self._maintaining = maintaining
        self._timers = timers
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Take a configuration."""
        self.ladders: Ladders = settings.ladders
        self._belonging = Belonging(settings.route, settings.ladders)

    def identity(self, group: AlertGroup) -> str | None:
        """See `Belonging`."""
        return self._belonging.identity(group)

    def policy(self, group: AlertGroup, component: str) -> Escalation | None:
        """By which ladder people are chased for what this group holds."""
        return self._belonging.policy(group.route, component)

    def rank(self, alert: Alert) -> int:
        """How bad an alert is."""
        return self.ladders.rank(alert.labels.get(SEVERITY, ""))

    def worst(self, firing: Firing, now: datetime) -> tuple[Alert, AlertGroup]:
        """The alert that counts: of those that nothing mutes, if there are any, the worst whose route names a policy."""

        def badness(one: tuple[Alert, AlertGroup]) -> tuple[bool, int, str]:
            alert, group = one
            chased = self.policy(group, alert.labels.get(COMPONENT, "")) is not None
            return chased, self.rank(alert), alert.fingerprint

        return max(self.free(firing, now) or firing, key=badness)

    def free(self, firing: Firing, now: datetime) -> Firing:
        """Those that nothing mutes."""
        return [
            (alert, group)
            for alert, group in firing
            if self._muting.of_route(group.route, now) is None and self._muting.of_alert(alert, group.route, now) is None
        ]

    def holds(self, record: IncidentRecord, firing: Firing, now: datetime) -> tuple[Hold, ...]:
        """What holds an incident: mutes, if each alert has one; maintenance of all of them; the hours of its policy."""
        mutes = [
            self._muting.of_route(group.route, now) or self._muting.of_alert(alert, group.route, now) for alert, group in firing
        ]
        holds = {_HOLDS[mute.kind] for mute in mutes if mute is not None} if all(mutes) else set()
        if all(self._maintaining.holds(alert.labels, now) for alert, _ in firing):
            holds.add(Hold.MAINTENANCE)
        if self._outside_hours(record, now):
            holds.add(Hold.HOURS)
        return tuple(sorted(holds))

    def unsilenced_by(self, firing: Firing, now: datetime) -> str:
        """Who ends a silence of these alerts at this instant; empty if nobody does, or nobody knows who."""
        ended = (one for one in self._muting.silences if one.ended_by and one.ends_at == now)
        found = {one.ended_by for one in ended if any(one.matches(alert.labels) for alert, _ in firing)}
        return ", ".join(sorted(found))

    def _outside_hours(self, record: IncidentRecord, now: datetime) -> bool:
        """Whether the policy's calendar is closed for this severity; has a timer for when that changes."""
        hours = record.policy.hours
        calendar = self.ladders.calendars.get(hours.calendar) if hours is not None else None
        if hours is None or calendar is None or record.severity not in hours.severities:
            self._timers.cancel((HOURS, record.identity))
            return False
        edges = sorted(edge for opening in calendar.between(now, now + AHEAD) for edge in opening if edge > now)
        self._timers.set((HOURS, record.identity), edges[0] if edges else now + AHEAD)
        return not calendar.open_at(now)
