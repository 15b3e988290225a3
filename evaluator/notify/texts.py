"""From a row of the outbox to what a receiver's file works with, whatever the templates do.

A template that fails costs its text, never the page: annotations fall back to what the rule says, unrendered, and a
receiver's own texts fail one by one, so that its file can put something else in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import Notice
from evaluator.core.labels import Labels
from evaluator.core.records import TEMPLATE_ERROR, Notification, NotifiedAlert, OutboxRecord, Pairs
from evaluator.notify.buttons import NO_BUTTONS, Buttons
from evaluator.notify.neutral import one_line
from evaluator.notify.rendered import Render, RenderedNotification, render


class Texts(Protocol):
    """What makes texts of templates; `templating` can, and is not known here."""

    def annotations(self, notification: Notification) -> Sequence[Mapping[str, str]]:
        """The finished annotations of each alert, in the order of the alerts."""

    def renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        """What renders the integration's texts for this notification."""

    def html_renderer(self, notification: Notification, annotations: Sequence[Mapping[str, str]]) -> Render:
        """Likewise for texts that are HTML: what comes from alerts is escaped for its place in the page."""

    def buttons(self, notification: Notification) -> Buttons:
        """What people can press in a message about an incident."""


@frozen
class Prepared:
    """A notification ready to be told. render, render_html: raise nothing but ValueError. notes: for the receipt.

    incident, buttons: see `Sheet`.
    """

    notification: RenderedNotification
    render: Render
    render_html: Render
    notes: Pairs
    incident: Notice | None = None
    buttons: Buttons = NO_BUTTONS


def prepare(row: OutboxRecord, texts: Texts, external_url: str) -> Prepared:
    """The row's notification with finished annotations, and what renders the receiver's texts for it. Raises nothing."""
    annotations, notes = _annotations(row.notification, texts)
    row, more = _with_route_labels(row, annotations, texts)
    text = _renderer(lambda: texts.renderer(row.notification, annotations))
    html = _renderer(lambda: texts.html_renderer(row.notification, annotations))
    notice = row.notification.incident
    buttons = texts.buttons(row.notification) if notice is not None else NO_BUTTONS
    return Prepared(render(row, annotations, external_url), text, html, notes + more, notice, buttons)


def _annotations(notification: Notification, texts: Texts) -> tuple[Sequence[Mapping[str, str]], Pairs]:
    try:
        annotations = texts.annotations(notification)
        assert len(annotations) == len(notification.alerts), "one mapping for each alert"
        return annotations, ()
    except Exception as error:
        note = (TEMPLATE_ERROR, f"annotations: {_reason(error)}")
        return [_unrendered(alert) for alert in notification.alerts], (note,)


def _with_route_labels(row: OutboxRecord, annotations: Sequence[Mapping[str, str]], texts: Texts) -> tuple[OutboxRecord, Pairs]:
    """The row with finished labels of its route; one that fails stays as it is written."""
    wanted = row.notification.route_labels
    if not wanted:
        return row, ()
    render, finished, notes = _renderer(lambda: texts.renderer(row.notification, annotations)), dict(wanted), []
    for name, template in wanted.items():
        try:
            finished[name] = render(template)
        except ValueError as error:
            notes.append((TEMPLATE_ERROR, f"label {name} of the route: {one_line(str(error), 300)}"))
    return replace(row, notification=replace(row.notification, route_labels=Labels(finished))), tuple(notes)


def _unrendered(alert: NotifiedAlert) -> Mapping[str, str]:
    return dict(alert.annotations.templates if alert.annotations.expanded is None else alert.annotations.expanded)


def _renderer(make: Callable[[], Render]) -> Render:
    """Made when first needed, and whatever it raises becomes a ValueError."""
    made: Render | None = None

    def render(text: str) -> str:
        nonlocal made
        try:
            made = made or make()
            return made(text)
        except Exception as error:
            raise ValueError(_reason(error)) from error

    return render


def _reason(error: Exception) -> str:
    """A ValueError is the template's fault and says why; anything else is ours, and its text may hold anything."""
    return one_line(str(error), 300) if isinstance(error, ValueError) else f"internal error, {type(error).__name__}"
