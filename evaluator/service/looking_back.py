"""Before a message goes out: how the values that it is about went on, for texts that show it.

Asked of the datasource when the message is delivered, for at most two seconds, and only where a text of the integration speaks
of `curve`, and of more of it than what a rule compares with, which is known without asking. A message never fails for it: what
does not come in time is not shown. An alert is of the rule whose name and expression it carries, so one that is over is found
as well, and one whose rule is gone, or that somebody posted, has no curve. Who shows curves is found out at the first message,
for a start need not wait for that.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from evaluator.core.evaluation.curves import Curve
from evaluator.core.evaluation.evaluation import alerting
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, METRIC_NAME, Labels
from evaluator.core.notifying.storms import STORM
from evaluator.core.posted.forwarding import generator_url
from evaluator.core.receivers import IntegrationSettings
from evaluator.core.records import NotifiedAlert, OutboxRecord
from evaluator.core.settings import Datasource, Settings
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


_KNOWN = ("op", "threshold", "at_firing")
"""What a curve has before anybody is asked."""


class _Wish(Enum):
    """What the texts of an integration show of a curve."""

    NOTHING = 0
    THRESHOLD = 1
    ALL = 2


@frozen
class _Subject:
    """What alerts of a rule are about. Parsed when it is first needed."""

    datasource: str
    rule: AlertingRule
    dialect: Dialect

    @property
    def drawn(self) -> Drawable:
        """What of it can be drawn."""
        return drawable(self.rule.query, self.dialect)

    def has(self, alert: NotifiedAlert, external_url: str) -> bool:
        """Whether the alert is of this rule: it leads to its expression, and has the labels that the rule gives as they are."""
        given = self.rule.labels.items()
        literal = ((name, value) for name, value in given if "{{" not in value and "{%" not in value)
        same = all(alert.labels.get(name) == value for name, value in literal)
        return same and alert.generator_url == generator_url(external_url, self.rule.expr)

    def series(self, alert: NotifiedAlert) -> Labels:
        """The labels of the alert's series; where the alert has been read from somewhere, those that the rule does not give."""
        return alert.annotations.series or alert.labels.without(ALERT_NAME, *self.rule.labels)


