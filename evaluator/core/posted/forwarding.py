"""Forwarding: which own alerts are due to be posted to Alertmanagers, decided at each evaluation of a rule.

The rules are Prometheus'. A pending alert is not posted. One that fires is posted at once, and again at the first evaluation
that is later than a minute after the last post: in a group with an interval of a minute that is every second one. Each post
claims an end, four intervals ahead but at least four minutes, so an Alertmanager that hears no more takes the alert for over.
One that is over is posted at once, and again for a quarter of an hour, in case the first post was lost.

Four things are other than in Prometheus, because no answer is not an empty answer, and whoever was told "firing" is told
"resolved". While a rule fails, its alerts are posted as before, with a new end each time. An alert whose rule is removed, or
whose external labels change, is posted as over. An alert that two rules assert is over when the last of them lets it go. And
the start survives a restart, because it is kept.

When an alert was last posted is not kept: after a restart everything is posted at the first evaluation. There is no timer here
but the slots of the groups; the built-in alerts, which no rule evaluates, are posted again at the slots of any group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.effects import ForwardedAlert
from evaluator.core.evaluation.alert import RESOLVED_RETENTION
from evaluator.core.evaluation.evaluation import GroupEvaluation, alerting
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.evaluation.tracking import RuleEvaluation, Tracked
from evaluator.core.journal import Journal
from evaluator.core.posted.posting import SOURCE as POSTED
from evaluator.core.records import State
from evaluator.core.settings import Settings
from evaluator.core.watching.meta import SOURCE

RESEND_DELAY = timedelta(minutes=1)
"""How long after a post the next one of the same alert may come."""

CLAIMED_SPANS = 4
"""How many intervals ahead the end lies that a post claims: as many evaluations may be missed."""


@dataclass(slots=True)
class _Followed:
    """An alert that no rule will mention again: a built-in one, or one that ended otherwise than by an evaluation."""

    alert: Alert
    sent_at: datetime | None = None


class Forwarding:
    """Knows what has been posted, and asks for what is due. Does nothing while no Alertmanager is configured."""

    def __init__(self, settings: Settings, alerts: Alerts, journal: Journal) -> None:
        self._settings = settings
        self._alerts = alerts
        self._journal = journal
        self._followed: dict[str, _Followed] = {}
        self._pace = _pace(settings)

    def evaluated(self, group: RuleGroup, rule: RuleEvaluation, slot: datetime) -> None:
        """A rule was evaluated at `slot`, or could not be."""
        if not self._settings.alertmanagers:
            return
        due = [self._of_rule(tracked, group, slot) for tracked in rule.alerts.values() if self._due(tracked, slot)]
        if self._followed:
            due += self._of_followed(slot)
        self._post(due)

    def follow(self, alert: Alert, now: datetime) -> None:
        """Post an alert that no rule will mention again: now, and as long as it lasts or may not have been heard of."""
        if not self._settings.alertmanagers:
            return
        self._followed[alert.fingerprint] = followed = _Followed(alert)
        self._post([self._told(followed, now)])

    def reconfigure(self, settings: Settings, groups: Iterable[GroupEvaluation]) -> None:
        """Follow a new configuration. Where somebody would hear something new by it, everything is due again."""
        former, self._settings, self._pace = self._settings, settings, _pace(settings)
        if not settings.alertmanagers:
            self._followed.clear()
        if _heard(former) == _heard(settings):
            return
        for one in self._followed.values():
            one.sent_at = None
        for rule in (rule for group in groups for rule in group.rules.values()):
            for tracked in rule.alerts.values():
                tracked.sent_at = None

    def _due(self, tracked: Tracked, slot: datetime) -> bool:
        life = tracked.life
        if life.state is State.PENDING or not is_due(life.resolved_at, tracked.sent_at, slot):
            return False
        if life.resolved_at is None:
            return True
        return slot - life.resolved_at <= RESOLVED_RETENTION and not self._asserted_otherwise(tracked)

    def _asserted_otherwise(self, tracked: Tracked) -> bool:
        """Whether another rule, or the evaluator itself, says of the same alert that it fires."""
        alert = self._alerts.get(tracked.labels.filled_from(self._settings.external_labels).fingerprint)
        return alert is not None and bool(alert.sources - {POSTED, tracked.rule.key})

    def _of_rule(self, tracked: Tracked, group: RuleGroup, slot: datetime) -> ForwardedAlert:
        life, tracked.sent_at = tracked.life, slot
        assert life.fired_at is not None
        ends_at = life.resolved_at or claimed_end(slot, group.interval)
        labels = tracked.labels.filled_from(self._settings.external_labels)
        url = generator_url(self._settings.external_url, tracked.rule.expr)
        return ForwardedAlert(labels, tracked.annotations, life.fired_at, ends_at, url)

    def _of_followed(self, slot: datetime) -> Iterator[ForwardedAlert]:
        for name in [name for name, one in self._followed.items() if self._is_told(one.alert, slot)]:
            del self._followed[name]
        for one in self._followed.values():
            if is_due(one.alert.ends_at, one.sent_at, slot):
                yield self._told(one, slot)

    def _is_told(self, alert: Alert, slot: datetime) -> bool:
        """Whether an alert needs no following any more: it has long been over, or a rule asserts it again."""
        current = self._alerts.get(alert.fingerprint)
        if current is not None and current.firing:
            return not any(source.startswith(SOURCE) for source in current.sources)
        return alert.ends_at is not None and slot - alert.ends_at > RESOLVED_RETENTION

    def _told(self, followed: _Followed, at: datetime) -> ForwardedAlert:
        alert, followed.sent_at = followed.alert, at
        ends_at = alert.ends_at or claimed_end(at, self._pace)
        return ForwardedAlert(alert.labels, alert.described.annotations, alert.starts_at, ends_at, alert.generator_url)

    def _post(self, due: list[ForwardedAlert]) -> None:
        if due:
            self._journal.forward(tuple(due))


def is_due(ended_at: datetime | None, sent_at: datetime | None, at: datetime) -> bool:
    """Whether an alert that fires or is over is to be posted at `at`. sent_at: when it last was, None for never."""
    if sent_at is None or (ended_at is not None and ended_at > sent_at):
        return True
    return sent_at + RESEND_DELAY < at


def claimed_end(at: datetime, interval: timedelta) -> datetime:
    """The end that a post at `at` claims for an alert that fires. interval: until it may be posted again."""
    return at + CLAIMED_SPANS * max(interval, RESEND_DELAY)


def generator_url(external_url: str, expr: str) -> str:
    """Where an expression can be looked at, as Prometheus links to it."""
    return f"{external_url}/graph?g0.expr={quote_plus(expr)}&g0.tab=1"


def _pace(settings: Settings) -> timedelta:
    """How often some group has a slot."""
    return min((group.interval for group in settings.groups if alerting(group.rules)), default=RESEND_DELAY)


def _heard(settings: Settings) -> object:
    """Who hears of alerts, and what they are called there."""
    return settings.alertmanagers, settings.alert_relabel, settings.external_labels, settings.external_url
