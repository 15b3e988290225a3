"""A stage with a ladder on it, and people who are called."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evaluator.core.incidents.policy import AckTerms, Escalation
from evaluator.core.oncall.people import Duty
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.settings import Settings
from tests.core.incidents.ladder import always, duty, ladder, ladders
from tests.web.stage import START, Stage, route, settings

DOWN = {"alertname": "Down", "component": "api", "severity": "critical"}


def on_ladder(*policies: Escalation, **more: Any) -> Settings:
    """Everything climbs the first policy, grouped by name and component."""
    first = policies or (ladder(ack=AckTerms(timeout=timedelta(hours=1))),)
    tree = replace(route(group_by=frozenset({"alertname", "component"})), escalation=first[0].name)
    return settings(**{"route": tree, "ladders": ladders(*first), "duty": duty(), **more})


def burning(wanted: Settings | None = None) -> Stage:
    """One incident, whose first level has been told."""
    stage = Stage(wanted or on_ladder())
    stage.post(DOWN, annotations={"summary": "nobody answers"})
    stage.deliver()
    return stage


def turns() -> Duty:
    """Two people who take turns of days from nine to nine, three of them without anybody at weekends."""
    known = duty()
    daily = Layer(("ana", "bo"), 1, Unit.DAY, START.date() - timedelta(days=30), handoff=START.time().replace(hour=9))
    return Duty(known.people, (replace(always(), layers=(daily,)),))
