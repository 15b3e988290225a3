"""How an alert stands at this instant: firing, muted, over; and why it is muted, with a link to what does it."""

from __future__ import annotations

from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME
from evaluator.core.muting.muting import Mute, MuteKind
from evaluator.core.routing.routing import Route
from evaluator.core.view import View

FIRING, MUTED, PENDING, RESOLVED = "firing", "muted", "pending", "resolved"


@frozen
class Cause:
    """What mutes an alert. verb: how. text: what does it. link: relative to the first page. until: when that is over."""

    verb: str
    text: str
    link: str
    until: datetime | None = None


class Standing:
    """Of all alerts at one instant; what holds for a whole route is looked up once."""

    def __init__(self, view: View) -> None:
        self.now = view.now
        self._machine = view.machine
        self._routes: dict[str, Mute | None] = {}

    def of_route(self, route: Route) -> Mute | None:
        """What keeps everything quiet that this route would tell."""
        if route.id not in self._routes:
            self._routes[route.id] = self._machine.muting.of_route(route, self.now)
        return self._routes[route.id]

    def mute(self, alert: Alert, route: Route) -> Mute | None:
        """Why `route` does not tell of a firing alert, as it is decided at a flush."""
        return self.of_route(route) or self._machine.muting.of_alert(alert, route, self.now)

    def muted_everywhere(self, alert: Alert) -> bool:
        """Whether none of the groups that the alert is in tells of it."""
        groups = self._machine.dispatch.groups
        mutes = [self.mute(alert, groups[name].route) for name in alert.groups & groups.keys()]
        return bool(mutes) and all(mutes)

    def causes(self, mute: Mute, route: Route) -> tuple[Cause, ...]:
        """A mute in words, each with a link to what does it."""
        match mute.kind:
            case MuteKind.SILENCE:
                return tuple(self._silence(name) for name in mute.names)
            case MuteKind.INHIBITION:
                return (self._inhibition(*mute.names),)
            case MuteKind.ACTIVE_INTERVAL:
                return (self._interval("outside of", mute, route),)
            case MuteKind.MUTE_INTERVAL:
                return (self._interval("during", mute, route),)

    def _silence(self, name: str) -> Cause:
        silence = self._machine.muting.silences.get(name)
        author = silence.created_by if silence else ""
        comment = silence.comment if silence else ""
        text = f"{author}: {comment}" if author and comment else author or comment or name
        return Cause("silenced", text, f"silences/{name}", silence.ends_at if silence else None)

    def _inhibition(self, rule: str, source: str) -> Cause:
        alert = self._machine.alerts.get(source)
        name = alert.labels.get(ALERT_NAME, source) if alert else source
        return Cause("inhibited", f"by {name} ({rule})", f"alerts/{source}")

    def _interval(self, how: str, mute: Mute, route: Route) -> Cause:
        until = self._machine.muting.boundary(route, self.now)
        return Cause(how, ", ".join(mute.names), "routes#intervals", until)
