"""From drafts to rule groups, when all files have been read.

A datasource that can only be queried keeps no recorded series. So wherever a rule uses a recorded name, what is asked is the
recorded expression in its place; the recordings of all files count, since Prometheus would have evaluated them all into one
store. `ALERTS` is recorded by nobody either, and no expression says the same: a rule that needs it is refused.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import timedelta

from evaluator.config.problems import Problems
from evaluator.config.rule_files import GroupDraft, RuleDraft
from evaluator.core.evaluation.rules import AlertingRule, RecordingRule, Rule, RuleGroup
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.promql import PromqlError, Recording, alerts_use, inline


@frozen
class _Neighbours:
    """The rules of one datasource as far as others see them: what is recorded under which name, and the names of alerts."""

    recorded: dict[str, list[Recording]] = field(default_factory=lambda: defaultdict(list))
    alerts: set[str] = field(default_factory=set)


def finish(drafts: Sequence[GroupDraft], interval: timedelta, problems: Problems) -> tuple[RuleGroup, ...]:
    """The rule groups. interval: for groups that have none of their own."""
    neighbours = _neighbours(drafts, interval)
    return tuple(_group(draft, interval, neighbours[draft.datasource.name], problems) for draft in drafts)


def _neighbours(drafts: Sequence[GroupDraft], interval: timedelta) -> dict[str, _Neighbours]:
    """By the name of the datasource."""
    found: dict[str, _Neighbours] = defaultdict(_Neighbours)
    for draft in drafts:
        here = found[draft.datasource.name]
        for rule in draft.rules:
            if rule.model.record:
                recording = Recording(rule.expression, Labels(rule.labels), draft.interval or interval)
                here.recorded[rule.model.record].append(recording)
            else:
                here.alerts.add(rule.model.alert)
    return found


def _group(draft: GroupDraft, interval: timedelta, neighbours: _Neighbours, problems: Problems) -> RuleGroup:
    queries = [_query(rule, neighbours, problems) for rule in draft.rules]
    return RuleGroup(
        name=draft.name,
        file=draft.file,
        interval=draft.interval or interval,
        rules=tuple(_rules(draft, queries)),
        datasource=draft.datasource.name,
        query_offset=draft.query_offset,
        limit=max(draft.limit, 0),
    )


def _query(rule: RuleDraft, neighbours: _Neighbours, problems: Problems) -> str:
    """What is sent to the datasource."""
    for message in alerts_use(rule.expression, neighbours.alerts):
        problems.error(rule.expr_position, rule.prefix + message)
    try:
        return inline(rule.expression, neighbours.recorded)
    except PromqlError as error:
        problems.error(rule.expr_position, rule.prefix + error.message)
        return rule.expression.text


def _rules(draft: GroupDraft, queries: Sequence[str]) -> Iterator[Rule]:
    twins: Counter[str] = Counter()
    for rule, query in zip(draft.rules, queries, strict=True):
        labels = Labels(rule.labels)
        key = f"{draft.file};{draft.name};{rule.model.name};{_digest(labels)}"
        twins[key] += 1
        if twins[key] > 1:
            key = f"{key};{twins[key]}"
        yield _rule(rule, key, query, labels)


def _rule(rule: RuleDraft, key: str, query: str, labels: Labels) -> Rule:
    model, text = rule.model, rule.expression.text
    if model.record:
        return RecordingRule(key, model.record, text, query, labels, rule.position)
    annotations = tuple(model.annotations.items())
    return AlertingRule(key, model.alert, text, query, model.for_, model.keep_firing_for, labels, annotations, rule.position)


def _digest(labels: Labels) -> str:
    text = "".join(f"{name}\xff{value}\xff" for name, value in labels.items())
    return hashlib.sha256(text.encode()).hexdigest()[:8]
