"""Those around the machine in a scenario: receivers that answer, and queries that find, as the scenario says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from evaluator.core.effects import Deliver, RunQuery
from evaluator.core.evaluation.answers import Failure, FailureKind, Sample
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryFailed, QueryReturned
from evaluator.core.records import OutboxRecord
from evaluator.core.settings import IntegrationSettings, Settings
from evaluator.drill.played import Told, ToldAlert
from evaluator.drill.scenario import Answering, Finding, Scenario
from evaluator.notify.compatibility import as_alertmanager
from evaluator.notify.delivery import DEFAULT_TIMEOUT
from evaluator.notify.exchange import Answer, refusal
from evaluator.notify.rendered import RenderedAlert, render
from evaluator.templating import DuplicateLabels, QueryNeeded, RuleTexts, TemplateError, render_annotations


class Audience:
    """Answers whatever the machine asks for. told: what was accepted, in the order of time."""

    def __init__(self, scenario: Scenario) -> None:
        self.told: list[Told] = []
        self._beginning = scenario.start
        latest_first = sorted(scenario.actions, key=lambda action: action.at)[::-1]
        self._answering = [(one.at, one.deed) for one in latest_first if isinstance(one.deed, Answering)]
        self._finding = [(one.at, one.deed) for one in latest_first if isinstance(one.deed, Finding)]

    def reply(self, effect: RunQuery | Deliver, settings: Settings, now: datetime) -> tuple[timedelta, Event]:
        """What answers a request, and after how long."""
        if isinstance(effect, RunQuery):
            return timedelta(0), self._found(effect, settings)
        return self._deliver(effect.row, settings, now)

    # -- receivers ----------------------------------------------------------------------------------------------------

    def _deliver(self, row: OutboxRecord, settings: Settings, now: datetime) -> tuple[timedelta, Event]:
        answering, told = self._manner(row.integration, now), _settings_of(row, settings)
        patience = getattr(told, "timeout", timedelta(0)) or timedelta(seconds=DEFAULT_TIMEOUT)
        if answering.hangs or answering.takes > patience:
            return patience, DeliveryFailed(row.id, f"no answer within {patience.total_seconds():g}s", unknown=True)
        headers = {} if answering.retry_after is None else {"retry-after": str(answering.retry_after)}
        refused = refusal(Answer(answering.status, headers, b"", now + answering.takes))
        if refused is not None:
            if settings.compatibility and told is not None:
                refused = as_alertmanager(refused, told, answering.status)
            return answering.takes, DeliveryFailed(
                row.id, refused.error, refused.permanent, refused.retry_after, refused.unknown
            )
        self.told.append(self._told(row, settings, now))
        return answering.takes, Delivered(row.id)

    def _manner(self, integration: str, now: datetime) -> Answering:
        """How this integration answers now: as was said last of it, unless that is over."""
        since = now - self._beginning
        said = (one for at, one in self._answering if one.integration == integration and at <= since)
        last = next(said, Answering(integration))
        return Answering(integration) if last.until is not None and last.until <= since else last

    def _told(self, row: OutboxRecord, settings: Settings, now: datetime) -> Told:
        """The notification as its receiver's file gets it, texts finished."""
        at = row.notification.at
        texts = [
            dict(render_annotations(one.annotations, settings.external_labels, settings.external_url, at))
            for one in row.notification.alerts
        ]
        rendered = render(row, texts, settings.external_url)
        alerts = tuple(self._alert(alert) for alert in rendered.alerts)
        return Told(now - self._beginning, rendered.integration, alerts, rendered.reason)

    def _alert(self, alert: RenderedAlert) -> ToldAlert:
        ends = None if alert.ends_at is None else alert.ends_at - self._beginning
        return ToldAlert(alert.labels, tuple(sorted(alert.annotations.items())), alert.starts_at - self._beginning, ends)

    # -- queries ------------------------------------------------------------------------------------------------------

    def _found(self, effect: RunQuery, settings: Settings) -> Event:
        rule = next(rule for rule in _alerting(settings) if rule.key == effect.rule)
        since = effect.slot - self._beginning
        finding = next((one for at, one in self._finding if one.rule == rule.name and at <= since), None)
        if finding is not None and finding.error:
            return QueryFailed(effect.rule, effect.slot, Failure(FailureKind.TRANSIENT, finding.error))
        samples = [Sample(one.labels, one.value) for one in (finding.series if finding else ())]
        try:
            observed = RuleTexts(rule, settings.external_labels, settings.external_url).observe(samples, effect.slot, {})
        except QueryNeeded as needed:
            text = f"a template asks {needed.expr}, which a scenario does not answer"
            return QueryFailed(effect.rule, effect.slot, Failure(FailureKind.RULE, text))
        except (TemplateError, DuplicateLabels) as error:
            return QueryFailed(effect.rule, effect.slot, Failure(FailureKind.RULE, str(error)))
        return QueryReturned(effect.rule, effect.slot, observed)


def _alerting(settings: Settings) -> Iterator[AlertingRule]:
    return (rule for group in settings.groups for rule in group.rules if isinstance(rule, AlertingRule))


def _settings_of(row: OutboxRecord, settings: Settings) -> IntegrationSettings | None:
    """Those of the integration that the row is for; None when a reload removed it."""
    named = (
        one.settings
        for receiver in settings.told
        for one in receiver.integrations
        if f"{receiver.name}/{one.name}" == row.integration
    )
    return next(named, None)