class LookingBack:
    """Finds the curves for the messages of a configuration.

    texts: gives its templates, and is asked only where a text is one. seconds: that a message waits at most.
    """

    def __init__(self, settings: Settings, texts: Callable[[], NotificationTexts], seconds: float = SECONDS) -> None:
        """Nothing is asked yet. Raises httpx.InvalidURL for a URL that is none."""
        self._seconds = seconds
        self._clients: dict[str, RangeClient] = {}
        self._datasources: dict[str, Datasource] = {}
        self._wishes: dict[str, _Wish] = {}
        self._subjects: Mapping[str, Sequence[_Subject]] | None = None
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
        wish = _Wish.NOTHING if row.group == STORM else self._wish(row.integration)
        if wish is _Wish.NOTHING:
            return row
        told = row.notification
        subjects = [self._subject(alert) for alert in told.alerts]
        known = [(alert, subject) for alert, subject in zip(told.alerts, subjects, strict=True) if subject is not None]
        found = await self._curves(known[:MOST_CURVES], told.at) if wish is _Wish.ALL else {}
        alerts = tuple(
            replace(alert, curve=found.get(alert.labels.fingerprint) or Curve(subject.drawn.threshold)) if subject else alert
            for alert, subject in zip(told.alerts, subjects, strict=True)
        )
        return replace(row, notification=replace(told, alerts=alerts))

    # -- what is asked ------------------------------------------------------------------------------------------------

    async def _curves(self, alerts: Sequence[tuple[NotifiedAlert, _Subject]], at: datetime) -> Mapping[str, Curve]:
        """By fingerprint; those of one rule are asked for together."""
        asked: dict[tuple[str, Drawable], list[tuple[NotifiedAlert, _Subject]]] = {}
        for alert, subject in alerts:
            asked.setdefault((subject.datasource, subject.drawn), []).append((alert, subject))
        answers = await asyncio.gather(
            *(
                self._ask(datasource, drawn, told, span_of([(alert, subject.rule.hold) for alert, subject in told], at))
                for (datasource, drawn), told in asked.items()
            )
        )
        return {fingerprint: curve for answer in answers for fingerprint, curve in answer.items()}

    async def _ask(
        self, datasource: str, drawn: Drawable, told: Sequence[tuple[NotifiedAlert, _Subject]], span: Span
    ) -> Mapping[str, Curve]:
        series = [subject.series(alert) for alert, subject in told]
        expr, count = narrowed(drawn.expr, series) if drawn.vector else (drawn.expr, len(told))
        found = await self._clients[datasource].ask(expr, span, self._seconds) if count else None
        if found is None:
            return {}
        points = {labels.without(METRIC_NAME): points for labels, points in found.items()}
        curves = {}
        for (alert, _), labels in zip(told, series, strict=True):
            mine = points.get(labels.without(METRIC_NAME), ())
            curves[alert.labels.fingerprint] = Curve(drawn.threshold, mine, span.begin, span.end, span.step)
        return curves

    # -- whose alert it is --------------------------------------------------------------------------------------------

    def _subject(self, alert: NotifiedAlert) -> _Subject | None:
        if self._subjects is None:
            self._subjects = _subjects(self._settings)
        known = self._subjects.get(alert.labels.get(ALERT_NAME, ""), ())
        return next((one for one in known if one.has(alert, self._settings.external_url)), None)

    def _wish(self, integration: str) -> _Wish:
        if integration not in self._wishes:
            settings = self._integrations.get(integration)
            self._wishes[integration] = _Wish.NOTHING if settings is None else _wish(settings, self._texts)
        return self._wishes[integration]

    def _adopt(self, settings: Settings, texts: Callable[[], NotificationTexts]) -> list[RangeClient]:
        """Take over the configuration; gives the clients that nobody needs any more."""
        datasources = {one.name: one for one in settings.datasources}
        fresh = {name: RangeClient(one) for name, one in datasources.items() if self._datasources.get(name) != one}
        gone = [client for name, client in self._clients.items() if name not in datasources or name in fresh]
        kept = {name: client for name, client in self._clients.items() if name in datasources}
        self._datasources, self._clients = datasources, kept | fresh
        self._settings, self._texts = settings, texts
        self._integrations = {f"{who.name}/{one.name}": one.settings for who in settings.told for one in who.integrations}
        self._wishes, self._subjects = {}, None
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


def speaks_of_curves(settings: IntegrationSettings, texts: Callable[[], NotificationTexts]) -> bool:
    """Whether a text of the integration shows how a value went on, or what it is compared with."""
    return _wish(settings, texts) is not _Wish.NOTHING


def asks_for_curves(settings: IntegrationSettings, texts: Callable[[], NotificationTexts]) -> bool:
    """Whether more of it is shown than what is known without asking."""
    return _wish(settings, texts) is _Wish.ALL


def _wish(settings: IntegrationSettings, texts: Callable[[], NotificationTexts]) -> _Wish:
    templates = [text for _, text in texts_of(settings) if not is_literal(text)]
    if any(_speaks_of_curves(text, texts(), but=_KNOWN) for text in templates):
        return _Wish.ALL
    return _Wish.THRESHOLD if any(_speaks_of_curves(text, texts()) for text in templates) else _Wish.NOTHING


def _speaks_of_curves(text: str, texts: NotificationTexts, but: Sequence[str] = ()) -> bool:
    try:
        return texts.speaks_of(text, "curve", but)
    except TemplateError:
        return False  # it fails when it is rendered, and that is told then


def _subjects(settings: Settings) -> Mapping[str, Sequence[_Subject]]:
    """By the alert's name."""
    kinds = {one.name: Dialect(one.kind) for one in settings.datasources}
    found: dict[str, list[_Subject]] = {}
    for group in settings.groups:
        if group.datasource in kinds:
            for rule in alerting(group.rules):
                found.setdefault(rule.name, []).append(_Subject(group.datasource, rule, kinds[group.datasource]))
    return found
