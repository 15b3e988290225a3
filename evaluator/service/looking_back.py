"""Before a message goes out: how the values that it is about went on, for texts that show it.

Asked of the datasource when the message is delivered, for at most two seconds, and only where a text of the integration speaks
of `curve`. A message never fails for it: what does not come in time is not shown, and what a rule compares with is known
without asking. An alert is of the rule whose name and expression it carries, so one that is over is found as well, and one
whose rule is gone, or that somebody posted, has no curve.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evaluator.core.curves import Curve
from evaluator.core.evaluation import alerting
from evaluator.core.forwarding import generator_url
from evaluator.core.labels import ALERT_NAME, METRIC_NAME
from evaluator.core.receivers import IntegrationSettings
from evaluator.core.records import NotifiedAlert, OutboxRecord
from evaluator.core.settings import Datasource, Settings
from evaluator.core.storms import STORM
from evaluator.prometheus.ranges import RangeClient, Span
from evaluator.promql.drawing import Drawable, drawable, narrowed
from evaluator.promql.expression import Dialect
from evaluator.service.settings_texts import texts_of
from evaluator.templating import NotificationTexts, TemplateError
from evaluator.templating.languages import is_literal

SECONDS = 2.0
STEPS = 60
MOST_CURVES = 10
LONGEST = timedelta(days=1)
LEAST_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What alerts of a rule are about. literal: labels that the rule gives as they are. Parsed when it is first needed."""

    datasource: str
    query: str
    dialect: Dialect
    hold: timedelta
    literal: Mapping[str, str]

    @property
    def drawn(self) -> Drawable:
        """What of it can be drawn."""
        return drawable(self.query, self.dialect)


class LookingBack:
    """Finds the curves for the messages of a configuration.

    texts: gives its templates, and is asked only where a text is one. seconds: that a message waits at most.
    """

    def __init__(self, settings: Settings, texts: Callable[[], NotificationTexts], seconds: float = SECONDS) -> None:
        """Nothing is asked yet. Raises httpx.InvalidURL for a URL that is none."""
        self._seconds = seconds
        self._clients: dict[str, RangeClient] = {}
        self._datasources: dict[str, Datasource] = {}
        self._adopt(settings, texts)

    async def reload(self, settings: Settings, texts: Callable[[], NotificationTexts]) -> None:
        """Follow a new configuration."""
        for client in self._adopt(settings, texts):
            await client.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def seen(self, row: OutboxRecord) -> OutboxRecord:
        """The row with curves, where its integration shows them. Raises nothing."""
        if row.integration not in self._interested or row.group == STORM:
            return row
        told = row.notification
        subjects = [self._subject(alert) for alert in told.alerts]
        found = await self._curves(list(zip(told.alerts, subjects, strict=True)), told.at)
        alerts = tuple(
            replace(alert, curve=found.get(alert.labels.fingerprint) or Curve(subject.drawn.threshold)) if subject else alert
            for alert, subject in zip(told.alerts, subjects, strict=True)
        )
        return replace(row, notification=replace(told, alerts=alerts))

    # -- what is asked ------------------------------------------------------------------------------------------------

    async def _curves(self, alerts: Sequence[tuple[NotifiedAlert, _Subject | None]], at: datetime) -> Mapping[str, Curve]:
        """By fingerprint, for the first of the alerts; those of one rule are asked for together."""
        asked: dict[tuple[str, Drawable], list[tuple[NotifiedAlert, timedelta]]] = {}
        for alert, subject in [(alert, subject) for alert, subject in alerts if subject is not None][:MOST_CURVES]:
            asked.setdefault((subject.datasource, subject.drawn), []).append((alert, subject.hold))
        answers = await asyncio.gather(
            *(
                self._ask(datasource, drawn, [alert for alert, _ in told], span_of(told, at))
                for (datasource, drawn), told in asked.items()
            )
        )
        return {fingerprint: curve for answer in answers for fingerprint, curve in answer.items()}

    async def _ask(self, datasource: str, drawn: Drawable, alerts: Sequence[NotifiedAlert], span: Span) -> Mapping[str, Curve]:
        series = [alert.annotations.series for alert in alerts]
        expr, count = narrowed(drawn.expr, series) if drawn.vector else (drawn.expr, len(alerts))
        found = await self._clients[datasource].ask(expr, span, self._seconds) if count else None
        if found is None:
            return {}
        points = {labels.without(METRIC_NAME): points for labels, points in found.items()}
        curves = {}
        for alert, labels in zip(alerts, series, strict=True):
            mine = points.get(labels.without(METRIC_NAME), ())
            curves[alert.labels.fingerprint] = Curve(drawn.threshold, mine, span.begin, span.end, span.step)
        return curves

    # -- whose alert it is --------------------------------------------------------------------------------------------

    def _subject(self, alert: NotifiedAlert) -> _Subject | None:
        known = self._subjects.get((alert.labels.get(ALERT_NAME, ""), alert.generator_url), ())
        labels = alert.labels
        return next((one for one in known if all(labels.get(name) == value for name, value in one.literal.items())), None)

    def _adopt(self, settings: Settings, texts: Callable[[], NotificationTexts]) -> list[RangeClient]:
        """Take over the configuration; gives the clients that nobody needs any more."""
        datasources = {one.name: one for one in settings.datasources}
        fresh = {name: RangeClient(one) for name, one in datasources.items() if self._datasources.get(name) != one}
        gone = [client for name, client in self._clients.items() if name not in datasources or name in fresh]
        kept = {name: client for name, client in self._clients.items() if name in datasources}
        self._datasources, self._clients = datasources, kept | fresh
        self._interested = frozenset(_interested(settings, texts))
        self._subjects = _subjects(settings) if self._interested else {}
        return gone


