"""Which alert groups are one incident, and by which policy.

An incident is what the route tree would call one group if nobody had written a severity into it: the matchers from the root
down without those on `severity`, and the group labels without it. So a warning that becomes critical, and takes another route
for that, is the incident that it was. The policy is that of the route which the worst of the firing alerts has taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.core.incidents.policy import Escalation, Ladders
from evaluator.core.labels import Labels
from evaluator.core.routing.grouping import AlertGroup
from evaluator.core.routing.routing import Route

SEVERITY, COMPONENT = "severity", "component"


class Belonging:
    """The routes of a configuration, as incidents see them."""

    def __init__(self, root: Route, ladders: Ladders) -> None:
        self._ladders = ladders
        self._paths: Mapping[str, str] = dict(_paths(root, ""))

    def identity(self, group: AlertGroup) -> str | None:
        """What the group's incident is called, through restarts and reloads; None for a group whose route is gone."""
        path = self._paths.get(group.route.id)
        return None if path is None else f"{path}:{without_severity(group.labels)}"

    def policy(self, route: Route, component: str) -> Escalation | None:
        """By which ladder people are chased for what takes this route."""
        known = self._ladders.components.get(component)
        name = known.escalation if route.escalation is None and known is not None else route.escalation or ""
        return self._ladders.escalations.get(name)


def without_severity(labels: Labels) -> Labels:
    """The labels that say what it is, not how bad."""
    return Labels({name: value for name, value in labels.items() if name != SEVERITY})


def _paths(route: Route, above: str) -> Iterator[tuple[str, str]]:
    matchers = ",".join(str(matcher) for matcher in route.matchers if matcher.name != SEVERITY)
    path = f"{above}/{{{matchers}}}" if matchers else above
    yield route.id, path
    for child in route.routes:
        yield from _paths(child, path)
