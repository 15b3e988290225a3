"""All rule groups: when each is asked, what is done with its answers, and what a reload makes of them.

`evaluation` knows how one group keeps its slots, `tracking` what an answer makes of the alerts of one rule, `catching_up` what
is owed from before a start. Here every answer finds its rule, what changes is passed on (`asserting`), and whoever watches
datasources and forwards to Alertmanagers hears of each evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from evaluator.core.evaluation import catching_up
from evaluator.core.evaluation.alert import Life
from evaluator.core.evaluation.asserting import Asserting
from evaluator.core.evaluation.attendance import Attendance
from evaluator.core.evaluation.evaluation import GroupEvaluation, begin
from evaluator.core.evaluation.tracking import Change, RuleEvaluation, Tracked
from evaluator.core.events import QueryFailed, QueryReturned, RangeFailed, RangeReturned
from evaluator.core.journal import Journal
from evaluator.core.posted.forwarding import Forwarding
from evaluator.core.records import RuleAlertRecord, State
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers
from evaluator.core.watching.query_watch import QueryWatch

SLOT = "slot"
REMOVED = "rule removed"
"""Why an alert is over of which the rule is no more."""


class Evaluating:
    """groups: by their keys. owners: the group of each alerting rule, by the key of the rule."""

    def __init__(
        self,
        settings: Settings,
        asserting: Asserting,
        forwarding: Forwarding,
        watch: QueryWatch,
        timers: Timers,
        journal: Journal,
        now: datetime,
    ) -> None:
        self.groups: dict[str, GroupEvaluation] = {}
        self.owners: dict[str, GroupEvaluation] = {}
        self.attendance = Attendance(journal, self.groups, now)
        self.asserting = asserting
        self._settings = settings
        self._forwarding = forwarding
        self._watch = watch
        self._timers = timers
        self._journal = journal
        self._schedule(now)

    def rule(self, key: str) -> RuleEvaluation | None:
        """The alerting rule with this key."""
        group = self.owners.get(key)
        return group.rules[key] if group else None

    def group_of(self, rule: str) -> GroupEvaluation | None:
        """The group of the alerting rule with this key."""
        return self.owners.get(rule)

    @property
    def firing(self) -> Iterator[Tracked]:
        """All alerts of rules that fire."""
        for group in self.groups.values():
            for rule in group.rules.values():
                yield from (tracked for tracked in rule.alerts.values() if tracked.life.state is State.FIRING)

    # -- slots and answers --------------------------------------------------------------------------------------------

    def start(self, group: GroupEvaluation, now: datetime) -> None:
        """The group's slot has come: ask for its rules."""
        if group.waiting:
            return  # the last answer of the slot before starts the next one
        catching_up.waive(group, now, self._settings.catch_up.max)
        for query in catching_up.begin(group, now) if group.owed is not None else group.start(now):
            self._journal.query(query)
        self.attendance.slot_came(now)
        self._timers.set((SLOT, group.group.key), group.next_slot)

    def returned(self, event: QueryReturned, now: datetime) -> None:
        """A rule was evaluated."""
        group = self.owners.get(event.rule)
        if group is None or not group.expects(event.rule, event.slot):
            return
        rule = group.rules[event.rule]
        for change in rule.answer(event, group.group.limit):
            self._apply(change, now)
        self._watch.returned(group.group.datasource, group.group.key, rule, now)
        self._forwarding.evaluated(group.group, rule, event.slot)
        self._answered(group, event.rule, now)

    def failed(self, event: QueryFailed, now: datetime) -> None:
        """A rule could not be evaluated."""
        group = self.owners.get(event.rule)
        if group is None or not group.expects(event.rule, event.slot):
            return
        rule = group.rules[event.rule]
        rule.fail(event.slot, event.failure)
        self._watch.failed(group.group.datasource, rule, event.failure, now)
        self._forwarding.evaluated(group.group, rule, event.slot)
        self._answered(group, event.rule, now)

    def _answered(self, group: GroupEvaluation, rule: str, now: datetime) -> None:
        if group.answered(rule, now) and group.next_slot <= now:
            self.start(group, now)

    def _apply(self, change: Change, now: datetime) -> None:
        self.attendance.changed = True
        self.asserting.apply(change, now)

    # -- catching up --------------------------------------------------------------------------------------------------

    def range_answered(self, event: RangeReturned | RangeFailed, now: datetime) -> None:
        """Slots that a rule owes were evaluated, or could not be."""
        group = self.owners.get(event.rule)
        if group is None or not group.expects(event.rule, event.last):
            return
        group.ranges[event.rule] = event
        if group.answered(event.rule, now):
            self._catch_up(group, now)

    def _catch_up(self, group: GroupEvaluation, now: datetime) -> None:
        """All slots that a group owes have been answered: let them happen now, in their order."""
        one = group.group
        for change in catching_up.changes(group, self._settings.catch_up.notify):
            self._apply(change, now)
        for key, answer in group.ranges.items():
            rule, failure = group.rules[key], catching_up.failure_of(answer)
            if failure is not None:
                self._watch.failed(one.datasource, rule, failure, now)
            else:
                self._watch.returned(one.datasource, one.key, rule, now)
            self._forwarding.evaluated(one, rule, answer.last)
        catching_up.settle(group, now)
        self.attendance.changed = True
        if group.next_slot <= now:
            self.start(group, now)

    def owe(self, seen_at: datetime | None, now: datetime) -> None:
        """Let every group catch up with what came since an evaluator was last at work. seen_at: None where none ever was."""
        for key, group in self.groups.items():
            if seen_at is not None:
                catching_up.owe(group, seen_at, now, self._settings.catch_up.max)
            if group.owed is not None:
                self._timers.set((SLOT, key), now)

    # -- reload and restart -------------------------------------------------------------------------------------------

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new configuration: what fires has its new name first, and then the groups are those that it says."""
        self._settings = settings
        self.asserting.reconfigure(settings, self.firing, now)
        self._schedule(now)

    def _schedule(self, now: datetime) -> None:
        """Begin the groups that are new or changed, and drop those that are gone; unchanged ones go on untouched."""
        wanted = {group.key: group for group in self._settings.groups}
        for key in [key for key in self.groups if key not in wanted]:
            self._timers.cancel((SLOT, key))
            self._drop(self.groups.pop(key).rules.values(), now)
        for key, group in wanted.items():
            former = self.groups.get(key)
            if former is not None and former.group == group:
                continue
            self.groups[key] = begin(group, now, former)
            if former is not None:
                self._drop([rule for name, rule in former.rules.items() if name not in self.groups[key].rules], now)
            self._timers.set((SLOT, key), self.groups[key].next_slot)
        self.owners = {rule: group for group in self.groups.values() for rule in group.rules}

    def _drop(self, rules: Iterable[RuleEvaluation], now: datetime) -> None:
        """These rules are no more: what they assert ends at once, saying why."""
        for rule in rules:
            for tracked in rule.alerts.values():
                self._apply(Change(tracked, tracked.life, None, now, REMOVED), now)

    def restore(self, records: Iterable[RuleAlertRecord]) -> None:
        """Take the alerts of rules back from the store; those whose rule is no more are forgotten."""
        for record in records:
            rule = self.rule(record.rule)
            if rule is None:
                self._journal.forget(RuleAlertRecord, record.key)
            else:
                rule.alerts[record.labels] = _tracked(rule, record)


def _tracked(rule: RuleEvaluation, record: RuleAlertRecord) -> Tracked:
    """An alert of a rule as it was saved; its annotation templates are those of the rule as it is now."""
    life = Life(record.state, record.active_at, record.fired_at, record.resolved_at, record.keep_firing_since)
    told = record.annotations
    return Tracked(
        rule.rule, record.labels, life, told.series, told.value, told.histogram, told.expanded, at_firing=told.at_firing
    )
