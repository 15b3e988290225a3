"""By which ladder people would be chased for an alert, and whom each level would reach at an instant.

As the configuration says it; overrides that people made are known to the running evaluator alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from evaluator.core.durations import format_duration
from evaluator.core.frozen import frozen
from evaluator.core.incidents.belonging import COMPONENT, Belonging
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.reach import Directory, Reached
from evaluator.core.labels import Labels
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Settings


@frozen
class Rung:
    """A level, and whom it reaches if it fires at `at`."""

    name: str
    after: timedelta
    at: datetime
    reached: Reached


@frozen
class Climb:
    """A ladder, climbed from an instant on."""

    policy: Escalation
    rungs: tuple[Rung, ...]


def climb_of(settings: Settings, route: Route, alert: Labels, at: datetime) -> Climb | None:
    """What an incident comes to that opens at an instant for an alert on this route; None where nobody is chased."""
    component = alert.get(COMPONENT, "")
    policy = Belonging(settings.route, settings.ladders).policy(route, component)
    if policy is None:
        return None
    directory = Directory(settings.duty, settings.ladders, settings.receivers, lambda name: ())
    rungs = (
        Rung(level.name, level.at, at + level.at, directory.reach(level, component, at + level.at)) for level in policy.levels
    )
    return Climb(policy, tuple(rungs))


def rows_of(climb: Climb) -> Iterator[tuple[str, str, str]]:
    """A line for each level, for people."""
    for rung in climb.rungs:
        yield rung.name, format_duration(rung.after), "; ".join((*_told(rung), *rung.reached.missed)) or "nobody"


def json_of(climb: Climb | None) -> dict[str, Any] | None:
    """The same for programs; `after` counts from the level."""
    if climb is None:
        return None
    return {"name": climb.policy.name, "levels": [_level(rung) for rung in climb.rungs]}


def _level(rung: Rung) -> dict[str, Any]:
    tells = [{"whom": way.whom, "way": way.way, "after": _later(way.due_at, rung.at)} for way in rung.reached.ways]
    return {"name": rung.name, "after": format_duration(rung.after), "tells": tells, "missed": list(rung.reached.missed)}


def _told(rung: Rung) -> Iterator[str]:
    """`ana by slack, sms, after 3m by sms, email`; what is no person by its name alone."""
    for whom in dict.fromkeys(way.whom for way in rung.reached.ways):
        by: dict[str, list[str]] = {}
        for way in rung.reached.ways:
            if way.whom == whom:
                by.setdefault(_later(way.due_at, rung.at), []).append(way.way)
        yield f"{whom} " + ", ".join(
            (f"after {later} " if later != "0s" else "") + f"by {', '.join(ways)}" for later, ways in by.items()
        )


def _later(due_at: datetime, at: datetime) -> str:
    return format_duration(due_at - at)
