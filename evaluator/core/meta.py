"""Built-in alerts: the evaluator watching itself, routed like any other.

    EvaluatorDatasourceDown       no query to a datasource has succeeded for a minute, whatever the reason
    EvaluatorRuleFailing          rules of a datasource that answers have failed three times in a row; one alert for all
    EvaluatorNotificationFailing  an integration refused a notification for good, or accepts none for a minute
    EvaluatorTemplateFailing      templates failed in the newest message that an integration accepted; it went out plainer
    EvaluatorForwardingFailing    none of the Alertmanagers that alerts are forwarded to has accepted any for a minute
    EvaluatorAlertLimit           a rule has more alerts than its limit; new ones are refused
    EvaluatorLimitReached         something was refused because of a limit of the configuration (`core.refusals`)
    EvaluatorSilenceEnding        a silence is about to end while something fires that it mutes (`core.silence_ending`)
    EvaluatorCalendarUnreadable   a calendar that says who is on call cannot be read (`core.calendar_watch`)

One outage is one alert: while a datasource is down, its rules are not failing, the datasource is. A rule that gets no answer
is itself at fault only when the datasource answered others meanwhile.

A notification that nobody has accepted may become pointless, because what it tells is over. When nothing waits for an
integration any more, its alert is over too, and says so: that it works again, nobody knows. That it cannot be told of its own
failing does not count; nor does it prove a template sound that it could be told of that very template's failing.

Each is asserted by a source of its own, so that a restart finds it again and ends it when its cause is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from evaluator.core.alerts import Fixed
from evaluator.core.answers import Failure
from evaluator.core.evaluation import GroupEvaluation, RuleEvaluation
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.records import TEMPLATE_ERROR, Annotations, OutboxRecord, Pairs

PATIENCE = timedelta(minutes=1)
"""How long a datasource or an integration may fail before somebody hears of it."""

FAILURES = 3
"""How many evaluations in a row a rule may fail before somebody hears of it."""

SOURCE = "evaluator:"
NAMED = 5  # rules, or templates, that are named in an annotation

NOT_ACCEPTED, TEMPLATES = "EvaluatorNotificationFailing", "EvaluatorTemplateFailing"

_OWN_LABELS = {
    "EvaluatorDatasourceDown": ("datasource",),
    "EvaluatorRuleFailing": ("datasource",),
    "EvaluatorNotificationFailing": ("receiver", "integration"),
    "EvaluatorTemplateFailing": ("receiver", "integration"),
    "EvaluatorForwardingFailing": (),
    "EvaluatorAlertLimit": ("rule_group", "rule"),
    "EvaluatorLimitReached": ("limit",),
    "EvaluatorSilenceEnding": ("silence", "created_by"),
    "EvaluatorCalendarUnreadable": ("schedule", "layer"),
}


@frozen
class Raised:
    """A built-in alert and its annotations; `source` says who asserts it."""

    labels: Labels
    described: Fixed

    @property
    def source(self) -> str:
        """Unique per alert."""
        return SOURCE + self.labels.fingerprint


@dataclass(slots=True)
class _Trouble:
    """Something that fails. since: the first failure after the last success; error: the newest one. rules: that had none."""

    since: datetime
    error: str
    rules: set[str] = field(default_factory=set)


Raise = Callable[[Raised, datetime], None]


class Cease(Protocol):
    """Ends a built-in alert. why: when not simply because its cause is over."""

    def __call__(self, labels: Labels, now: datetime, why: str = "") -> None:
        """At `now`."""


NOTHING_WAITS = "nothing waits to be sent to it any more; whether it works again is not known"


@dataclass(slots=True)
class SelfWatch:
    """Keeps the causes, and calls `raise_` and `cease` when a built-in alert begins, changes its text or ends.

    datasources, integrations: what fails at the moment. strikes: by rule, failures of its own since it last worked.
    misworded: the integrations in whose newest message templates failed.
    failing: by datasource, the rules that are told as failing and why. limited: by alert, the rules over their limit.
    resuming: by datasource that had failing rules before a restart, the rules that have not been asked since.
    alertmanagers: those that did not accept what was last forwarded to them. unforwarded: that is told of all of them.
    """

    raise_: Raise
    cease: Cease
    datasources: dict[str, _Trouble] = field(default_factory=dict)
    integrations: dict[str, _Trouble] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    failing: dict[str, dict[str, str]] = field(default_factory=dict)
    limited: dict[Labels, set[str]] = field(default_factory=dict)
    resuming: dict[str, set[str]] = field(default_factory=dict)
    alertmanagers: dict[str, _Trouble] = field(default_factory=dict)
    unforwarded: bool = False
    misworded: set[str] = field(default_factory=set)

    # -- queries ------------------------------------------------------------------------------------------------------

    def query_returned(self, datasource: str, group: str, evaluation: RuleEvaluation, now: datetime) -> None:
        """A rule was evaluated."""
        if datasource in self.datasources:
            self._datasource_recovered(datasource, now)
        self.strikes.pop(evaluation.rule.key, None)
        failing = self.failing.get(datasource)
        if failing and failing.pop(evaluation.rule.key, None) is not None:
            self._rules_failing(datasource, now)
        self._resumed(datasource, evaluation.rule.key, now)
        self._limit(group, evaluation, now)

    def query_failed(self, datasource: str, evaluation: RuleEvaluation, failure: Failure, now: datetime) -> None:
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
        self.cease(_labels("EvaluatorDatasourceDown", "critical", datasource=datasource), now)
        if now - trouble.since >= PATIENCE and len(trouble.rules) > 1:
            for rule in trouble.rules:
                self.strikes.pop(rule, None)

    def _datasource_failed(self, datasource: str, evaluation: RuleEvaluation, failure: Failure, now: datetime) -> None:
        trouble = self.datasources.setdefault(datasource, _Trouble(now, ""))
        trouble.error = failure.message
        trouble.rules.add(evaluation.rule.key)
        if now - trouble.since >= PATIENCE:
            labels = _labels("EvaluatorDatasourceDown", "critical", datasource=datasource)
            summary = f"Datasource {datasource} gives no usable answer"
            description = (
                f"No query has succeeded since {clock(trouble.since)}. Alerts are kept as they are: none resolves, and"
                f" none can begin. Last failure ({failure.kind}): {failure.message}"
            )
            self.raise_(_raised(labels, summary, description), now)

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
        labels = _labels("EvaluatorRuleFailing", "warning", datasource=datasource)
        if not failing:
            self.cease(labels, now)
            return
        shown = sorted(failing.values())
        more = f"\nand {len(shown) - NAMED} more" if len(shown) > NAMED else ""
        plural = "rule fails" if len(shown) == 1 else "rules fail"
        self.raise_(_raised(labels, f"{len(shown)} {plural} on datasource {datasource}", "\n".join(shown[:NAMED]) + more), now)

    def _limit(self, group: str, evaluation: RuleEvaluation, now: datetime) -> None:
        if not evaluation.refused and not self.limited:
            return
        rule = evaluation.rule
        labels = _labels("EvaluatorAlertLimit", "warning", rule_group=group, rule=rule.name)
        if evaluation.refused:
            self.limited.setdefault(labels, set()).add(rule.key)
            summary = f"Rule {rule.name} is over its limit of alerts"
            self.raise_(_raised(labels, summary, f"{evaluation.error}. The alerts that it has are kept."), now)
        elif labels in self.limited:
            self._keep_limited(labels, self.limited[labels] - {rule.key}, now)

    def _keep_limited(self, labels: Labels, over: set[str], now: datetime) -> None:
        """Rules of one group may share a name, and then share the alert; the last of them ends it."""
        self.limited[labels] = over
        if not over:
            del self.limited[labels]
            self.cease(labels, now)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def delivered(self, integration: str, now: datetime) -> None:
        """An integration accepted a notification."""
        if self.integrations.pop(integration, None) is not None:
            self.cease(_integration(integration), now)

    def relieved(self, integration: str, now: datetime) -> None:
        """Nothing waits for an integration any more: what it did not accept is of no interest now."""
        if self.integrations.pop(integration, None) is not None:
            self.cease(_integration(integration), now, NOTHING_WAITS)

    def delivery_failed(self, integration: str, error: str, permanent: bool, now: datetime) -> None:
        """An integration did not accept a notification."""
        trouble = self.integrations.setdefault(integration, _Trouble(now, ""))
        trouble.error = error
        if permanent or now - trouble.since >= PATIENCE:
            description = f"Nothing has been accepted since {clock(trouble.since)}. Last failure: {error}"
            self.raise_(
                _raised(_integration(integration), f"Notifications to {integration} are not accepted", description), now
            )

    def worded(self, row: OutboxRecord, receipt: Pairs, now: datetime) -> None:
        """An integration accepted a message. receipt: what came back, and a note for each template that failed."""
        name, failures = row.integration, [text for kind, text in receipt if kind == TEMPLATE_ERROR]
        labels = _integration(name, TEMPLATES, "warning")
        if failures:
            self.misworded.add(name)
            summary = f"Templates of {name} fail"
            description = "Its messages go out as plain text. In the newest one:\n" + "\n".join(failures[:NAMED])
            self.raise_(_raised(labels, summary, description), now)
        elif name in self.misworded and tells_of_others(row, TEMPLATES):
            self.misworded.discard(name)
            self.cease(labels, now)

    # -- forwarding ---------------------------------------------------------------------------------------------------

    def forwarded(self, alertmanager: str, now: datetime) -> None:
        """An Alertmanager accepted alerts."""
        self.alertmanagers.pop(alertmanager, None)
        self._forwarding_works(now)

    def forwarding_failed(self, alertmanager: str, error: str, known: Set[str], now: datetime) -> None:
        """An Alertmanager did not accept alerts. known: all Alertmanagers; one that accepts is enough."""
        if alertmanager not in known:
            return
        self.alertmanagers.setdefault(alertmanager, _Trouble(now, "")).error = error
        since = self.unforwarded_since(known)
        if since is not None and now - since >= PATIENCE:
            self.unforwarded = True
            failures = "\n".join(f"{name}: {trouble.error}" for name, trouble in sorted(self.alertmanagers.items()))
            description = f"None has accepted any since {clock(since)}. Last failures:\n{failures}"
            labels = _labels("EvaluatorForwardingFailing", "critical")
            self.raise_(_raised(labels, "No Alertmanager accepts the alerts forwarded to it", description), now)

    def unforwarded_since(self, known: Set[str]) -> datetime | None:
        """Since when none of these Alertmanagers has accepted anything; None when one of them does, or there is none."""
        if not known or not self.alertmanagers.keys() >= known:
            return None
        return max(self.alertmanagers[name].since for name in known)

    def _forwarding_works(self, now: datetime) -> None:
        if self.unforwarded:
            self.unforwarded = False
            self.cease(_labels("EvaluatorForwardingFailing", "critical"), now)

    # -- restart and reload -------------------------------------------------------------------------------------------

    def resume(self, labels: Labels, since: datetime, groups: Iterable[GroupEvaluation]) -> None:
        """A built-in alert fires from before a restart: its cause holds until the opposite is seen."""
        match labels.get(ALERT_NAME):
            case "EvaluatorDatasourceDown":
                self.datasources[labels["datasource"]] = _Trouble(since, "")
            case "EvaluatorNotificationFailing":
                self.integrations[f"{labels['receiver']}/{labels['integration']}"] = _Trouble(since, "")
            case "EvaluatorTemplateFailing":
                self.misworded.add(f"{labels['receiver']}/{labels['integration']}")
            case "EvaluatorForwardingFailing":
                self.unforwarded = True
            case "EvaluatorRuleFailing":
                self.resuming[labels["datasource"]] = _rules_on(labels["datasource"], groups)
            case "EvaluatorAlertLimit":
                self.limited[labels] = _rules_called(labels["rule"], labels["rule_group"], groups)

    def retain_alertmanagers(self, known: Set[str], now: datetime) -> None:
        """Take note of the Alertmanagers that there are: of others nothing is known, and without any nothing fails."""
        self.alertmanagers = {name: trouble for name, trouble in self.alertmanagers.items() if name in known}
        if not known:
            self._forwarding_works(now)

    def retain(self, groups: Collection[GroupEvaluation], integrations: Set[str], now: datetime) -> None:
        """Take note of the rules and integrations that there are, and end what concerned others."""
        known = {group.group.datasource for group in groups if group.rules}
        for name in [name for name in self.datasources if name not in known]:
            del self.datasources[name]
            self.cease(_labels("EvaluatorDatasourceDown", "critical", datasource=name), now)
        for name in [name for name in self.integrations if name not in integrations]:
            del self.integrations[name]
            self.cease(_integration(name), now)
        for name in sorted(self.misworded - integrations):
            self.misworded.discard(name)
            self.cease(_integration(name, TEMPLATES, "warning"), now)
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


def bare(labels: Labels) -> Labels:
    """The labels of a built-in alert without the external ones that were added to them."""
    return labels.only((ALERT_NAME, "severity", *_OWN_LABELS[labels[ALERT_NAME]]))


def _rules_on(datasource: str, groups: Iterable[GroupEvaluation]) -> set[str]:
    return {rule for group in groups if group.group.datasource == datasource for rule in group.rules}


def _rules_called(name: str, group: str, groups: Iterable[GroupEvaluation]) -> set[str]:
    found = [one for one in groups if one.group.key == group]
    return {key for one in found for key, evaluation in one.rules.items() if evaluation.rule.name == name}


def _labels(name: str, severity: str, **more: str) -> Labels:
    return Labels({ALERT_NAME: name, "severity": severity, **more})


def tells_of_others(row: OutboxRecord, alertname: str = NOT_ACCEPTED) -> bool:
    """Whether there is more in it than this built-in alert about the very integration it is for; other labels do not matter."""
    receiver, _, integration = row.integration.rpartition("/")
    own = Labels({ALERT_NAME: alertname, "receiver": receiver, "integration": integration}).items()
    return not all(own <= alert.labels.items() for alert in row.notification.alerts)


def _integration(name: str, alertname: str = NOT_ACCEPTED, severity: str = "critical") -> Labels:
    receiver, _, integration = name.rpartition("/")
    return _labels(alertname, severity, receiver=receiver, integration=integration)


def _raised(labels: Labels, summary: str, description: str) -> Raised:
    return Raised(labels, Fixed(Annotations(expanded=(("summary", summary), ("description", description)))))


def clock(at: datetime) -> str:
    """An instant as built-in texts name it."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
