"""One rule group at work: its slots, and the queries of each.

Slots. A group is evaluated at `k * interval + offset` of the unix clock; the offset is a hash of the group's key, so it is
the same after a restart and differs among groups. The time that counts for `for` is the slot, not the moment at which the
answer came. When the world wakes a group late, or its previous evaluation took longer than the interval, the newest slot
that has come is evaluated and the ones before it are counted as missed. A clock that steps back never evaluates a slot
twice.

The rules of a group do not depend on each other here (recorded names are inlined, see `promql`), so they are asked all at
once, and each answer is applied when it comes (`tracking`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from evaluator.core.effects import RunQuery
from evaluator.core.evaluation.rules import AlertingRule, Rule, RuleGroup
from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.events import RangeFailed, RangeReturned

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class GroupEvaluation:
    """A rule group, its rules and its slots. waiting: rules of `slot` that have not been answered yet.

    owed: the first slot that is to be caught up with, which is before the next one; ranges: the answers to that so far, by
    rule (see `catching_up`).
    """

    group: RuleGroup
    rules: dict[str, RuleEvaluation]
    next_slot: datetime
    slot: datetime | None = None
    waiting: set[str] = field(default_factory=set)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    iterations: int = 0
    missed: int = 0
    owed: datetime | None = None
    ranges: dict[str, RangeReturned | RangeFailed] = field(default_factory=dict)

    def start(self, now: datetime) -> list[RunQuery]:
        """Begin the newest slot that has come; the world must answer every query that is asked for here."""
        behind = (now - self.next_slot) // self.group.interval
        self.slot = self.next_slot + behind * self.group.interval
        self.next_slot = self.slot + self.group.interval
        self.missed += behind
        self.iterations += 1 + behind
        self.started_at = now
        self.waiting = set(self.rules)
        if not self.waiting:
            self.finished_at = now
        name, at = self.group.key, self.slot - self.group.query_offset
        return [RunQuery(key, name, self.group.datasource, self.slot, at) for key in self.rules]

    def expects(self, rule: str, slot: datetime) -> bool:
        """Whether this is the answer to something that is still open."""
        return slot == self.slot and rule in self.waiting

    def answered(self, rule: str, now: datetime) -> bool:
        """Tick off a rule; gives True when it was the last one of the slot."""
        self.waiting.discard(rule)
        if not self.waiting:
            self.finished_at = now
        return not self.waiting


def slot_offset(group: RuleGroup) -> timedelta:
    """The group's phase within its interval, whole milliseconds where it follows from the key."""
    if group.phase is not None:
        return group.phase
    milliseconds = max(1, group.interval // timedelta(milliseconds=1))
    digest = int.from_bytes(sha256(group.key.encode()).digest()[:8], "big")
    return timedelta(milliseconds=digest % milliseconds)


def first_slot(group: RuleGroup, now: datetime) -> datetime:
    """The first slot of the group that is not before `now`."""
    origin = EPOCH + slot_offset(group)
    return origin - ((origin - now) // group.interval) * group.interval


def begin(group: RuleGroup, now: datetime, former: GroupEvaluation | None = None) -> GroupEvaluation:
    """Start evaluating a group; rules that `former` knows under the same key keep their alerts and their health."""
    rules: dict[str, RuleEvaluation] = {}
    for rule in alerting(group.rules):
        known = former.rules.get(rule.key) if former else None
        if known is None:
            rules[rule.key] = RuleEvaluation(rule)
            continue
        known.rule = rule
        for tracked in known.alerts.values():
            tracked.rule = rule
        rules[rule.key] = known
    evaluation = GroupEvaluation(group, rules, first_slot(group, now))
    if former is not None:
        evaluation.iterations, evaluation.missed = former.iterations, former.missed
        if evaluation.next_slot == former.slot:
            evaluation.next_slot += group.interval
        if former.owed is not None and _same_beat(former, evaluation):
            evaluation.owed = former.owed
    return evaluation


def _same_beat(one: GroupEvaluation, other: GroupEvaluation) -> bool:
    interval = one.group.interval
    return interval == other.group.interval and (one.next_slot - other.next_slot) % interval == timedelta(0)


def alerting(rules: Iterable[Rule]) -> list[AlertingRule]:
    """Only the alerting rules among `rules`."""
    return [rule for rule in rules if isinstance(rule, AlertingRule)]
