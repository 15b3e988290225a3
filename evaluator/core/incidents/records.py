"""What is kept of incidents: the incident, the pages about it, what happened to it, and maintenance.

An incident is kept for as long as its past may be asked for; while it is open its record is all that its clock and timers
follow from. A page is kept from the instant at which it is planned, under a key that can exist once: so nobody is told the same
level of the same climb twice, whatever crashes in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from evaluator.core.frozen import frozen
from evaluator.core.incidents.policy import Escalation
from evaluator.core.labels import NO_LABELS, Labels, Matcher

Pairs = tuple[tuple[str, str], ...]


class IncidentState(StrEnum):
    """RESOLVED is the end, unless it begins again soon."""

    TRIGGERED = "triggered"
    ACKED = "acked"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Hold(StrEnum):
    """Why the clock stands although nobody has acknowledged. MAINTENANCE alone is set by people for this."""

    MAINTENANCE = "maintenance"
    SILENCE = "silence"
    INHIBITED = "inhibited"
    INTERVAL = "interval"
    HOURS = "hours"


class Resolution(StrEnum):
    """Why an incident is over. CONDITION: its alerts are. STALE: nothing could be asked for too long."""

    CONDITION = "condition"
    MANUAL = "manual"
    STALE = "stale"


@frozen
class IncidentRecord:
    """One incident. number: what people call it. identity: what makes it the same incident; see `identity`.

    labels: those of the group, without severity. alerts: fingerprints of what fires, or did when it was resolved. route: id of
    the route whose policy this is. severity: of what fires now; worst: since it was opened. epoch: counts the climbs; level:
    the last one that fired in this one, -1 for none; level_at: when; skipped: those that reached nobody. rounds: repeats so
    far. clock: as of `running_since`, or as it stands when that is None. ackers: in this epoch. acked_until, snoozed_until,
    reminded: of what is so now. by_link: it was acknowledged, or put off, by a link alone. visits: who has pressed something by
    a link in this epoch, and when first. exhausted_at: when nobody was left to tell, and later when that was last said.
    recheck: ask before the next level, whichever it is. seen_at: an instant at which the alerts were known to fire. flaps: how
    often it began again. previous: number of the one before it with the same identity. noise: what people said of it. began_at:
    when the first of the alerts it was opened for began, pending included. turns: when it last began and ended, the oldest
    first. flapping: it does so too often; see `transitions.reopened`. dismissed: fingerprints of what somebody resolved by hand
    and has not ended since, dismissed_at: when; they are in no incident.
    """

    number: int
    identity: str
    route: str
    labels: Labels
    policy: Escalation
    severity: str
    worst: str
    state: IncidentState
    opened_at: datetime
    updated_at: datetime
    seen_at: datetime
    alerts: tuple[str, ...] = ()
    component: str = ""
    title: str = ""
    epoch: int = 1
    level: int = -1
    level_at: datetime | None = None
    rounds: int = 0
    clock: timedelta = timedelta(0)
    running_since: datetime | None = None
    holds: tuple[Hold, ...] = ()
    exhausted_at: datetime | None = None
    owner: str = ""
    ackers: tuple[str, ...] = ()
    acked_at: datetime | None = None
    acked_until: datetime | None = None
    reminded: bool = False
    by_link: bool = False
    snoozed_until: datetime | None = None
    recheck: bool = False
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    flaps: int = 0
    previous: int | None = None
    noise: str = ""
    began_at: datetime | None = None
    turns: tuple[datetime, ...] = ()
    flapping: bool = False
    skipped: tuple[int, ...] = ()
    dismissed: tuple[str, ...] = ()
    dismissed_at: datetime | None = None
    visits: tuple[tuple[str, datetime], ...] = ()

    @property
    def key(self) -> tuple[str]:
        """The number, as a text that sorts as numbers do."""
        return (f"{self.number:012d}",)

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.state is not IncidentState.RESOLVED

    @property
    def running(self) -> bool:
        """Whether its clock runs."""
        return self.state is IncidentState.TRIGGERED and not self.holds


class PageKind(StrEnum):
    """PAGE: a level has fired. UPDATE: a message that was sent is changed. The others are told to whom they concern."""

    PAGE = "page"
    REMINDER = "reminder"
    NOTICE = "notice"
    RESOLVED = "resolved"
    UPDATE = "update"


class PageState(StrEnum):
    """PLANNED: not due, held, or waiting for its turn. SENDING: an outbox row exists. CANCELLED: no longer needed."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@frozen
