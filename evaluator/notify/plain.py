"""A whole notification as plain lines: what the console prints, and what goes out when a template fails.

Made for somebody who was asleep a minute ago: the status first, then what all alerts have in common, once, then for each
alert only what sets it apart. Every text is neutralised, so a label cannot forge a line or speak to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from evaluator.core.durations import format_duration
from evaluator.core.evaluation.answers import Histogram
from evaluator.core.frozen import frozen
from evaluator.core.labels import escape
from evaluator.notify.neutral import one_line
from evaluator.notify.rendered import RenderedAlert, RenderedNotification

MOST_OF_A_LABEL = 200
MOST_OF_AN_ANNOTATION = 1000
MOST_ALERTS = 50


class Tone(StrEnum):
    """What a piece of a line is."""

    FIRING = "firing"
    RESOLVED = "resolved"
    STRONG = "strong"
    QUIET = "quiet"
    NORMAL = "normal"


@frozen
class Piece:
    """A part of a line in one tone; holds neither line breaks nor control characters."""

    text: str
    tone: Tone = Tone.NORMAL


Line = tuple[Piece, ...]


def plain_text(notification: RenderedNotification) -> str:
    """The notification as text of several lines."""
    return "\n".join("".join(piece.text for piece in line) for line in lines(notification))


def headline(notification: RenderedNotification) -> str:
    """One line: status, number of alerts, group; of many groups at once what is said of them."""
    if notification.together:
        return f"[{notification.status.upper()}] {one_line(_said(notification, 'summary'), MOST_OF_AN_ANNOTATION)}"
    return f"[{_count(notification)}] {_group(notification)}"


def lines(notification: RenderedNotification) -> Iterator[Line]:
    """The notification line by line."""
    if notification.together:
        yield from _together(notification)
        return
    at = f"{notification.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    told = f"    {at}  to {one_line(notification.integration, 100)}"
    reason = f"  because: {one_line(notification.reason, 200)}" if notification.reason else ""
    yield (Piece(_count(notification), Tone(notification.status)), Piece(f"  {_group(notification)}", Tone.STRONG))
    yield (Piece(told + reason, Tone.QUIET),)
    yield from _common(notification)
    for alert in notification.alerts[:MOST_ALERTS]:
        yield from _alert(alert, notification)
    if (more := len(notification.alerts) - MOST_ALERTS) > 0:
        yield (Piece(f"  and {more} more", Tone.STRONG),)
    if notification.external_url:
        yield (Piece(f"    {one_line(notification.external_url, MOST_OF_AN_ANNOTATION)}", Tone.QUIET),)


def _together(notification: RenderedNotification) -> Iterator[Line]:
    yield (Piece(headline(notification), Tone(notification.status)),)
    for line in _said(notification, "description").splitlines():
        yield (Piece(one_line(line, MOST_OF_AN_ANNOTATION)),)
    if notification.alerts[0].generator_url:
        yield (Piece(one_line(notification.alerts[0].generator_url, MOST_OF_AN_ANNOTATION), Tone.QUIET),)


def _said(notification: RenderedNotification, name: str) -> str:
    return notification.alerts[0].annotations.get(name, "")


def _count(notification: RenderedNotification) -> str:
    firing, resolved = len(notification.firing), len(notification.resolved)
    if not firing:
        return f"RESOLVED:{resolved}"
    return f"FIRING:{firing} RESOLVED:{resolved}" if resolved else f"FIRING:{firing}"


def _group(notification: RenderedNotification) -> str:
    return label_text(notification.group_labels) or "all alerts of the route"


def _common(notification: RenderedNotification) -> Iterator[Line]:
    """What all alerts share and the group's name does not say; for a single alert that is everything."""
    labels = notification.common_labels.without(*notification.group_labels)
    if labels:
        yield (Piece(f"    {label_text(labels)}"),)
    yield from _annotations(notification.common_annotations, "    ")


def _alert(alert: RenderedAlert, notification: RenderedNotification) -> Iterator[Line]:
    own = label_text(alert.labels.without(*notification.common_labels))
    pieces = [Piece(f"  {alert.status.upper():8}", Tone(alert.status)), Piece(f"  {_when(alert, notification.at)}")]
    if own:
        pieces.insert(1, Piece(f"  {own}", Tone.STRONG))
    if alert.value is not None and alert.ends_at is None:
        pieces.append(Piece(f"  value {_value(alert.value)}"))
    yield tuple(pieces)
    common = notification.common_annotations
    yield from _annotations({name: text for name, text in alert.annotations.items() if name not in common}, "      ")
    if alert.generator_url:
        yield (Piece(f"      {one_line(alert.generator_url, MOST_OF_AN_ANNOTATION)}", Tone.QUIET),)


def _annotations(annotations: Mapping[str, str], indent: str) -> Iterator[Line]:
    for name, text in annotations.items():
        yield (Piece(f"{indent}{one_line(name, 100)}: {one_line(text, MOST_OF_AN_ANNOTATION)}"),)


def _when(alert: RenderedAlert, at: datetime) -> str:
    start = f"{alert.starts_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if alert.ends_at is None:
        return f"since {start} ({_length(at - alert.starts_at)})"
    why = f", {one_line(alert.why, 100)}" if alert.why else ""
    return f"from {start} for {_length(alert.ends_at - alert.starts_at)}{why}"


def _length(duration: timedelta) -> str:
    return format_duration(timedelta(seconds=max(0, round(duration.total_seconds()))))


def _value(value: float | Histogram) -> str:
    if isinstance(value, Histogram):
        return f"histogram of {one_line(value.count, 30)} observations, sum {one_line(value.sum, 30)}"
    return f"{value:.6g}"


def label_text(labels: Mapping[str, str]) -> str:
    """`name="value"` side by side, the alert's name first and bare."""
    named = [one_line(labels["alertname"], MOST_OF_A_LABEL)] if labels.get("alertname") else []
    others = (
        f'{one_line(name, 100)}="{one_line(escape(value), MOST_OF_A_LABEL)}"'
        for name, value in labels.items()
        if name != "alertname"
    )
    return " ".join([*named, *others])
