"""Is a group worth a notification now, and why?

The rule is Alertmanager's, read against what the integration was last told: the first notification; an alert that it was
not told of; nothing fires any more; another alert is over; the repeat interval has passed. The reasons are values: log
line, metric, API, page and test read the same ones.

Departure: the repeat interval counts from the decision that led to the last notification, not from its delivery, and is
due when it has passed, not at the first flush after that. So a group_interval of 5m and a repeat_interval of 4h repeat
after 4h, where Alertmanager repeats after 4h05m.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.records import LedgerRecord


class Reason(StrEnum):
    """Why a group is, or is not, told to an integration."""

    FIRST = "first notification"
    NEW = "new alerts added"
    ALL_RESOLVED = "all alerts resolved"
    SOME_RESOLVED = "some alerts resolved"
    REPEAT = "repeat interval elapsed"
    NEVER_TOLD = "nothing fires, and nobody was told"
    UNCHANGED = "nothing new since the last notification"
    RESOLVED_UNWANTED = "the receiver does not want to hear of resolved alerts"
    IN_FLIGHT = "the notification before it is still on its way"

    @property
    def due(self) -> bool:
        """Whether the reason asks for a notification."""
        return self in _DUE


_DUE = frozenset({Reason.FIRST, Reason.NEW, Reason.ALL_RESOLVED, Reason.SOME_RESOLVED, Reason.REPEAT})


@dataclass(frozen=True, slots=True)
class Terms:
    """How an integration wants to be told. repeat: time after which what still fires is told again."""

    repeat: timedelta
    send_resolved: bool = True


def decide(told: LedgerRecord | None, firing: Set[str], resolved: Set[str], now: datetime, terms: Terms) -> Reason:
    """Why this group is, or is not, due. firing, resolved: fingerprints of the alerts that survived all mutes."""
    if told is None:
        return Reason.FIRST if firing else Reason.NEVER_TOLD
    known = frozenset(told.firing)
    if not firing <= known:
        return Reason.NEW if known else Reason.FIRST
    if not firing:
        return Reason.ALL_RESOLVED if known else Reason.UNCHANGED
    if terms.send_resolved and not resolved <= frozenset(told.resolved):
        return Reason.SOME_RESOLVED
    if told.told_at + terms.repeat <= now:
        return Reason.REPEAT
    return Reason.UNCHANGED
