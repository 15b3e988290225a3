"""Why an alert is not told: an inhibition, a silence, or the time of day; all three decided at one instant.

Inhibitions and silences mute alerts one by one, time intervals mute whatever a route would tell. The order is Alertmanager's:
inhibition, active intervals, mute intervals, silences; the first that applies is the reason that is given.

What begins and ends by an event (a source fires, a silence is set) says at once which alerts it concerns; what begins and
ends by the clock has a timer. So a group is looked at again when its muting may have changed, and not before.

Inhibition rules below a route hold for what that route and its children tell; those at the top hold for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from evaluator.core.alerts import Alert
from evaluator.core.frozen import frozen
from evaluator.core.muting.inhibition import Inhibitions, Inhibitor, InhibitRule
from evaluator.core.muting.intervals import ClockMute, NamedInterval, clock_mute, next_change
from evaluator.core.muting.silences import Silences
from evaluator.core.routing.routing import Route


class MuteKind(StrEnum):
    """What mutes, in the words of Alertmanager's metric of suppressed notifications."""

    INHIBITION = "inhibition"
    ACTIVE_INTERVAL = "active_time_interval"
    MUTE_INTERVAL = "mute_time_interval"
    SILENCE = "silence"


@frozen
class Mute:
    """Why an alert is muted. names: ids of silences, names of intervals, or the rule and the source's fingerprint."""

    kind: MuteKind
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {', '.join(self.names)}"


class Muting:
    """Silences, inhibitions and intervals together. sources: counts the changes after which another alert may inhibit."""

    def __init__(
        self, silences: Silences, rules: Iterable[InhibitRule], route: Route, intervals: Iterable[NamedInterval]
    ) -> None:
        self.silences = silences
        self.sources = 0
        self._firing: dict[str, Alert] = {}
        self._scopes: dict[str, Inhibitions] = {}
        self._above: dict[str, tuple[Inhibitions, ...]] = {}
        self.reconfigure(rules, route, intervals)

    def reconfigure(self, rules: Iterable[InhibitRule], route: Route, intervals: Iterable[NamedInterval]) -> None:
        """Take over new rules and intervals; the firing alerts are filed anew."""
        self.sources += 1
        self._intervals: Mapping[str, NamedInterval] = {interval.name: interval for interval in intervals}
        self._scopes = {"": Inhibitions(rules)}
        self._above = {}
        self._descend(route, (self._scopes[""],))
        for alert in self._firing.values():
            for scope in self._scopes.values():
                scope.source_changed(alert.labels, alert.fingerprint, True)

    def _descend(self, route: Route, above: tuple[Inhibitions, ...]) -> None:
        if route.inhibit_rules:
            self._scopes[route.id] = Inhibitions(route.inhibit_rules, route.id)
            above = (*above, self._scopes[route.id])
        self._above[route.id] = above
        for child in route.routes:
            self._descend(child, above)

    # -- changes ------------------------------------------------------------------------------------------------------

    def source_changed(self, alert: Alert) -> set[str]:
        """An alert began or ceased to fire; the fingerprints of those whose inhibition that may have changed."""
        firing, fingerprint = alert.firing, alert.fingerprint
        if firing:
            self._firing[fingerprint] = alert
        else:
            self._firing.pop(fingerprint, None)
        affected: set[str] = set()
        for scope in self._scopes.values():
            moves = scope.moves
            for touched in scope.source_changed(alert.labels, fingerprint, firing):
                affected.update(scope.affected(touched))
            self.sources += scope.moves - moves
        return affected

    def forget(self, alert: Alert) -> None:
        """An alert is gone for good."""
        for scope in self._scopes.values():
            scope.forget(alert.fingerprint)

    # -- asking -------------------------------------------------------------------------------------------------------

    def of_route(self, route: Route, at: datetime) -> Mute | None:
        """Why nothing that `route` would tell is told at `at`."""
        if not route.mute_time_intervals and not route.active_time_intervals:
            return None
        quiet: ClockMute | None = clock_mute(
            self._named(route.mute_time_intervals), self._named(route.active_time_intervals), at
        )
        if quiet is None:
            return None
        return Mute(MuteKind.ACTIVE_INTERVAL if quiet.active else MuteKind.MUTE_INTERVAL, quiet.names)

    def of_alert(self, alert: Alert, route: Route, at: datetime) -> Mute | None:
        """Why this alert is not told by `route` at `at`, the time of day aside."""
        inhibitor = self.inhibitor(alert, route)
        if inhibitor is not None:
            return Mute(MuteKind.INHIBITION, (inhibitor.title, inhibitor.source))
        ids = self.silences.muting(alert.labels, at)
        return Mute(MuteKind.SILENCE, ids) if ids else None

    def inhibitor(self, alert: Alert, route: Route) -> Inhibitor | None:
        """What inhibits this alert for `route` now."""
        for scope in self._above.get(route.id, (self._scopes[""],)):
            found = scope.inhibitor(alert.labels, alert.fingerprint)
            if found is not None:
                return found
        return None

    def boundary(self, route: Route, at: datetime) -> datetime | None:
        """When the time of day next matters to what `route` tells."""
        if not route.mute_time_intervals and not route.active_time_intervals:
            return None
        kinds = (route.mute_time_intervals, route.active_time_intervals)  # one may begin where the other goes on
        changes = (next_change([element for one in self._named(names) for element in one.intervals], at) for names in kinds)
        return min((change for change in changes if change is not None), default=None)

    def _named(self, names: Iterable[str]) -> Iterator[NamedInterval]:
        return (self._intervals[name] for name in names if name in self._intervals)
