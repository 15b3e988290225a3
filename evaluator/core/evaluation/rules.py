"""Rule groups and rules as values: what a rule file says after it has been read and checked."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.labels import NO_LABELS, Labels


@frozen
class Position:
    """Where something was written: a file as the user named it, line and column counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@frozen
class AlertingRule:
    """One alerting rule.

    key: stable identity of the rule across reloads: file, group, name, merged labels, and the number among its twins.
    expr: the expression as written, re-printed; what people and APIs see.
    query: what is sent to the datasource (`expr` with recorded names replaced by their expressions).
    hold: the rule's `for`.
    labels: group and rule labels merged (the rule wins), values are templates.
    annotations: values are templates, in the order of the file.
    """

    key: str
    name: str
    expr: str
    query: str
    hold: timedelta = timedelta(0)
    keep_firing_for: timedelta = timedelta(0)
    labels: Labels = NO_LABELS
    annotations: tuple[tuple[str, str], ...] = ()
    position: Position = field(default=Position(""), compare=False)


@frozen
class RecordingRule:
    """One recording rule. There is nowhere to write to, so it is not evaluated: its expression is inlined where it is used."""

    key: str
    name: str
    expr: str
    query: str
    labels: Labels = NO_LABELS
    position: Position = field(default=Position(""), compare=False)


Rule = AlertingRule | RecordingRule


@frozen
class RuleGroup:
    """Rules evaluated at the same slots.

    interval: time between slots. query_offset: how far before its slot a rule looks. limit: most active alerts a rule
    of this group may have; 0 or less is no limit. phase: of the slots within the interval; None: it follows from the key.
    """

    name: str
    file: str
    interval: timedelta
    rules: tuple[Rule, ...]
    datasource: str
    query_offset: timedelta = timedelta(0)
    limit: int = 0
    phase: timedelta | None = None

    @property
    def key(self) -> str:
        """`file;name`, the identity of a group in Prometheus and in its metrics."""
        return f"{self.file};{self.name}"