def span_of(told: Sequence[tuple[NotifiedAlert, timedelta]], at: datetime) -> Span:
    """From some time before the first of them began to now, or to the end of the last one, which is a step; at most a day.

    told: alerts, each with how long it was held back.
    """
    end = at if any(alert.firing for alert, _ in told) else max(alert.ends_at or at for alert, _ in told)
    began = min(alert.starts_at for alert, _ in told)
    before = max(LEAST_BEFORE, 2 * max(hold for _, hold in told), (end - began) / 4)
    step = max(1, math.ceil(min(LONGEST, end - began + before) / timedelta(seconds=STEPS)))
    return Span(end.timestamp() - STEPS * step, end.timestamp(), float(step))


def _interested(settings: Settings, texts: Callable[[], NotificationTexts]) -> Iterable[str]:
    """The integrations with a text that speaks of curves."""
    for receiver in settings.told:
        for integration in receiver.integrations:
            if speaks_of_curves(integration.settings, texts):
                yield f"{receiver.name}/{integration.name}"


def speaks_of_curves(settings: IntegrationSettings, texts: Callable[[], NotificationTexts]) -> bool:
    """Whether a text of the integration shows how a value went on."""
    return any(_speaks_of_curves(text, texts()) for _, text in texts_of(settings) if not is_literal(text))


def _speaks_of_curves(text: str, texts: NotificationTexts) -> bool:
    try:
        return texts.speaks_of(text, "curve")
    except TemplateError:
        return False  # it fails when it is rendered, and that is told then


def _subjects(settings: Settings) -> Mapping[tuple[str, str], Sequence[_Subject]]:
    """By the alert's name and the link to its expression."""
    kinds = {one.name: Dialect(one.kind) for one in settings.datasources}
    found: dict[tuple[str, str], list[_Subject]] = {}
    for group in settings.groups:
        if group.datasource in kinds:
            for rule in alerting(group.rules):
                literal = {name: value for name, value in rule.labels.items() if "{{" not in value and "{%" not in value}
                subject = _Subject(group.datasource, rule.query, kinds[group.datasource], rule.hold, literal)
                found.setdefault((rule.name, generator_url(settings.external_url, rule.expr)), []).append(subject)
    return found
