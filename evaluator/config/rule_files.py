"""Rule files: groups and rules as Prometheus checks them, in its words, with every problem of every rule at once.

What comes out are drafts. An expression may use a name that another file records, so rules are finished (`recordings`) when
all files have been read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from evaluator.config.datasources import check_offset
from evaluator.config.expressions import read_expression
from evaluator.config.files import Found
from evaluator.config.models import items, read
from evaluator.config.nodes import Document, Listing, Node, Scalar, Table, find, text_at
from evaluator.config.problems import Problems
from evaluator.config.reading import Reading
from evaluator.config.rule_models import GroupModel, RuleFileModel, RuleModel
from evaluator.config.texts import check_scalar
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.core.labels import METRIC_NAME
from evaluator.core.settings import Datasource
from evaluator.promql import Expression


@frozen
class RuleDraft:
    """A rule that was read. labels: those of its group and its own, which win. prefix: what its problems start with."""

    model: RuleModel
    expression: Expression
    labels: Mapping[str, str]
    position: Position
    expr_position: Position
    prefix: str


@frozen
class GroupDraft:
    """A group that was read. query_offset: its own, else the datasource's."""

    name: str
    file: str
    datasource: Datasource
    interval: timedelta
    query_offset: timedelta
    limit: int
    rules: tuple[RuleDraft, ...]


@frozen
class _Place:
    """Where a group's rules are read: the file, its datasource, where problems go."""

    found: Found
    document: Document
    datasource: Datasource
    reading: Reading

    @property
    def problems(self) -> Problems:
        return self.reading.problems


def read_groups(document: Document, found: Found, datasource: Datasource, reading: Reading) -> list[GroupDraft]:
    """The groups of a rule file; a file that holds nothing has none, which is legal."""
    root = document.root
    if root is None:
        reading.problems.warn(document.start, "the file is empty", "no rules come from it")
        return []
    read(RuleFileModel, root, reading.problems)
    if not isinstance(root, Table):
        return []
    place, names, groups = _Place(found, document, datasource, reading), set[str](), []
    for node in items(root, "groups", reading.problems):
        draft = _read_group(node, place)
        if draft is not None:
            _check_group_name(draft.name, node, names, reading.problems)
            groups.append(draft)
    return groups


def _check_group_name(name: str, node: Node, names: set[str], problems: Problems) -> None:
    position = find(node, "name").position
    if not name:
        problems.error(position, "Groupname must not be empty", "add a name")
    elif name in names:
        problems.error(position, f'groupname: "{name}" is repeated in the same file', "rename one of the groups")
    names.add(name)


def _read_group(node: Node, place: _Place) -> GroupDraft | None:
    name = text_at(node, "name")
    model = read(GroupModel, node, place.problems, f'group "{name}": ' if name else "")
    if not isinstance(node, Table):
        return None
    model = model or GroupModel(name=name)
    _check_labels(model.labels, node, f'group "{model.name}": ', place.problems)
    _check_group_templates(node, model, place)
    offset = _query_offset(model, node, place)
    rules = tuple(
        draft
        for number, item in enumerate(items(node, "rules", place.problems), start=1)
        if (draft := _read_rule(item, model, number, place)) is not None
    )
    return GroupDraft(model.name, place.found.name, place.datasource, model.interval, offset, model.limit, rules)


def _query_offset(model: GroupModel, node: Table, place: _Place) -> timedelta:
    if model.query_offset is None:
        return place.datasource.query_offset
    prefix = f'group "{model.name}": '
    check_offset(model.query_offset, place.datasource.kind, node.at("query_offset"), place.reading, prefix)
    return model.query_offset


def _read_rule(node: Node, group: GroupModel, number: int, place: _Place) -> RuleDraft | None:
    prefix = f'group "{group.name}", rule {number}, "{text_at(node, "alert") or text_at(node, "record")}": '
    model = read(RuleModel, node, place.problems, prefix)
    if model is None or not isinstance(node, Table):
        return None
    _check_kind(model, node, prefix, place.problems)
    _check_labels(model.labels, node, prefix, place.problems)
    _check_annotations(model, node, prefix, place.problems)
    if model.alert:
        _check_templates(node, "labels", f"{prefix}label", place)
        _check_templates(node, "annotations", f"{prefix}annotation", place)
    expression = _expression(model, node, place, prefix)
    if expression is None:
        return None
    labels = {**group.labels, **model.labels}
    return RuleDraft(model, expression, labels, node.position, node.at("expr"), prefix)


def _check_kind(model: RuleModel, node: Table, prefix: str, problems: Problems) -> None:
    if model.alert and model.record:
        remedy = "make two rules of it"
        problems.error(node.key("record"), f"{prefix}only one of 'record' and 'alert' must be set", remedy)
    elif not model.name:
        problems.error(node.position, f"{prefix}one of 'record' or 'alert' must be set", "add alert or record")
    elif model.record:
        _check_recording(model, node, prefix, problems)


def _check_recording(model: RuleModel, node: Table, prefix: str, problems: Problems) -> None:
    given = (("for", model.for_), ("keep_firing_for", model.keep_firing_for), ("annotations", model.annotations))
    for key, value in given:
        if value:
            problems.error(node.key(key), f"{prefix}invalid field '{key}' in recording rule", "remove it")
    if "{" in model.record or "}" in model.record:
        message = f"braces present in the recording rule name; should it be in expr?: {model.record}"
        problems.error(node.at("record"), prefix + message)


def _check_labels(labels: Mapping[str, str], node: Table, prefix: str, problems: Problems) -> None:
    table = node.child("labels")
    for name in labels:
        if name in ("", METRIC_NAME):
            position = table.key(name) if isinstance(table, Table) else node.position
            problems.error(position, f"{prefix}invalid label name: {name}", "rename it")


def _check_annotations(model: RuleModel, node: Table, prefix: str, problems: Problems) -> None:
    if "" in model.annotations:
        problems.error(node.at("annotations"), f"{prefix}invalid annotation name: ", "give it a name")


def _check_group_templates(node: Table, model: GroupModel, place: _Place) -> None:
    """A group's labels are templates where they come to an alert; to a recording rule they are plain texts."""
    rules = node.child("rules")
    if isinstance(rules, Listing) and any(text_at(rule, "alert") for rule in rules.items):
        _check_templates(node, "labels", f'group "{model.name}": label', place)


def _check_templates(node: Table, key: str, word: str, place: _Place) -> None:
    table = node.child(key)
    for name, value in table.values.items() if isinstance(table, Table) else ():
        if isinstance(value, Scalar):
            check_scalar(value, place.document, place.problems, f'{word} "{name}": ')


def _expression(model: RuleModel, node: Table, place: _Place, prefix: str) -> Expression | None:
    expr = node.child("expr")
    if expr is None or not model.expr.strip():
        position = expr.position if expr is not None else node.position
        place.problems.error(position, f"{prefix}field 'expr' must be set in rule", "add expr")
        return None
    return read_expression(expr, place.document, place.datasource.kind, place.problems, prefix)
