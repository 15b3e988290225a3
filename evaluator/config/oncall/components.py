"""`components`: what people own, by the value of the label `component`."""

from __future__ import annotations

from collections.abc import Collection

from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.oncall.entries import entries, is_known
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.incidents.policy import SCHEDULE, Component

PERSON = "person:"
"""Begins what names a person in levels of an escalation."""


class ComponentModel(Model):
    """An entry of `components`."""

    TITLE = "a component"

    owner: Text = ""
    backup: Text = ""
    runbook: Text = ""
    escalation: Text = ""


def read_components(
    top: Table, people: Collection[str], schedules: Collection[str], escalations: Collection[str], reading: Reading
) -> dict[str, Component]:
    """The components by name. An owner is a person, or whoever is on call: `schedule:NAME`."""
    found = {}
    for name, model, node in entries(top, "components", ComponentModel, reading):
        for key in ("owner", "backup"):
            whom: str = getattr(model, key)
            if whom.startswith(SCHEDULE):
                is_known("schedule", whom.removeprefix(SCHEDULE), schedules, "schedules", node.at(key), reading)
            elif whom.startswith(PERSON):
                told = f'"{whom}": {key} of a component is a person, without saying so'
                reading.problems.error(node.at(key), told, f"write {key}: {whom.removeprefix(PERSON)}")
            elif whom:
                is_known("person", whom, people, "people", node.at(key), reading)
        if model.escalation:
            is_known("escalation", model.escalation, escalations, "escalations", node.at("escalation"), reading)
        if model.backup and not model.owner:
            reading.problems.error(node.at("backup"), f'component "{name}" has a backup and no owner', "add owner")
        if model.owner and model.owner == model.backup:
            message = f'the backup of component "{name}" is its owner'
            reading.problems.warn(node.at("backup"), message, "name somebody else; one person is not told twice")
        found[name] = Component(name, model.owner, model.backup, model.runbook, model.escalation)
    return found
