"""Notifications and texts that the suites of this folder speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evaluator.core.evaluation.curves import Curve, Threshold
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Notification, NotifiedAlert, OutboxRecord
from evaluator.notify.rendered import Render, RenderedNotification, render

AT = datetime(2026, 8, 3, 3, 0, 12, 345600, tzinfo=UTC)


def alert(
    instance: str, *, resolved: bool = False, why: str = "", age: timedelta = timedelta(minutes=2), **labels: str
) -> NotifiedAlert:
    """An alert of `HighLatency` that began `age` ago."""
    named = {"alertname": "HighLatency", "team": "web", "job": "api", "instance": instance, **labels}
    return NotifiedAlert(
        labels=Labels(named),
        annotations=Annotations(
            templates=(("summary", "Latency is high on {{ $labels.instance }}"), ("runbook", "https://run.book/latency")),
            series=Labels({"job": "api", "instance": instance}),
            value=0.931,
        ),
        starts_at=AT - age,
        ends_at=AT if resolved else None,
        generator_url="http://prometheus:9090/graph?g0.expr=latency+%3E+0.5&g0.tab=1",
        why=why,
    )


def curved(told: NotifiedAlert) -> NotifiedAlert:
    """Drawn over the hour to its end, from 0 up to 0.6, above a threshold of 0.5."""
    end = (told.ends_at or AT).timestamp()
    points = tuple((end - 60 * (60 - step), step / 100) for step in range(61))
    return replace(told, curve=Curve(Threshold(">", 0.5), points, end - 3600, end, 60))


def row(*alerts: NotifiedAlert, integration: str = "ops.web/webhook[0]", ident: str = "0f3c") -> OutboxRecord:
    """An outbox row that tells of `alerts`, by default of one that fires."""
    group = Labels({"alertname": "HighLatency", "team": "web"})
    notification = Notification(
        receiver=integration.partition("/")[0],
        integration=integration,
        group_key=f'{{}}/{{team="web"}}:{group}',
        group_labels=group,
        reason="new alerts added",
        alerts=alerts or (alert("a:9090"),),
        at=AT,
    )
    return OutboxRecord(ident, "group", notification.receiver, integration, notification, created_at=AT)


def finished(told: NotifiedAlert) -> Mapping[str, str]:
    """The annotations of an alert of these scenes, rendered."""
    return {
        name: text.replace("{{ $labels.instance }}", told.labels.get("instance", ""))
        for name, text in told.annotations.templates
    }


def rendered(*alerts: NotifiedAlert, integration: str = "ops.web/webhook[0]") -> RenderedNotification:
    """The notification of `row(*alerts)` with finished annotations."""
    record = row(*alerts, integration=integration)
    return render(record, [finished(told) for told in record.notification.alerts], "https://alerts.example.org")


class PlainTexts:
    """Texts whose template language knows `{{ NAME }}` for a few names, and fails for others."""

    def __init__(self, **names: str) -> None:
        self._names = names

    def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
        return [finished(told) for told in notification.alerts]

    def renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        return self.render

    def render(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(f"{{{{ {name} }}}}", value)
        if "{{" in text:
            raise ValueError(f"line 1, column {text.index('{{') + 1}: no such name in {text}")
        return text
