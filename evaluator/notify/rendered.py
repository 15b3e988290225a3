"""A notification as a receiver's file sees it: every annotation a finished text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.evaluation.curves import Curve
from evaluator.core.frozen import frozen
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.notifying.storms import STORM
from evaluator.core.records import Annotations, NotifiedAlert, OutboxRecord, Pairs


@frozen
class RenderedAlert:
    """An alert in a notification. ends_at: None while it fires. value: None for an alert that somebody posted.

    curve: how its value went on, where texts of the integration speak of that. known: the integration has accepted the same of
    this alert before.
    """

    labels: Labels
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    why: str = ""
    value: float | Histogram | None = None
    curve: Curve | None = None
    known: bool = False

    @property
    def status(self) -> str:
        """`firing` or `resolved`."""
        return "firing" if self.ends_at is None else "resolved"


@frozen
class RenderedNotification:
    """One group at one instant for one integration. id: of the outbox row, the same in every attempt.

    receipt: what the provider called the message in which it was last told of this group; empty for the first one.
    together: it tells of many groups, in the annotations of its one alert; users' templates are made for something else.
    """

    id: str
    receiver: str
    integration: str
    group_key: str
    group_labels: Labels
    reason: str
    at: datetime
    alerts: tuple[RenderedAlert, ...]
    external_url: str = ""
    receipt: Pairs = ()
    together: bool = False
    route_labels: Labels = NO_LABELS
    common_labels: Labels = field(init=False)
    common_annotations: Labels = field(init=False)

    def __post_init__(self) -> None:
        assert self.alerts, f"notification {self.id} tells of no alert"
        object.__setattr__(self, "common_labels", _common(alert.labels for alert in self.alerts))
        object.__setattr__(self, "common_annotations", _common(alert.annotations for alert in self.alerts))

    @property
    def key(self) -> str:
        """What providers know the group by: 64 hex digits of its group key, the same as Alertmanager's."""
        return sha256(self.group_key.encode()).hexdigest()

    @property
    def firing(self) -> tuple[RenderedAlert, ...]:
        """The alerts told as firing."""
        return tuple(alert for alert in self.alerts if alert.ends_at is None)

    @property
    def resolved(self) -> tuple[RenderedAlert, ...]:
        """The alerts told as resolved."""
        return tuple(alert for alert in self.alerts if alert.ends_at is not None)

    @property
    def status(self) -> str:
        """`firing` while any alert in it fires, else `resolved`."""
        return "firing" if self.firing else "resolved"

    @property
    def news(self) -> tuple[RenderedAlert, ...]:
        """The alerts of which the integration has not accepted the same before."""
        return tuple(alert for alert in self.alerts if not alert.known)

    @property
    def begins(self) -> bool:
        """Whether any alert in it fires of which the integration does not know."""
        return any(alert.ends_at is None for alert in self.news)

    def cut(self, most: int) -> RenderedNotification:
        """The first `most` alerts, all of them for 0; status and common labels are then those of the kept alerts."""
        return replace(self, alerts=self.alerts[:most]) if 0 < most < len(self.alerts) else self


class Render(Protocol):
    """Renders a text of the configuration for one notification."""

    def __call__(self, text: str) -> str:
        """The finished text. Raises ValueError with one line that says what is wrong with the template."""


def render(row: OutboxRecord, annotations: Sequence[Mapping[str, str]], external_url: str) -> RenderedNotification:
    """The row's notification with finished annotations, one mapping for each alert."""
    told = row.notification
    alerts = (_rendered_alert(alert, texts) for alert, texts in zip(told.alerts, annotations, strict=True))
    return RenderedNotification(
        id=row.id,
        receiver=told.receiver,
        integration=row.integration,
        group_key=told.group_key,
        group_labels=told.group_labels,
        reason=told.reason,
        at=told.at,
        alerts=tuple(alerts),
        external_url=external_url,
        receipt=told.receipt,
        together=row.group == STORM,
        route_labels=told.route_labels,
    )


def _rendered_alert(alert: NotifiedAlert, texts: Mapping[str, str]) -> RenderedAlert:
    value = _value(alert.annotations)
    return RenderedAlert(
        alert.labels,
        texts,
        alert.starts_at,
        alert.ends_at,
        alert.generator_url,
        alert.why,
        value,
        alert.curve,
        alert.known,
    )


def _value(annotations: Annotations) -> float | Histogram | None:
    """A posted alert has neither a series nor templates, and a value of zero that means nothing."""
    known = annotations.series or annotations.templates or annotations.value
    return (annotations.histogram or annotations.value) if known else None


def _common(mappings: Iterable[Mapping[str, str]]) -> Labels:
    first, *others = mappings
    if not others:
        return first if isinstance(first, Labels) else Labels(first)
    common = set(first.items())
    for other in others:
        common = other.items() & common
        if not common:
            break
    return Labels(common)
