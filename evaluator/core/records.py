"""What is kept: the rows of the store, as values.

The machine asks for `Save(record)` or `Forget(kind, key)`; a store keeps each kind under its key, in one transaction per
step, and gives everything back at start. History records (`Transition`, `Decision`, `Attempt`) are appended and pruned by age.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from evaluator.core.evaluation.answers import Histogram
from evaluator.core.evaluation.curves import Curve
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord, IncidentState, MaintenanceRecord, Moment, Notice, PageRecord
from evaluator.core.labels import NO_LABELS, Labels
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.overrides import OverrideRecord

Pairs = tuple[tuple[str, str], ...]

TEMPLATE_ERROR = "template_error"
"""In a receipt, the name of a note that a template failed; it is ours, all other names are the provider's."""


class State(StrEnum):
    """Of an alert, as its rule sees it. INACTIVE: it has fired and is over; remembered so that everybody hears of it."""

    PENDING = "pending"
    FIRING = "firing"
    INACTIVE = "inactive"


@frozen
class Annotations:
    """Annotations before anybody looked: templates and what they speak of, or their finished texts.

    templates: name and template text, as in the rule. series: the labels that `$labels` shows. value: `$value`.
    expanded: the texts, where they had to be made in the evaluation's slot (a template that queries) or are literal.
    at_firing: the value with which the alert began to fire.
    """

    templates: Pairs = ()
    series: Labels = NO_LABELS
    value: float = 0.0
    histogram: Histogram | None = None
    expanded: Pairs | None = None
    at_firing: float | None = None


@frozen
class RuleAlertRecord:
    """One alert of one rule with its clocks. labels: its identity, without external labels."""

    rule: str
    labels: Labels
    state: State
    active_at: datetime
    annotations: Annotations = Annotations()
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    keep_firing_since: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Rule and fingerprint."""
        return (self.rule, self.labels.fingerprint)


@frozen
class AlertRecord:
    """An alert that is or was asserted to people, whoever asserts it. ends_at: None while it fires.

    sources: who asserts it now (rule keys, `evaluator:…` for built-in alerts). groups: ids of the groups that hold it.
    why: for a resolved alert, why, when it was not simply over: `rule removed`. within: id of the one group for which it
    ended although it goes on elsewhere; empty for the alert itself. expires_at, guessed: for a posted alert that fires, when
    it is over if nobody posts it again, and whether nobody named that end. extended: it has been posted again, and its end may
    be later by up to `resolve_timeout`.
    """

    labels: Labels
    starts_at: datetime
    updated_at: datetime
    ends_at: datetime | None = None
    sources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    annotations: Annotations = Annotations()
    generator_url: str = ""
    why: str = ""
    within: str = ""
    expires_at: datetime | None = None
    guessed: bool = False
    extended: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The fingerprint, and the group for which it ended."""
        return (self.labels.fingerprint, self.within)

    @property
    def fingerprint(self) -> str:
        """Of the labels."""
        return self.labels.fingerprint


@frozen
class GroupRecord:
    """An alert group and its timer. id: route id and group labels; group_key: the text that receivers see."""

    id: str
    route_id: str
    receiver: str
    group_key: str
    labels: Labels
    created_at: datetime
    flush_at: datetime
    flushed_at: datetime | None = None

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)


