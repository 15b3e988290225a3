"""The `body` column: the fields of a record that have no column of their own, as JSON.

The shapes are written out here, apart from the records, because they are a file format: a record may be rearranged freely
as long as its old bodies can still be read. Two rules follow. A field that is absent takes its default, so a new field with
one needs no migration. A field that is unknown is ignored: a later version with the same schema wrote it, and keeping the
schema was its promise that doing without is harmless, so that going back one version at night works.

JSON has no NaN and no infinities, which alerts do have as values; those three are written as texts.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.incidents.records import IncidentState, Notice, PageKind
from evaluator.core.labels import NO_LABELS, Labels, Matcher, MatchOp
from evaluator.core.muting.silence import MatcherSet
from evaluator.core.records import Annotations, Notification, NotifiedAlert, Pairs
from evaluator.store.codec.groups import head_of, whole_key

LabelMap = dict[str, str]
Number = float | Literal["NaN", "+Inf", "-Inf"]
B = TypeVar("B", bound="Body")


class Body(msgspec.Struct, omit_defaults=True, frozen=True, gc=False):
    """What all bodies have in common: a field at its default is not written."""


class AnnotationsBody(Body, frozen=True, gc=False):
    """`Annotations`."""

    templates: Pairs = ()
    series: LabelMap = msgspec.field(default_factory=dict)
    value: Number = 0.0
    histogram: Histogram | None = None
    expanded: Pairs | None = None
    at_firing: Number | None = None


class RuleAlertBody(Body, frozen=True, gc=False):
    """The rest of a `RuleAlertRecord`."""

    labels: LabelMap
    annotations: AnnotationsBody


class AlertBody(Body, frozen=True, gc=False):
    """The rest of an `AlertRecord`."""

    labels: LabelMap
    annotations: AnnotationsBody
    sources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    generator_url: str = ""
    why: str = ""
    expires_at: datetime | None = None
    guessed: bool = False
    extended: bool = False


class GroupBody(Body, frozen=True, gc=False):
    """The rest of a `GroupRecord`. Instead of the key there may be its head: see `groups`."""

    labels: LabelMap
    group_key: str = ""
    key_head: str | None = None


class LedgerBody(Body, frozen=True, gc=False):
    """The rest of a `LedgerRecord`."""

    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    receipt: Pairs = ()
    muted: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


class NotifiedAlertBody(Body, frozen=True, gc=False):
    """`NotifiedAlert`."""

    labels: LabelMap
    annotations: AnnotationsBody
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    why: str = ""
    known: bool = False


class NoticeBody(Body, frozen=True, gc=False):
    """`Notice`."""

    number: int
    kind: PageKind
    page: str
    state: IncidentState
    severity: str
    title: str
    epoch: int
    level: int
    level_name: str
    levels: int
    opened_at: datetime
    whom: str = ""
    owner: str = ""
    component: str = ""
    component_owner: str = ""
    runbook: str = ""
    late: timedelta = timedelta(0)
    confirmed_at: datetime | None = None
    text: str = ""
    labels: LabelMap = msgspec.field(default_factory=dict)
    names: tuple[tuple[str, str], ...] = ()


class NotificationBody(Body, frozen=True, gc=False):
    """`Notification`. Instead of the group's key there may be its head: see `groups`."""

    receiver: str
    integration: str
    group_labels: LabelMap
    reason: str
    alerts: tuple[NotifiedAlertBody, ...]
    at: datetime
    group_key: str = ""
    key_head: str | None = None
    receipt: Pairs = ()
    incident: NoticeBody | None = None
    route_labels: LabelMap = {}


class OutboxBody(Body, frozen=True, gc=False):
    """The rest of an `OutboxRecord`."""

    notification: NotificationBody
    error: str = ""
    paced: bool = False
    refused: bool = False


class MatcherBody(Body, frozen=True, gc=False):
    """`Matcher`."""

    name: str
    op: MatchOp
    value: str


class SilenceBody(Body, frozen=True, gc=False):
    """The rest of a `Silence`. The order of sets and of matchers counts."""

    matcher_sets: tuple[tuple[MatcherBody, ...], ...]
    created_by: str = ""
    comment: str = ""
    annotations: Pairs = ()
    ended_by: str = ""


class WindowBody(Body, frozen=True, gc=False):
    """The rest of a `Window`. duration: in seconds."""

    matcher_sets: tuple[tuple[MatcherBody, ...], ...]
    duration: float
    location: str = "UTC"
    created_by: str = ""
    comment: str = ""
    ended_by: str = ""


class TransitionBody(Body, frozen=True, gc=False):
    """The rest of a `Transition`."""

    labels: LabelMap
    active_at: datetime
    value: Number
    why: str = ""


class DecisionBody(Body, frozen=True, gc=False):
    """The rest of a `Decision`. Instead of the group's key there may be its head: see `groups`."""

    route: str
    sent: bool
    firing: int
    resolved: int
    group_key: str = ""
    key_head: str | None = None
    muted: int = 0
    mutes: tuple[str, ...] = ()
    outbox: str = ""


