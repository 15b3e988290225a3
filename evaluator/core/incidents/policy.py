"""Escalation policies: who is told when, how often, and what stops it.

An incident keeps the policy that it was opened with, so these are values without references: people, schedules, calendars and
profiles stand here by name, and are looked up when a level fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import time, timedelta
from enum import StrEnum

from evaluator.core.analytics.flapping import HIGH, LOW
from evaluator.core.frozen import frozen
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.oncall.calendars import Calendar
from evaluator.core.receivers import Receiver


class TargetKind(StrEnum):
    """What a level names. COMPONENT: `owner` or `backup` of the incident's component. The last two are told as a whole."""

    PERSON = "person"
    SCHEDULE = "schedule"
    COMPONENT = "component"
    SLACK = "slack"
    RECEIVER = "receiver"


SCHEDULE = "schedule:"
"""Begins what names whoever is on call, where people may be named as well."""


@frozen
class Target:
    """Whom a level tells, as it is written: `schedule:primary`."""

    kind: TargetKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@frozen
class Level:
    """One step of a ladder. at: on the incident's clock. profile: how people are told; empty for all their contacts at once."""

    name: str
    at: timedelta
    notify: tuple[Target, ...]
    profile: str = ""


@frozen
class Repeat:
    """How often the ladder is climbed again. every: from its last level to the first one again."""

    times: int = 0
    every: timedelta = timedelta(minutes=30)


@frozen
class AckTerms:
    """What an acknowledgement is worth. timeout: None is for ever. by: how many people it takes."""

    timeout: timedelta | None = timedelta(minutes=60)
    remind_before: timedelta = timedelta(minutes=10)
    by: int = 1


class IfNobody(StrEnum):
    """What becomes of a level that reaches nobody. NEXT: the one after it fires at once. FAIL: the configuration is refused."""

    NEXT = "next"
    WAIT = "wait"
    FAIL = "fail"


class Reaction(StrEnum):
    """What something new does to an incident that somebody works on."""

    SILENT = "silent"
    NOTIFY_OWNER = "notify_owner"
    REOPEN = "reopen"


class OnResolve(StrEnum):
    """Who hears that it is over. ALL: also those of every level that has not fired."""

    NOTIFIED = "notified"
    NONE = "none"
    ALL = "all"


@frozen
class Hours:
    """When the ladder climbs. calendar: its name. severities: those that are held outside of it."""

    calendar: str
    severities: tuple[str, ...] = ()


@frozen
class Flapping:
    """high: the score from which an incident flaps, in percent. low: below which it does not any more."""

    high: float = HIGH
    low: float = LOW


@frozen
class Escalation:
    """A ladder with its terms.

    min_gap: between levels that are late. reopen_window: how long after its end what fires again is the same incident.
    resolve_ttl: how long alerts that somebody resolved by hand may go on firing. auto_close: how long an incident lives
    that nothing can be asked about. max_snooze: the longest that anybody may put it off. flapping: None lets every turn page.
    """

    name: str
    levels: tuple[Level, ...]
    repeat: Repeat = Repeat()
    if_nobody: IfNobody = IfNobody.NEXT
    ack: AckTerms = AckTerms()
    on_new_alert: Reaction = Reaction.NOTIFY_OWNER
    on_severity_increase: Reaction = Reaction.REOPEN
    on_resolve: OnResolve = OnResolve.NOTIFIED
    hours: Hours | None = None
    min_gap: timedelta = timedelta(minutes=1)
    reopen_window: timedelta = timedelta(minutes=10)
    resolve_ttl: timedelta = timedelta(hours=4)
    auto_close: timedelta = timedelta(days=7)
    max_snooze: timedelta = timedelta(hours=24)
    flapping: Flapping | None = Flapping()


@frozen
class Quiet:
    """Hours of a person's own day in which something can wait. One that ends before it begins goes on past midnight."""

    begin: time
    end: time


@frozen
class ProfileStep:
    """at: after the level has fired. ways: names of contacts, `sms` and so on. quiet: told when these hours are over."""

    at: timedelta
    ways: tuple[str, ...]
    quiet: Quiet | None = None


@frozen
class Component:
    """Something that people own. owner, backup: keys of people, schedules (`schedule:NAME`), or empty.

    escalation: where the route names none.
    """

    name: str
    owner: str = ""
    backup: str = ""
    runbook: str = ""
    escalation: str = ""


SEVERITIES = (
    "none",
    "debug",
    "info",
    "notice",
    "low",
    "warn",
    "warning",
    "medium",
    "error",
    "major",
    "high",
    "critical",
    "page",
)
"""The usual words for how bad something is, the least first. What is not among them is less than all of them."""

SMS_LIMIT = RateLimit(5, timedelta(minutes=15), burst=5)
PAGE_LIMIT = RateLimit(15, timedelta(minutes=15), burst=15)


@frozen
class Ladders:
    """What a configuration says about escalation.

    calendars: by name. contacts: how everybody is reached, as receivers called `person:KEY` with an integration for each way,
    named as the way, and `slack:#CHANNEL` with one called `slack`. severities: the least first.
    """

    profiles: Mapping[str, tuple[ProfileStep, ...]] = field(default_factory=dict)
    components: Mapping[str, Component] = field(default_factory=dict)
    escalations: Mapping[str, Escalation] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    contacts: tuple[Receiver, ...] = ()
    severities: tuple[str, ...] = SEVERITIES

    def rank(self, severity: str) -> int:
        """How bad a severity is; -1 for one that is not known."""
        return self.severities.index(severity) if severity in self.severities else -1


NO_LADDERS = Ladders()
