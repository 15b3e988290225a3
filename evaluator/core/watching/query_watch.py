"""Watches datasources and rules: what fails, since when, and whose fault it is.

One outage is one alert: while a datasource is down, its rules are not failing, the datasource is. A rule that gets no answer is
itself at fault only when the datasource answered others meanwhile, or answers that very rule with an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.evaluation.answers import Failure
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.watching.meta import NAMED, PATIENCE, Cease, Raise, Trouble, built_in_labels, clock, worded

DOWN, FAILING, OVER_LIMIT = "EvaluatorDatasourceDown", "EvaluatorRuleFailing", "EvaluatorAlertLimit"

FAILURES = 3
"""How many evaluations in a row a rule may fail before somebody hears of it."""


@dataclass(slots=True)
class _Outage(Trouble):
    """Of a datasource. rules: those that got no answer because of it."""

    rules: set[str] = field(default_factory=set)


@dataclass(slots=True)
class QueryWatch:
    """Calls `raise_` and `cease` when a built-in alert begins, changes its text or ends.

    datasources: those that fail at the moment. strikes: by rule, failures of its own since it last worked.
    failing: by datasource, the rules that are told as failing and why. limited: by alert, the rules over their limit.
    resuming: by datasource that had failing rules before a restart, the rules that have not been asked since.
    """

    raise_: Raise
    cease: Cease
    datasources: dict[str, _Outage] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    failing: dict[str, dict[str, str]] = field(default_factory=dict)
    limited: dict[Labels, set[str]] = field(default_factory=dict)
    resuming: dict[str, set[str]] = field(default_factory=dict)

    def returned(self, datasource: str, group: str, evaluation: RuleEvaluation, now: datetime) -> None:
        """A rule was evaluated."""
        if datasource in self.datasources:
            self._datasource_recovered(datasource, now)
        self.strikes.pop(evaluation.rule.key, None)
        failing = self.failing.get(datasource)
        if failing and failing.pop(evaluation.rule.key, None) is not None:
            self._rules_failing(datasource, now)
        self._resumed(datasource, evaluation.rule.key, now)
        self._limit(group, evaluation, now)

    def failed(self, datasource: str, evaluation: RuleEvaluation, failure: Failure, now: datetime) -> None:
        """A rule could not be evaluated."""
        if failure.kind.of_datasource:
            self._datasource_failed(datasource, evaluation, failure, now)
        if self._own_fault(datasource, evaluation, failure):
            self._strike(datasource, evaluation, failure, now)
            self._resumed(datasource, evaluation.rule.key, now)

    def _own_fault(self, datasource: str, evaluation: RuleEvaluation, failure: Failure) -> bool:
        """Whether the rule is to blame: the datasource was fine until this very slot, so it answers others."""
        if not failure.kind.of_datasource:
            return True
        assert evaluation.evaluated_at is not None
        return self.datasources[datasource].since >= evaluation.evaluated_at

    def _strike(self, datasource: str, evaluation: RuleEvaluation, failure: Failure, now: datetime) -> None:
        key = evaluation.rule.key
        self.strikes[key] = self.strikes.get(key, 0) + 1
        if self.strikes[key] >= FAILURES or datasource in self.resuming:
            self.failing.setdefault(datasource, {})[key] = f"{evaluation.rule.name}: {failure.message}"
            self._rules_failing(datasource, now)

    def _datasource_recovered(self, datasource: str, now: datetime) -> None:
        """An outage of several rules is held against none of them: it seldom begins or ends between two slots."""
        trouble = self.datasources.pop(datasource)
        self.cease(built_in_labels(DOWN, "critical", datasource=datasource), now)
        if now - trouble.since >= PATIENCE and len(trouble.rules) > 1:
            for rule in trouble.rules:
                self.strikes.pop(rule, None)

    def _datasource_failed(self, datasource: str, evaluation: RuleEvaluation, failure: Failure, now: datetime) -> None:
        trouble = self.datasources.setdefault(datasource, _Outage(now, ""))
        trouble.error = failure.message
        trouble.rules.add(evaluation.rule.key)
        if now - trouble.since >= PATIENCE:
            labels = built_in_labels(DOWN, "critical", datasource=datasource)
            summary = f"Datasource {datasource} gives no usable answer"
            description = (
                f"No query has succeeded since {clock(trouble.since)}. Alerts are kept as they are: none resolves, and"
                f" none can begin. Last failure ({failure.kind}): {failure.message}"
            )
            self.raise_(worded(labels, summary, description), now)

    def _resumed(self, datasource: str, rule: str, now: datetime) -> None:
        """After a restart, a rule that failed before has been asked again; the last one decides whether any still fails."""
        pending = self.resuming.get(datasource)
        if pending is not None:
            pending.discard(rule)
            if not pending:
                del self.resuming[datasource]
                self._rules_failing(datasource, now)

    def _rules_failing(self, datasource: str, now: datetime) -> None:
        failing = self.failing.get(datasource, {})
        labels = built_in_labels(FAILING, "warning", datasource=datasource)
        if not failing:
            self.cease(labels, now)
            return
        shown = sorted(failing.values())
        more = f"\nand {len(shown) - NAMED} more" if len(shown) > NAMED else ""
        plural = "rule fails" if len(shown) == 1 else "rules fail"
        self.raise_(worded(labels, f"{len(shown)} {plural} on datasource {datasource}", "\n".join(shown[:NAMED]) + more), now)

    def _limit(self, group: str, evaluation: RuleEvaluation, now: datetime) -> None:
        if not evaluation.refused and not self.limited:
            return
        rule = evaluation.rule
        labels = built_in_labels(OVER_LIMIT, "warning", rule_group=group, rule=rule.name)
        if evaluation.refused:
            self.limited.setdefault(labels, set()).add(rule.key)
            summary = f"Rule {rule.name} is over its limit of alerts"
            self.raise_(worded(labels, summary, f"{evaluation.error}. The alerts that it has are kept."), now)
        elif labels in self.limited:
            self._keep_limited(labels, self.limited[labels] - {rule.key}, now)

    def _keep_limited(self, labels: Labels, over: set[str], now: datetime) -> None:
        """Rules of one group may share a name, and then share the alert; the last of them ends it."""
        self.limited[labels] = over
        if not over:
            del self.limited[labels]
            self.cease(labels, now)

    # -- restart and reload --------------------------------------------------------------------------------------------

    def resume(self, labels: Labels, since: datetime, groups: Iterable[GroupEvaluation]) -> None:
        """A built-in alert fires from before a restart: its cause holds until the opposite is seen."""
        match labels[ALERT_NAME]:
            case name if name == DOWN:
                self.datasources[labels["datasource"]] = _Outage(since, "")
            case name if name == FAILING:
                self.resuming[labels["datasource"]] = _rules_on(labels["datasource"], groups)
            case name if name == OVER_LIMIT:
                self.limited[labels] = _rules_called(labels["rule"], labels["rule_group"], groups)

    def retain(self, groups: Collection[GroupEvaluation], now: datetime) -> None:
        """Take note of the rules that there are, and end what concerned others."""
        known = {group.group.datasource for group in groups if group.rules}
        for name in [name for name in self.datasources if name not in known]:
            del self.datasources[name]
            self.cease(built_in_labels(DOWN, "critical", datasource=name), now)
        self._retain_rules(groups, now)

    def _retain_rules(self, groups: Collection[GroupEvaluation], now: datetime) -> None:
        for datasource, failing in self.failing.items():
            gone = failing.keys() - _rules_on(datasource, groups)
            for rule in gone:
                del failing[rule]
            if gone:
                self._rules_failing(datasource, now)
        for datasource, pending in list(self.resuming.items()):
            pending &= _rules_on(datasource, groups)
            self._resumed(datasource, "", now)
        for labels, over in list(self.limited.items()):
            self._keep_limited(labels, over & _rules_called(labels["rule"], labels["rule_group"], groups), now)
        asked = {rule for group in groups for rule in group.rules}
        self.strikes = {rule: count for rule, count in self.strikes.items() if rule in asked}


def _rules_on(datasource: str, groups: Iterable[GroupEvaluation]) -> set[str]:
    return {rule for group in groups if group.group.datasource == datasource for rule in group.rules}


def _rules_called(name: str, group: str, groups: Iterable[GroupEvaluation]) -> set[str]:
    found = [one for one in groups if one.group.key == group]
    return {key for one in found for key, evaluation in one.rules.items() if evaluation.rule.name == name}
