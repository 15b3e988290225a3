"""Finds an alert by the fingerprint that stands in a URL."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.labels import Labels
from evaluator.core.records import State
from evaluator.core.view import View


def find_alert(view: View, fingerprint: str) -> Alert | Tracked | None:
    """The alert with this fingerprint: asserted, pending, or over and remembered by its rule."""
    asserted = view.machine.alerts.get(fingerprint)
    return asserted or next((one for one in _followed(view) if labels_of(view, one).fingerprint == fingerprint), None)


def pending(view: View) -> Iterator[Tracked]:
    """Alerts that their rules have seen for less than `for`."""
    return (one for one in _followed(view) if one.life.state is State.PENDING)


def labels_of(view: View, found: Alert | Tracked) -> Labels:
    """What the alert is called outside, external labels included."""
    return found.labels if isinstance(found, Alert) else found.labels.filled_from(view.settings.external_labels)


def _followed(view: View) -> Iterator[Tracked]:
    rules = (rule for group in view.machine.groups.values() for rule in group.rules.values() if rule.alerts)
    return (one for rule in rules for one in rule.alerts.values())