class AttemptBody(Body, frozen=True, gc=False):
    """The rest of an `Attempt`."""

    attempt: int
    permanent: bool = False
    receipt: Pairs = ()


_encode = msgspec.json.Encoder().encode


def to_text(body: Body) -> str:
    """The JSON of a body."""
    return _encode(body).decode()


def reader(shape: type[B]) -> msgspec.json.Decoder[B]:
    """What reads JSON of that shape. Its `decode` raises msgspec.DecodeError for anything else."""
    return msgspec.json.Decoder(shape)


def from_number(value: float) -> Number:
    """A float as JSON can hold it."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def from_annotations(annotations: Annotations) -> AnnotationsBody:
    """The body of annotations."""
    return AnnotationsBody(
        annotations.templates,
        annotations.series.as_dict(),
        from_number(annotations.value),
        annotations.histogram,
        annotations.expanded,
        None if annotations.at_firing is None else from_number(annotations.at_firing),
    )


def to_annotations(body: AnnotationsBody) -> Annotations:
    """The annotations of a body."""
    series = Labels(body.series) if body.series else NO_LABELS
    at_firing = None if body.at_firing is None else float(body.at_firing)
    return Annotations(body.templates, series, float(body.value), body.histogram, body.expanded, at_firing)


def from_matchers(matchers: MatcherSet) -> tuple[MatcherBody, ...]:
    """The bodies of matchers that hold together."""
    return tuple(MatcherBody(matcher.name, matcher.op, matcher.value) for matcher in matchers)


def to_matchers(bodies: tuple[MatcherBody, ...]) -> MatcherSet:
    """The matchers of bodies. Raises ValueError for a regular expression that does not compile."""
    return tuple(Matcher(body.name, body.value, body.op) for body in bodies)


def from_notification(told: Notification, group: str) -> NotificationBody:
    """The body of a notification about a group."""
    head = head_of(told.group_key, group)
    return NotificationBody(
        receiver=told.receiver,
        integration=told.integration,
        group_key=told.group_key if head is None else "",
        key_head=head,
        group_labels=told.group_labels.as_dict(),
        reason=told.reason,
        alerts=tuple(_from_notified(alert) for alert in told.alerts),
        at=told.at,
        receipt=told.receipt,
        incident=None if told.incident is None else _from_notice(told.incident),
        route_labels=told.route_labels.as_dict(),
    )


def to_notification(body: NotificationBody, group: str) -> Notification:
    """The notification of a body, about a group."""
    return Notification(
        receiver=body.receiver,
        integration=body.integration,
        group_key=whole_key(body.group_key, body.key_head, group),
        group_labels=Labels(body.group_labels),
        reason=body.reason,
        alerts=tuple(_to_notified(alert) for alert in body.alerts),
        at=body.at,
        receipt=body.receipt,
        incident=None if body.incident is None else _to_notice(body.incident),
        route_labels=Labels(body.route_labels),
    )


def _from_notice(notice: Notice) -> NoticeBody:
    return NoticeBody(
        number=notice.number,
        kind=notice.kind,
        page=notice.page,
        state=notice.state,
        severity=notice.severity,
        title=notice.title,
        epoch=notice.epoch,
        level=notice.level,
        level_name=notice.level_name,
        levels=notice.levels,
        opened_at=notice.opened_at,
        whom=notice.whom,
        owner=notice.owner,
        component=notice.component,
        component_owner=notice.component_owner,
        runbook=notice.runbook,
        late=notice.late,
        confirmed_at=notice.confirmed_at,
        text=notice.text,
        labels=notice.labels.as_dict(),
        names=notice.names,
    )


def _to_notice(body: NoticeBody) -> Notice:
    return Notice(
        number=body.number,
        kind=body.kind,
        page=body.page,
        state=body.state,
        severity=body.severity,
        title=body.title,
        epoch=body.epoch,
        level=body.level,
        level_name=body.level_name,
        levels=body.levels,
        opened_at=body.opened_at,
        whom=body.whom,
        owner=body.owner,
        component=body.component,
        component_owner=body.component_owner,
        runbook=body.runbook,
        late=body.late,
        confirmed_at=body.confirmed_at,
        text=body.text,
        labels=Labels(body.labels),
        names=body.names,
    )


def _from_notified(alert: NotifiedAlert) -> NotifiedAlertBody:
    return NotifiedAlertBody(
        labels=alert.labels.as_dict(),
        annotations=from_annotations(alert.annotations),
        starts_at=alert.starts_at,
        ends_at=alert.ends_at,
        generator_url=alert.generator_url,
        why=alert.why,
        known=alert.known,
    )


def _to_notified(body: NotifiedAlertBody) -> NotifiedAlert:
    return NotifiedAlert(
        labels=Labels(body.labels),
        annotations=to_annotations(body.annotations),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        generator_url=body.generator_url,
        why=body.why,
        known=body.known,
    )
