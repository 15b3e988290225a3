"""One incident: its clock, and what it waits for.

The escalation clock counts the time during which the incident is triggered and nothing holds it. Levels are due at instants of
that clock; acknowledging, snoozing and holding stop it, beginning again sets it to zero. This one idea says what becomes of a
ladder in every corner. Time in which the evaluator was down counts: what was promised to happen within half an hour is late
then, and says so, but is not forgotten; levels that are late come one after the other, with a gap.

All timers follow from the record, so keeping the record keeps them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from evaluator.core.analytics.flapping import calm_at
from evaluator.core.incidents.policy import Level
from evaluator.core.incidents.records import IncidentRecord, IncidentState

DAILY = timedelta(days=1)
REMEMBERED = timedelta(days=2)
"""How long an incident that is over is at hand; later it is only in the store."""


class What(StrEnum):
    """What an incident waits for."""

    LEVEL = "level"
    REPEAT = "repeat"
    EXHAUST = "exhaust"
    SAY_EXHAUSTED = "say_exhausted"
    REMINDER = "reminder"
    ACK_END = "ack_end"
    SNOOZE_END = "snooze_end"
    STALE = "stale"
    RESOLVE_TTL = "resolve_ttl"
    CALM = "calm"
    FORGET = "forget"


CALLING = frozenset({What.LEVEL, What.REPEAT, What.EXHAUST, What.ACK_END, What.SNOOZE_END})
"""What ends in somebody being called."""


class Due(NamedTuple):
    """When something is to be done, and what."""

    at: datetime
    what: What


def clock_at(record: IncidentRecord, now: datetime) -> timedelta:
    """What the escalation clock shows."""
    return record.clock + (now - record.running_since if record.running_since is not None else timedelta(0))


def wound(record: IncidentRecord, now: datetime) -> IncidentRecord:
    """The record with its clock running exactly if it should."""
    if record.running and record.running_since is None:
        return replace(record, running_since=now)
    if not record.running and record.running_since is not None:
        return replace(record, clock=clock_at(record, now), running_since=None)
    return record


def set_clock(record: IncidentRecord, clock: timedelta, now: datetime) -> IncidentRecord:
    """The record with another time on its clock, which runs if it should."""
    return wound(replace(record, clock=clock, running_since=None), now)


def next_level(record: IncidentRecord) -> Level | None:
    """The level that fires next in this climb."""
    levels = record.policy.levels
    return levels[record.level + 1] if record.level + 1 < len(levels) else None


def last_level(record: IncidentRecord) -> Level | None:
    """The level that has fired last in this climb."""
    return record.policy.levels[record.level] if record.level >= 0 else None


def next_step(record: IncidentRecord) -> Due | None:
    """What comes next if nothing happens, and when; None while nothing does."""
    due = _next_of_its_state(record)
    return min([*_beside(record), *(() if due is None else (due,))], default=None, key=lambda one: one.at)


def _beside(record: IncidentRecord) -> list[Due]:
    """What comes whatever state it is in."""
    found: list[Due] = []
    flapping = record.policy.flapping
    if record.flapping and flapping is not None and record.turns:
        found.append(Due(calm_at(record.turns, flapping.low), What.CALM))
    if record.dismissed and record.dismissed_at is not None:
        found.append(Due(record.dismissed_at + record.policy.resolve_ttl, What.RESOLVE_TTL))
    return found


def _next_of_its_state(record: IncidentRecord) -> Due | None:
    match record.state:
        case IncidentState.TRIGGERED:
            due = _climbing(record)
        case IncidentState.ACKED:
            due = _acknowledged(record)
        case IncidentState.SNOOZED:
            assert record.snoozed_until is not None
            due = Due(record.snoozed_until, What.SNOOZE_END)
        case IncidentState.RESOLVED:
            return _over(record)
    stale = Due(record.seen_at + record.policy.auto_close, What.STALE)
    return stale if due is None or stale.at < due.at else due


def climbed_at(record: IncidentRecord) -> timedelta:
    """What the clock shows when nothing more can come of a climb, and the next one may begin."""
    last = record.policy.levels[-1].at if record.policy.levels else timedelta(0)
    return last + record.policy.repeat.every


def scheduled(record: IncidentRecord, on_clock: timedelta) -> datetime | None:
    """The instant at which the clock shows, or showed, `on_clock`; None while it stands."""
    return None if record.running_since is None else record.running_since + (on_clock - record.clock)


def _climbing(record: IncidentRecord) -> Due | None:
    if record.running_since is None:
        return None
    level = next_level(record)
    if level is not None:
        usual = level.at - record.policy.levels[record.level].at if record.level >= 0 else timedelta(0)
        return Due(max(record.running_since + max(timedelta(0), level.at - record.clock), _spaced(record, usual)), What.LEVEL)
    if record.exhausted_at is not None:
        return Due(record.exhausted_at + DAILY, What.SAY_EXHAUSTED)
    what = What.REPEAT if record.rounds < record.policy.repeat.times else What.EXHAUST
    over = record.running_since + max(timedelta(0), climbed_at(record) - record.clock)
    return Due(max(over, _spaced(record, record.policy.repeat.every)), what)


def _spaced(record: IncidentRecord, usual: timedelta) -> datetime:
    """The earliest instant for what follows a level: what is late keeps a gap, no wider than the usual one."""
    assert record.running_since is not None
    if record.level_at is None:
        return record.running_since
    return record.level_at + min(record.policy.min_gap, usual)


def _acknowledged(record: IncidentRecord) -> Due | None:
    if record.acked_until is None:
        return None
    before = record.policy.ack.remind_before
    assert record.acked_at is not None
    if before and not record.reminded and record.acked_until - before > record.acked_at:
        return Due(record.acked_until - before, What.REMINDER)
    return Due(record.acked_until, What.ACK_END)


def _over(record: IncidentRecord) -> Due:
    assert record.resolved_at is not None
    return Due(record.resolved_at + REMEMBERED, What.FORGET)