@frozen
class LedgerRecord:
    """What one integration was last told of one group; changes only when a delivery was accepted.

    firing, resolved: fingerprints. muted: of those told as firing, the ones that a mute has kept quiet since. unsure: those of
    which nobody knows whether it takes them to fire, because attempts to tell ended without an answer. integration:
    `receiver/webhook[0]`. receipt: the provider's message ids.
    """

    group: str
    integration: str
    told_at: datetime
    firing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    receipt: Pairs = ()
    muted: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Group and integration."""
        return (self.group, self.integration)

    @property
    def owed(self) -> frozenset[str]:
        """Fingerprints of the alerts whose end it is to hear of: those that it takes to fire, or may."""
        return frozenset(self.firing + self.unsure)

    @property
    def certain(self) -> tuple[frozenset[str], frozenset[str]]:
        """Fingerprints of the alerts that it knows to fire, and of those that it knows to be over."""
        return frozenset(self.firing).difference(self.unsure), frozenset(self.resolved).difference(self.unsure)


@frozen
class Chase:
    """The open incident for which people are chased about an alert."""

    number: int
    state: IncidentState


@frozen
class NotifiedAlert:
    """An alert as a notification tells of it. ends_at: None while it fires. why: see `AlertRecord`.

    known: the integration has accepted the same of this alert before. curve, chase: looked up when it is delivered, not kept.
    """

    labels: Labels
    annotations: Annotations
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str = ""
    why: str = ""
    known: bool = False
    curve: Curve | None = None
    chase: Chase | None = None

    @property
    def firing(self) -> bool:
        """Whether it is told as firing."""
        return self.ends_at is None


@frozen
class Notification:
    """What a receiver is told: one group at one instant. alerts: in the order in which they are told.

    receipt: the provider's message ids of what it accepted before about this group; empty when what is told begins anew.
    incident: for what is told to people who are chased; group_key and group_labels are those of the incident then.
    route_labels: of the route, as they are written there; their values are templates.
    """

    receiver: str
    integration: str
    group_key: str
    group_labels: Labels
    reason: str
    alerts: tuple[NotifiedAlert, ...]
    at: datetime
    receipt: Pairs = ()
    incident: Notice | None = None
    route_labels: Labels = NO_LABELS

    @property
    def firing(self) -> tuple[NotifiedAlert, ...]:
        """The alerts told as firing."""
        return tuple(alert for alert in self.alerts if alert.firing)

    @property
    def resolved(self) -> tuple[NotifiedAlert, ...]:
        """The alerts told as resolved."""
        return tuple(alert for alert in self.alerts if not alert.firing)

    @property
    def status(self) -> str:
        """`firing` while any alert in it fires, else `resolved`."""
        return "firing" if self.firing else "resolved"


@frozen
class OutboxRecord:
    """A notification that was decided and is not yet accepted.

    attempts: failed so far. retry_at: when to try again; None while an attempt is under way. paced: it waits for its turn at
    its destination, and for nothing else. error: of the newest attempt at it, or at what it takes the place of. refused: one
    of those was refused for good. created_at: when the first of those was decided.
    """

    id: str
    group: str
    receiver: str
    integration: str
    notification: Notification
    created_at: datetime
    attempts: int = 0
    retry_at: datetime | None = None
    error: str = ""
    paced: bool = False
    refused: bool = False

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)


SEEN_AT = "seen_at"


@frozen
class Presence:
    """Until when an evaluator has been at work: whatever came due before has been done, and what came of it is kept."""

    at: datetime

    @property
    def key(self) -> tuple[str]:
        """There is one."""
        return (SEEN_AT,)


@frozen
class FiringRecord:
    """Since when a rule is known, and when an alert of it last began to fire, to the day; None for never. rule: its key."""

    rule: str
    known_since: datetime
    fired_at: datetime | None = None

    @property
    def key(self) -> tuple[str]:
        """The rule's."""
        return (self.rule,)


Record = (
    Presence
    | FiringRecord
    | RuleAlertRecord
    | AlertRecord
    | GroupRecord
    | LedgerRecord
    | OutboxRecord
    | Silence
    | Window
    | IncidentRecord
    | PageRecord
    | MaintenanceRecord
    | OverrideRecord
)


@frozen
class Transition:
    """An alert of a rule changed its state. before, after: None for not there. why: when not the query's answer."""

    at: datetime
    rule: str
    labels: Labels
    before: State | None
    after: State | None
    active_at: datetime
    value: float
    why: str = ""


@frozen
class Decision:
    """What one flush decided for one integration. reason: why it is told, or why not. sent: whether it is told.

    firing, resolved: alerts of the group that no mute holds back. muted: those that one does, by the reasons in `mutes`.
    outbox: id of the notification that follows from it, which the attempts to deliver it name; empty when none does.
    """

    at: datetime
    group: str
    group_key: str
    route: str
    integration: str
    reason: str
    sent: bool
    firing: int
    resolved: int
    muted: int = 0
    mutes: tuple[str, ...] = ()
    outbox: str = ""


@frozen
class Attempt:
    """One try at delivering an outbox row. error: empty when it was accepted."""

    at: datetime
    outbox: str
    group: str
    integration: str
    attempt: int
    error: str = ""
    permanent: bool = False
    receipt: Pairs = ()


History = Transition | Decision | Attempt | Moment


@frozen
class Kept:
    """Everything that a store gives back at start.

    incidents: those that are open, or were over less than two days ago, and their pages. newest_incident: the greatest number
    of any.
    """

    rule_alerts: tuple[RuleAlertRecord, ...] = ()
    alerts: tuple[AlertRecord, ...] = ()
    groups: tuple[GroupRecord, ...] = ()
    ledger: tuple[LedgerRecord, ...] = ()
    outbox: tuple[OutboxRecord, ...] = ()
    silences: tuple[Silence, ...] = ()
    windows: tuple[Window, ...] = ()
    incidents: tuple[IncidentRecord, ...] = ()
    pages: tuple[PageRecord, ...] = ()
    maintenance: tuple[MaintenanceRecord, ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()
    firings: tuple[FiringRecord, ...] = ()
    newest_incident: int = 0
    seen_at: datetime | None = None
