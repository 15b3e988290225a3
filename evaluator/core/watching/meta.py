"""Built-in alerts: the evaluator watching itself, routed like any other.

    EvaluatorDatasourceDown       no query to a datasource has succeeded for a minute, whatever the reason
    EvaluatorRuleFailing          rules of a datasource that answers have failed three times in a row; one alert for all
    EvaluatorAlertLimit           a rule has more alerts than its limit; new ones are refused
    EvaluatorNotificationFailing  an integration refused a notification for good, or accepts none for a minute
    EvaluatorTemplateFailing      templates failed in the newest message that an integration accepted; it went out plainer
    EvaluatorForwardingFailing    none of the Alertmanagers that alerts are forwarded to has accepted any for a minute
    EvaluatorLimitReached         something was refused because of a limit of the configuration
    EvaluatorSilenceEnding        a silence is about to end while something fires that it mutes
    EvaluatorCalendarUnreadable   a calendar that says who is on call cannot be read

This is what they have in common. Who watches for their causes: `query_watch` for the first three, then `delivery_watch`,
`forwarding_watch`, `refusals`, `silence_ending` and `calendar_watch`. How they enter the table of all alerts: `built_in`.

Each is asserted by a source of its own, so that a restart finds it again and ends it when its cause is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from evaluator.core.alerts import Fixed
from evaluator.core.frozen import frozen
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.records import Annotations, OutboxRecord

PATIENCE = timedelta(minutes=1)
"""How long a datasource, an integration or all Alertmanagers may fail before somebody hears of it."""

SOURCE = "evaluator:"
NAMED = 5
"""Rules, or templates, that are named in an annotation."""

NOT_ACCEPTED = "EvaluatorNotificationFailing"

_OWN_LABELS = {
    "EvaluatorDatasourceDown": ("datasource",),
    "EvaluatorRuleFailing": ("datasource",),
    "EvaluatorNotificationFailing": ("receiver", "integration"),
    "EvaluatorTemplateFailing": ("receiver", "integration"),
    "EvaluatorForwardingFailing": (),
    "EvaluatorAlertLimit": ("rule_group", "rule"),
    "EvaluatorLimitReached": ("limit",),
    "EvaluatorSilenceEnding": ("silence", "created_by"),
    "EvaluatorCalendarUnreadable": ("schedule", "layer"),
}

BUILT_IN = frozenset(_OWN_LABELS)
"""What they are called."""


@frozen
class Raised:
    """A built-in alert and its annotations; `source` says who asserts it."""

    labels: Labels
    described: Fixed

    @property
    def source(self) -> str:
        """Unique per alert."""
        return SOURCE + self.labels.fingerprint


@dataclass(slots=True)
class Trouble:
    """Something that fails. since: the first failure after the last success; error: the newest one."""

    since: datetime
    error: str


Raise = Callable[[Raised, datetime], None]


class Cease(Protocol):
    """Ends a built-in alert. why: when not simply because its cause is over."""

    def __call__(self, labels: Labels, now: datetime, why: str = "") -> None:
        """At `now`."""


def bare(labels: Labels) -> Labels:
    """The labels of a built-in alert without the external ones that were added to them."""
    return labels.only((ALERT_NAME, "severity", *_OWN_LABELS[labels[ALERT_NAME]]))


def built_in_labels(name: str, severity: str, **more: str) -> Labels:
    """What a built-in alert is called, external labels aside."""
    return Labels({ALERT_NAME: name, "severity": severity, **more})


def worded(labels: Labels, summary: str, description: str) -> Raised:
    """A built-in alert in these words."""
    return Raised(labels, Fixed(Annotations(expanded=(("summary", summary), ("description", description)))))


def tells_of_others(row: OutboxRecord, alertname: str = NOT_ACCEPTED) -> bool:
    """Whether there is more in it than this built-in alert about the very integration it is for; other labels do not matter."""
    receiver, _, integration = row.integration.rpartition("/")
    own = Labels({ALERT_NAME: alertname, "receiver": receiver, "integration": integration}).items()
    return not all(own <= alert.labels.items() for alert in row.notification.alerts)


def clock(at: datetime) -> str:
    """An instant as built-in texts name it."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
