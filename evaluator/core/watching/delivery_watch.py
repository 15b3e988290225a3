"""Watches integrations: what accepts nothing, and whose templates fail.

A notification that nobody has accepted may become pointless, because what it tells is over. When nothing waits for an
integration any more, its alert is over too, and says so: that it works again, nobody knows. That it cannot be told of its own
failing does not count; nor does it prove a template sound that it could be told of that very template's failing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.events import DeliveryFailed
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.records import TEMPLATE_ERROR, OutboxRecord, Pairs
from evaluator.core.watching.meta import (
    NAMED,
    NOT_ACCEPTED,
    PATIENCE,
    Cease,
    Raise,
    Trouble,
    built_in_labels,
    clock,
    tells_of_others,
    worded,
)

TEMPLATES = "EvaluatorTemplateFailing"
ALERTS = frozenset({NOT_ACCEPTED, TEMPLATES})
NOTHING_WAITS = "nothing waits to be sent to it any more; whether it works again is not known"


@dataclass(slots=True)
class DeliveryWatch:
    """integrations: those that accept nothing at the moment. misworded: those in whose newest message templates failed."""

    raise_: Raise
    cease: Cease
    integrations: dict[str, Trouble] = field(default_factory=dict)
    misworded: set[str] = field(default_factory=set)

    def accepted(self, row: OutboxRecord, receipt: Pairs, now: datetime) -> None:
        """An integration accepted a message. receipt: what came back, and a note for each template that failed."""
        if self.integrations.pop(row.integration, None) is not None:
            self.cease(_integration(row.integration), now)
        self._worded(row, [text for kind, text in receipt if kind == TEMPLATE_ERROR], now)

    def relieved(self, integration: str, now: datetime) -> None:
        """Nothing waits for an integration any more: what it did not accept is of no interest now."""
        if self.integrations.pop(integration, None) is not None:
            self.cease(_integration(integration), now, NOTHING_WAITS)

    def failed(self, row: OutboxRecord, event: DeliveryFailed, now: datetime) -> None:
        """An integration did not accept a message."""
        if not tells_of_others(row):
            return
        name = row.integration
        trouble = self.integrations.setdefault(name, Trouble(now, ""))
        trouble.error = event.error
        if event.permanent or now - trouble.since >= PATIENCE:
            description = f"Nothing has been accepted since {clock(trouble.since)}. Last failure: {event.error}"
            self.raise_(worded(_integration(name), f"Notifications to {name} are not accepted", description), now)

    def _worded(self, row: OutboxRecord, failures: Sequence[str], now: datetime) -> None:
        name, labels = row.integration, _integration(row.integration, TEMPLATES, "warning")
        if failures:
            self.misworded.add(name)
            summary = f"Templates of {name} fail"
            description = "Its messages go out as plain text. In the newest one:\n" + "\n".join(failures[:NAMED])
            self.raise_(worded(labels, summary, description), now)
        elif name in self.misworded and tells_of_others(row, TEMPLATES):
            self.misworded.discard(name)
            self.cease(labels, now)

    def resume(self, labels: Labels, since: datetime) -> None:
        """A built-in alert fires from before a restart: its cause holds until the opposite is seen."""
        name = f"{labels['receiver']}/{labels['integration']}"
        if labels[ALERT_NAME] == TEMPLATES:
            self.misworded.add(name)
        else:
            self.integrations[name] = Trouble(since, "")

    def retain(self, integrations: Set[str], now: datetime) -> None:
        """Take note of the integrations that there are, and end what concerned others."""
        for name in [name for name in self.integrations if name not in integrations]:
            del self.integrations[name]
            self.cease(_integration(name), now)
        for name in sorted(self.misworded - integrations):
            self.misworded.discard(name)
            self.cease(_integration(name, TEMPLATES, "warning"), now)


def _integration(name: str, alertname: str = NOT_ACCEPTED, severity: str = "critical") -> Labels:
    receiver, _, integration = name.rpartition("/")
    return built_in_labels(alertname, severity, receiver=receiver, integration=integration)
