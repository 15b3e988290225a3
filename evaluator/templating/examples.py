"""Notifications to try texts on: what a receiver may well be told, and everything that it may be told of.

One tells of two alerts that fire and one that is over, one of a single alert that is over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from evaluator.core.evaluation.curves import Curve, Threshold
from evaluator.core.incidents.records import IncidentState, Notice, PageKind
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Chase, Notification, NotifiedAlert
from evaluator.templating.notification_data import NotificationData, notification_data

EXTERNAL_URL: Final = "https://alerts.example.org"
_AT: Final = datetime(2026, 3, 14, 3, 9, 26, tzinfo=UTC)
_STEPS: Final = 60  # of a made-up curve
_GROUP: Final = Labels({"alertname": "HighErrorRate", "team": "web"})


def _alert(instance: str, value: float, minutes: int, *, over: bool = False) -> NotifiedAlert:
    series = {"job": "checkout", "instance": instance}
    texts = (
        ("description", f"{value:.1%} of the requests to {instance} fail."),
        ("runbook_url", "https://runbooks.example.org/HighErrorRate"),
        ("dashboard_url", "https://grafana.example.org/d/web?var-job=checkout"),
        ("summary", f"Requests fail on {instance}"),
    )
    return NotifiedAlert(
        Labels({**series, **_GROUP, "severity": "critical"}),
        Annotations(texts, Labels(series), value, expanded=texts),
        _AT - timedelta(minutes=minutes),
        _AT - timedelta(minutes=1) if over else None,
        "https://prometheus.example.org/graph?g0.expr=errors+%3E+0.05&g0.tab=1",
    )


def example(receiver: str = "team", *, resolved: bool = False) -> Notification:
    """What `receiver` may be told. resolved: that all is over."""
    alerts: tuple[NotifiedAlert, ...] = (_alert("web-3:8080", 0.021, 90, over=True),)
    if not resolved:
        alerts = (_alert("web-1:8080", 0.137, 12), _alert("web-2:8080", 0.094, 7), *alerts)
    group_key = f'{{}}/{{team="web"}}:{_GROUP}'
    reason = "all alerts resolved" if resolved else "new alerts added"
    return Notification(receiver, f"{receiver}/example[0]", group_key, _GROUP, reason, alerts, _AT)


def curved(told: Notification) -> Notification:
    """The same with a made-up curve for each alert: its value rises above a threshold, and falls when it is over."""
    return replace(told, alerts=tuple(replace(alert, curve=_curve(alert, told.at)) for alert in told.alerts))


def _curve(alert: NotifiedAlert, at: datetime) -> Curve:
    top, end, fired = alert.annotations.value or 1.0, at.timestamp(), alert.starts_at.timestamp()
    over = end + 1 if alert.ends_at is None else alert.ends_at.timestamp()
    step = max(900.0, 2 * (end - fired)) / _STEPS
    begin = end - _STEPS * step

    def value(instant: float) -> float:
        if instant < fired:
            return top * (0.1 + 0.4 * (instant - begin) / (fired - begin))
        return top * (0.6 + 0.4 * (instant - fired) / (over - fired)) if instant < over else top * 0.2

    points = tuple((begin + step * number, value(begin + step * number)) for number in range(_STEPS + 1))
    return Curve(Threshold(">", top / 2), points, begin, end, step)


def chased(told: Notification) -> Notification:
    """The same while somebody is chased for what fires of it."""
    chase = Chase(12, IncidentState.TRIGGERED)
    return replace(told, alerts=tuple(replace(alert, chase=chase if alert.firing else None) for alert in told.alerts))


def page_example(receiver: str = "person:ana", *, resolved: bool = False) -> Notification:
    """The same, told to somebody who is chased: the second of four levels, late, of what was confirmed a while ago."""
    notice = Notice(
        number=12,
        kind=PageKind.RESOLVED if resolved else PageKind.PAGE,
        page="0123456789abcdef",
        state=IncidentState.RESOLVED if resolved else IncidentState.TRIGGERED,
        severity="critical",
        title="HighErrorRate web",
        epoch=1,
        level=1,
        level_name="backup",
        levels=4,
        opened_at=_AT - timedelta(minutes=12),
        whom=receiver.removeprefix("person:"),
        owner="ana" if resolved else "",
        component="checkout",
        component_owner="bo",
        runbook="https://runbooks.example.org/checkout",
        late=timedelta(0) if resolved else timedelta(minutes=7),
        confirmed_at=None if resolved else _AT - timedelta(minutes=2),
        text="its alerts are over" if resolved else "",
        labels=_GROUP,
    )
    return replace(example(receiver, resolved=resolved), group_key="incident:12", incident=notice)


def example_data(receiver: str = "team", *, page: bool = False) -> tuple[NotificationData, NotificationData]:
    """What templates see of the two examples, with all there may be: one that fires, one that is over.

    page: told to somebody who is chased.
    """
    examples = [(page_example if page else example)(receiver, resolved=resolved) for resolved in (False, True)]
    told = examples if page else [chased(curved(one)) for one in examples]
    texts = [[dict(alert.annotations.expanded or ()) for alert in one.alerts] for one in told]
    firing, over = (notification_data(one, said, EXTERNAL_URL) for one, said in zip(told, texts, strict=True))
    return firing, over
