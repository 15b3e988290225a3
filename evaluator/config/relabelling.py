"""Relabelling rules as they are written: Prometheus' keys, defaults and refusals.

In Prometheus a key of such a rule that is written without a value is an empty text, not an absent one; `regex:` alone matches
what is empty. That is kept here, though elsewhere a key without a value counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Node, Scalar, Table, is_null
from evaluator.config.problems import did_you_mean
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, Text
from evaluator.core.matchers import MatcherMode
from evaluator.core.posted.relabelling import Action, Relabel, is_name

_CLASSIC_TEMPLATE = re.compile(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+", re.ASCII)
_EMPTY_IF_NULL = ("separator", "regex", "replacement")
_WRITING = frozenset(
    (Action.REPLACE, Action.HASH_MOD, Action.LOWERCASE, Action.UPPERCASE, Action.KEEP_EQUAL, Action.DROP_EQUAL)
)
_OF_WHOLE_VALUES = frozenset((Action.LOWERCASE, Action.UPPERCASE, Action.KEEP_EQUAL, Action.DROP_EQUAL))


class RelabelModel(Model):
    """One rule."""

    TITLE = "a relabelling rule"

    source_labels: list[Text] = Field(default_factory=list)
    separator: Text = ";"
    regex: Text = "(.*)"
    target_label: Text = ""
    replacement: Text = "$1"
    modulus: Count = 0
    action: Text = Action.REPLACE


_DEFAULT = RelabelModel()


def read_relabelling(table: Table, key: str, what: str, reading: Reading) -> tuple[Relabel, ...]:
    """The rules at `key`, those that are right. what: what they relabel, as messages call it."""
    return tuple(_rules(table, key, what, reading))


def _rules(table: Table, key: str, what: str, reading: Reading) -> Iterator[Relabel]:
    for node in items(table, key, reading.problems):
        if is_null(node):
            reading.problems.error(node.position, f"empty or null {what} relabeling rule", "write its keys, or remove it")
            continue
        model = read(RelabelModel, _filled(node), reading.problems)
        if model is not None and isinstance(node, Table):
            yield from _rule(model, node, reading)


def _filled(node: Node) -> Node:
    """The rule with empty texts for keys without a value."""
    if not isinstance(node, Table):
        return node
    values = {
        name: Scalar("", value.position) if name in _EMPTY_IF_NULL and is_null(value) else value
        for name, value in node.values.items()
    }
    return Table(values, node.keys, node.position)


def _rule(model: RelabelModel, node: Table, reading: Reading) -> Iterator[Relabel]:
    """The rule, unless something is wrong with it."""
    action = model.action.lower()
    if action not in tuple(Action):
        remedy = did_you_mean(action, Action) or f"write one of {', '.join(Action)}"
        reading.problems.error(node.at("action"), f'unknown relabel action "{model.action}"', remedy)
        return
    classic = reading.mode is MatcherMode.CLASSIC
    refusals = list(_refusals(model, Action(action), classic))
    for key, message in refusals:
        reading.problems.error(node.at(key), message)
    if refusals:
        return
    try:
        yield Relabel(
            Action(action),
            tuple(model.source_labels),
            model.separator,
            model.regex,
            model.target_label,
            model.replacement,
            model.modulus,
            classic,
        )
    except ValueError as error:
        reading.problems.error(node.at("regex"), str(error))


def _refusals(model: RelabelModel, action: Action, classic: bool) -> Iterator[tuple[str, str]]:
    """What does not fit together, by the key where it is said."""
    if action is Action.HASH_MOD and not model.modulus:
        yield "modulus", "relabel configuration for hashmod requires non-zero modulus"
    if action in _WRITING:
        yield from _target_refusals(model, action, classic)
    if action in _OF_WHOLE_VALUES and model.replacement != _DEFAULT.replacement:
        yield "replacement", f"'replacement' can not be set for {action} action"
    if action is Action.LABEL_MAP and not _is_template(model.replacement, classic):
        yield "replacement", f"\"{model.replacement}\" is invalid 'replacement' for {action} action"
    for name in model.source_labels:
        if not is_name(name, classic):
            yield "source_labels", f'"{name}" is not a valid label name'
    yield from _superfluous(model, action)


def _target_refusals(model: RelabelModel, action: Action, classic: bool) -> Iterator[tuple[str, str]]:
    target = model.target_label
    if not target:
        yield "target_label", f"relabel configuration for {action} action requires 'target_label' value"
    elif not (_is_template(target, classic) if action is Action.REPLACE else is_name(target, classic)):
        yield "target_label", f"\"{target}\" is invalid 'target_label' for {action} action"


def _superfluous(model: RelabelModel, action: Action) -> Iterator[tuple[str, str]]:
    if action in (Action.KEEP_EQUAL, Action.DROP_EQUAL):
        others = _other_than_default(model, "regex", "modulus", "separator")
        wanted = "'source_labels' and `target_label`"
    elif action in (Action.LABEL_DROP, Action.LABEL_KEEP):
        others = _other_than_default(model, "source_labels", "target_label", "modulus", "separator", "replacement")
        wanted = "'regex'"
    else:
        return
    if others:
        yield others[0], f"{action} action requires only {wanted}, and no other fields"


def _other_than_default(model: RelabelModel, *keys: str) -> list[str]:
    return [key for key in keys if getattr(model, key) != getattr(_DEFAULT, key)]


def _is_template(text: str, classic: bool) -> bool:
    """Whether a name can come of the text; in classic mode `$1` and the like may stand in it."""
    if classic and "$" in text:
        return _CLASSIC_TEMPLATE.fullmatch(text) is not None
    return is_name(text, classic)
