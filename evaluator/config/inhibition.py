"""Inhibition rules: `inhibit_rules`, at the top for every alert, or on a route for what it and its children tell."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from evaluator.config.matching import all_matchers, is_label_name
from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Node, Table, is_null
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.muting.inhibition import InhibitRule


class InhibitModel(Model):
    """An item of `inhibit_rules`."""

    TITLE = "an inhibition rule"

    name: Text = ""
    source_match: dict[str, Text] = Field(default_factory=dict)
    source_match_re: dict[str, Text] = Field(default_factory=dict)
    source_matchers: list[Text] = Field(default_factory=list)
    target_match: dict[str, Text] = Field(default_factory=dict)
    target_match_re: dict[str, Text] = Field(default_factory=dict)
    target_matchers: list[Text] = Field(default_factory=list)
    equal: list[Text] = Field(default_factory=list)


def read_inhibit_rules(above: Table, reading: Reading) -> tuple[InhibitRule, ...]:
    """The rules that stand in the mapping `above`. An empty item is legal: it matches everything, and so inhibits nothing."""
    return tuple(_rules(items(above, "inhibit_rules", reading.problems), reading))


def _rules(nodes: tuple[Node, ...], reading: Reading) -> Iterator[InhibitRule]:
    for node in nodes:
        if is_null(node):
            yield InhibitRule()
            continue
        model = read(InhibitModel, node, reading.problems)
        if model is not None and isinstance(node, Table):
            _check_equal(model, node, reading)
            source, target = (all_matchers(model, node, reading, prefix) for prefix in ("source_", "target_"))
            yield InhibitRule(model.name, source, target, tuple(model.equal))


def _check_equal(model: InhibitModel, node: Table, reading: Reading) -> None:
    for number, name in enumerate(model.equal):
        if not is_label_name(name, reading.mode):
            message = f'invalid label name "{name}" in equal list'
            reading.problems.error(node.at("equal", number), message, "rename it")
