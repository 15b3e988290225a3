"""Is a group worth a notification now, and why?

The rule is Alertmanager's, read against what the integration was last told: the first notification; an alert that it was
not told of; nothing fires any more; another alert is over; the repeat interval has passed. The reasons are values: log
line, metric, API, page and test read the same ones.

Alerts that are muted are not told. One that was told before it was muted is *held*: it is neither told again nor told as
over, a group in which everything else is over waits for it, and when its mute ends it is told once, because it still fires.

A message whose attempt ended without an answer may have arrived. What it said was over or begun is then *unsure*: it is told
again while it fires, and told as over when it is over, although perhaps nobody knew of it.

Departure: the repeat interval counts from the decision that led to the last notification, not from its delivery, and is
due when it has passed, not at the first flush after that. So a group_interval of 5m and a repeat_interval of 4h repeat
after 4h, where Alertmanager repeats after 4h05m.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime, timedelta
from enum import StrEnum

from evaluator.core.frozen import frozen
from evaluator.core.records import LedgerRecord


class Reason(StrEnum):
    """Why a group is, or is not, told to an integration."""

    FIRST = "first notification"
    NEW = "new alerts added"
    ALL_RESOLVED = "all alerts resolved"
    SOME_RESOLVED = "some alerts resolved"
    REPEAT = "repeat interval elapsed"
    UNMUTED = "unmuted"
    MISSED = "it fired and ended meanwhile"
    NEVER_TOLD = "nothing fires, and nobody was told"
    UNCHANGED = "nothing new since the last notification"
    RESOLVED_UNWANTED = "the receiver does not want to hear of resolved alerts"
    HELD = "what there is to tell is muted"

    @property
    def due(self) -> bool:
        """Whether the reason asks for a notification."""
        return self in _DUE


_DUE = frozenset(
    {Reason.FIRST, Reason.NEW, Reason.ALL_RESOLVED, Reason.SOME_RESOLVED, Reason.REPEAT, Reason.UNMUTED, Reason.MISSED}
)


@frozen
class Terms:
    """How an integration wants to be told. repeat: time after which what still fires is told again.

    late: as in Alertmanager, a repeat is due only when more than that has passed.
    """

    repeat: timedelta
    send_resolved: bool = True
    late: bool = False


def decide(
    told: LedgerRecord | None,
    firing: Set[str],
    resolved: Set[str],
    now: datetime,
    terms: Terms,
    held: Set[str] = frozenset(),
    missed: Set[str] = frozenset(),
) -> Reason:
    """Why this group is, or is not, due.

    firing, resolved: fingerprints of the alerts that survived all mutes. held: of those that fire, are muted, and were told.
    missed: of the resolved ones, those that nobody could be told of while they fired, because no evaluator was there.
    """
    if told is None:
        return Reason.FIRST if firing else Reason.MISSED if missed else Reason.NEVER_TOLD
    known = frozenset(told.firing)
    if not firing <= known:
        return Reason.NEW if known else Reason.FIRST
    if not firing:
        if held:
            return Reason.HELD
        if not told.owed and not missed <= frozenset(told.resolved):
            return Reason.MISSED
        return Reason.ALL_RESOLVED if told.owed else Reason.UNCHANGED
    if not firing.isdisjoint(told.muted):
        return Reason.UNMUTED
    if terms.send_resolved and not resolved <= frozenset(told.resolved).difference(told.unsure):
        return Reason.SOME_RESOLVED
    due = told.told_at + terms.repeat
    if due < now or (due == now and not terms.late):
        return Reason.REPEAT
    return Reason.UNCHANGED
