"""`dry_run` of a route: the ladder is climbed as it would be in earnest, and every level tells the route's own receiver.

So a drill with real alerts shows who would be told when, and wakes nobody. The rehearsed ladder is a policy of its own, under a
name that says what it is; a component's own ladder does not come into it.
"""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.incidents.policy import Escalation, IfNobody, Ladders, Target, TargetKind
from evaluator.core.routing.routing import Route


def with_rehearsals(route: Route, ladders: Ladders) -> tuple[Route, Ladders]:
    """The tree with what its dry runs are called, and the ladders with these."""
    found: dict[str, Escalation] = {}
    tree = _rehearsing(route, ladders, found)
    return tree, replace(ladders, escalations={**ladders.escalations, **found}) if found else ladders


def _rehearsing(route: Route, ladders: Ladders, found: dict[str, Escalation]) -> Route:
    below = tuple(_rehearsing(child, ladders, found) for child in route.routes)
    known = ladders.escalations.get(route.escalation or "")
    if not route.dry_run or known is None:
        return replace(route, routes=below)
    rehearsal = _rehearsal(known, route.receiver)
    found[rehearsal.name] = rehearsal
    return replace(route, escalation=rehearsal.name, routes=below)


def _rehearsal(escalation: Escalation, receiver: str) -> Escalation:
    instead = (Target(TargetKind.RECEIVER, receiver),)
    levels = tuple(replace(level, notify=instead, profile="") for level in escalation.levels)
    return replace(escalation, name=f"{escalation.name} (dry run: {receiver})", levels=levels, if_nobody=IfNobody.NEXT)
