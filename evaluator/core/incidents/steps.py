"""A step of an incident: the record as it is from now on, and deeds.

Deeds are what the rest of the part does about it: page a level, take back what has not been sent, tell somebody, show in old
messages how things stand now, write a line into the timeline.

A climb is an epoch. Whatever starts the ladder anew (an acknowledgement that was taken back or ran out, the end of a snooze, a
severity that rises, a repeat) begins an epoch, and what was planned for the one before it is not sent any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.incident import set_clock
from evaluator.core.incidents.records import Happening, IncidentRecord, IncidentState, Moment, PageKind


@frozen
class Climb:
    """Page everybody whom this level names."""

    level: int
    late: timedelta


@frozen
class Withdraw:
    """What has not been sent is not sent: everything, or what is meant for one person."""

    whom: str = ""


class Audience(StrEnum):
    """OWNER: who acknowledged, or owns the component. TOLD: all who were paged. CHANNELS: where the first level is told."""

    OWNER = "owner"
    TOLD = "told"
    CHANNELS = "channels"


@frozen
class Inform:
    """Tell somebody something. late: how much later than promised.

    people: whom the text speaks of, by key; it has `{}` for each of their names.
    """

    kind: PageKind
    audience: Audience
    text: str = ""
    late: timedelta = timedelta(0)
    people: tuple[str, ...] = ()


@frozen
class Refresh:
    """Messages that were sent show how things stand now, where they can be changed."""


Deed = Climb | Withdraw | Inform | Refresh | Moment


class Step(NamedTuple):
    """The record as it is from now on, and what is to be done."""

    record: IncidentRecord
    deeds: tuple[Deed, ...] = ()


def line(
    record: IncidentRecord, what: Happening, now: datetime, detail: str = "", by: Acted | None = None, level: int | None = None
) -> Moment:
    """A line for the timeline. level: the one that was told last, if not given."""
    at_level = record.level if level is None else level
    who = (by.by, by.via, by.source) if by is not None else ("", "", "")
    return Moment(now, record.number, record.epoch, what, detail, *who, at_level)


def begin_again(record: IncidentRecord, now: datetime, *deeds: Deed, since: datetime | None = None) -> Step:
    """Nobody is on it any more: the ladder starts at the bottom, with all its repeats."""
    return restart(replace(record, rounds=0), now, *deeds, since=since)


def restart(record: IncidentRecord, now: datetime, *deeds: Deed, since: datetime | None = None) -> Step:
    """Begin a climb. since: when it was due; if nobody was there then, its levels are late and not postponed."""
    fresh = replace(
        record,
        state=IncidentState.TRIGGERED,
        epoch=record.epoch + 1,
        level=-1,
        level_at=None,
        skipped=(),
        owner="" if record.state is not IncidentState.TRIGGERED else record.owner,
        ackers=(),
        acked_at=None,
        acked_until=None,
        reminded=False,
        by_link=False,
        visits=(),
        snoozed_until=None,
        exhausted_at=None,
        updated_at=now,
    )
    overdue = now - since if since is not None and fresh.running else timedelta(0)
    return Step(set_clock(fresh, max(overdue, timedelta(0)), now), (*deeds, Withdraw(), Refresh()))