class PageRecord:
    """One message to one person or channel by one way.

    whom: key of a person, or a target as it is written. way: name of the integration. offset: of the profile's step. serial:
    tells messages of one kind apart that a level does not. integration: lane name, `person:ana/sms`. late: how much later than
    promised its level fired. text: what a notice says. receipt: the provider's ids of what was sent.
    """

    incident: int
    epoch: int
    level: int
    whom: str
    way: str
    offset: timedelta
    kind: PageKind
    serial: int
    integration: str
    due_at: datetime
    created_at: datetime
    state: PageState = PageState.PLANNED
    late: timedelta = timedelta(0)
    text: str = ""
    attempts: int = 0
    sent_at: datetime | None = None
    error: str = ""
    receipt: Pairs = ()

    @property
    def id(self) -> str:
        """Follows from what may exist once only; the outbox row is called the same. Updates of one climb are one page."""
        level = -1 if self.kind is PageKind.UPDATE and not self.serial else self.level
        return _digest(self.incident, self.epoch, level, self.whom, self.way, self.offset, self.kind, self.serial)

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)


@lru_cache(maxsize=4096)
def _digest(*parts: object) -> str:
    """A short text that follows from these; a page is asked for its id again and again while it waits."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


@frozen
class MaintenanceRecord:
    """Somebody works on something: its incidents are held. matchers: all must match; none is everything. ends_at: exclusive."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    component: str = ""

    @property
    def key(self) -> tuple[str]:
        """The id."""
        return (self.id,)

    def on(self, at: datetime) -> bool:
        """Whether it lasts at an instant."""
        return self.starts_at <= at < self.ends_at


class Happening(StrEnum):
    """What a timeline tells of."""

    OPENED = "opened"
    REOPENED = "reopened"
    LEVEL = "level"
    SKIPPED = "skipped"
    REPEATED = "repeated"
    EXHAUSTED = "exhausted"
    ASKED = "asked"
    PAGED = "paged"
    PAGE_FAILED = "page_failed"
    ACKED = "acked"
    ACK_COUNTED = "ack_counted"
    ACK_EXPIRED = "ack_expired"
    REMINDED = "reminded"
    UNACKED = "unacked"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "snooze_over"
    ESCALATED = "escalated"
    ASSIGNED = "assigned"
    JOINED = "joined"
    LEFT = "left"
    SEVERITY = "severity"
    HELD = "held"
    RESUMED = "resumed"
    NOTE = "note"
    LABELLED = "labelled"
    RESOLVED = "resolved"
    FLAPPING = "flapping"
    CALM = "calm"
    POLICY = "policy"
    REFUSED = "refused"


@frozen
class Moment:
    """A line of an incident's timeline; none is ever changed. by: a person's key or a name. via: `cli`, `link` and so on.

    source: where it came from, an address or a user agent. detail: for people. level: of levels and pages.
    """

    at: datetime
    incident: int
    epoch: int
    what: Happening
    detail: str = ""
    by: str = ""
    via: str = ""
    source: str = ""
    level: int = -1


NOTICEABLE = timedelta(seconds=30)
"""How late a level may be before its messages say so."""


@frozen
class Notice:
    """What a notification about an incident says beyond its alerts.

    kind: why it is sent. page: id of the page, for links. levels: how many there are. late: how much later than promised.
    confirmed_at: when the alerts were last known to fire, if that is not just now. text: of a notice.
    names: of the people that are mentioned, by their keys.
    """

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
    labels: Labels = NO_LABELS
    names: Pairs = ()

    def called(self, key: str) -> str:
        """What people call whoever has this key; the key itself for who has no name."""
        return dict(self.names).get(key, key)

    @property
    def late_by(self) -> timedelta:
        """How late it is, in whole seconds; nothing where it is too little to be worth a word."""
        seconds = timedelta(seconds=round(self.late.total_seconds()))
        return seconds if seconds >= NOTICEABLE else timedelta(0)
