"""What people bring: what they may do with an incident in which state, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evaluator.core.durations import format_duration
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.incident import clock_at, next_level, set_clock, wound
from evaluator.core.incidents.records import Happening, IncidentRecord, IncidentState, PageKind, Resolution
from evaluator.core.incidents.steps import Audience, Climb, Deed, Inform, Refresh, Step, Withdraw, begin_again, line
from evaluator.core.incidents.transitions import WEAK_ACK, climb, resolved

LINK = "link"
SECOND_VISIT = timedelta(minutes=1)
"""From when on a second acknowledgement by link is taken for a person's."""

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState

ALLOWED: Mapping[Action, frozenset[IncidentState]] = {
    Action.ACK: frozenset({TRIGGERED, ACKED, SNOOZED}),
    Action.UNACK: frozenset({ACKED, SNOOZED}),
    Action.SNOOZE: frozenset({TRIGGERED, ACKED, SNOOZED}),
    Action.ESCALATE: frozenset({TRIGGERED, ACKED, SNOOZED}),
    Action.ASSIGN: frozenset({TRIGGERED, ACKED, SNOOZED}),
    Action.RESOLVE: frozenset({TRIGGERED, ACKED, SNOOZED}),
    Action.NOTE: frozenset(IncidentState),
    Action.LABEL: frozenset(IncidentState),
}
"""In which states what can be done."""


def why_not(record: IncidentRecord | None, acted: Acted, now: datetime) -> str:
    """Why an action is not possible, as a sentence without a full stop; empty when it is."""
    if record is None:
        return f"there is no incident {acted.incident}"
    if acted.epoch is not None and acted.epoch != record.epoch:
        return f"the incident has begun again since (epoch {record.epoch}, you saw {acted.epoch})"
    if record.state not in ALLOWED[acted.action]:
        return f"the incident is {record.state}"
    match acted.action:
        case Action.SNOOZE:
            return _why_not_snooze(record, acted, now)
        case Action.ESCALATE:
            return _why_not_escalate(record, acted)
        case Action.ASSIGN if not acted.to:
            return "say whom it is assigned to"
        case Action.NOTE if not acted.text.strip():
            return "a note needs a text"
        case Action.LABEL if acted.text not in NOISE:
            return f"a label is one of {', '.join(NOISE)}"
        case _:
            return ""


def _why_not_snooze(record: IncidentRecord, acted: Acted, now: datetime) -> str:
    until = _until(acted, now)
    if until is None or until <= now:
        return "say for how long, or until when; it must be ahead"
    longest = record.policy.max_snooze
    return f"nobody may put it off for more than {format_duration(longest)}" if until - now > longest else ""


def _why_not_escalate(record: IncidentRecord, acted: Acted) -> str:
    if record.holds:
        return f"the incident is held by {', '.join(record.holds)}"
    if next_level(record) is None:
        return "there is no level above"
    if acted.level is not None and acted.level != record.level:
        return f"it has moved on to level {record.level} meanwhile"
    return ""


def act(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    """Do what somebody asked for; it was found possible."""
    match acted.action:
        case Action.ACK:
            return _ack(record, acted, now)
        case Action.UNACK:
            return begin_again(record, now, line(record, Happening.UNACKED, now, acted.text, acted))
        case Action.SNOOZE:
            return _snooze(record, acted, now)
        case Action.ESCALATE:
            return _escalate(record, acted, now)
        case Action.ASSIGN:
            return _assign(record, acted, now)
        case Action.RESOLVE:
            return resolved(record, Resolution.MANUAL, now, acted.text, acted)
        case Action.NOTE:
            return _note(record, acted, now)
        case Action.LABEL if record.noise == acted.text:
            return Step(record)
        case Action.LABEL:
            changed = replace(record, noise=acted.text, updated_at=now)
            return Step(changed, (line(record, Happening.LABELLED, now, acted.text, acted),))


def _ack(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    record, by_link = _visited(record, acted, now)
    if record.state is ACKED and by_link and not record.by_link:
        return Step(record, ())  # what is known for certain is not made weaker by a link
    ackers = record.ackers if acted.by in record.ackers else (*record.ackers, acted.by)
    counted = replace(record, ackers=ackers, updated_at=now)
    if record.state is TRIGGERED and len(ackers) < record.policy.ack.by:
        said = f"{len(ackers)} of {record.policy.ack.by} people"
        return Step(counted, (line(record, Happening.ACK_COUNTED, now, said, acted), Withdraw(acted.by)))
    until = _acked_until(record, acted, by_link, now)
    owner = record.owner if record.state is ACKED and record.owner else acted.by
    acked = replace(
        counted,
        state=ACKED,
        owner=owner,
        acked_at=now,
        acked_until=until,
        by_link=by_link,
        reminded=False,
        snoozed_until=None,
    )
    said = acted.text or (_until_said(until) if until is not None else "")
    return Step(wound(acked, now), (line(record, Happening.ACKED, now, said, acted), Withdraw(), Refresh()))


def second_visit(record: IncidentRecord, by: str, now: datetime) -> bool:
    """Whether the same person comes back; links in the mails of two people may be followed by one program."""
    return any(who == by and now - first >= SECOND_VISIT for who, first in record.visits)


def _visited(record: IncidentRecord, acted: Acted, now: datetime) -> tuple[IncidentRecord, bool]:
    """The record with what is known of visits, and whether a link alone vouches for what is done."""
    if acted.via != LINK:
        return record, False
    known = any(who == acted.by for who, _ in record.visits)
    visited = record if known else replace(record, visits=(*record.visits, (acted.by, now)))
    return visited, not second_visit(record, acted.by, now)


def _acked_until(record: IncidentRecord, acted: Acted, by_link: bool, now: datetime) -> datetime | None:
    """Until when it counts: no less than what somebody has promised already, unless another time is asked for."""
    if record.state is ACKED and record.acked_until is None and acted.duration is None:
        return None
    terms = acted.duration or record.policy.ack.timeout
    if by_link:
        terms = min(WEAK_ACK, terms or WEAK_ACK)
    if terms is None:
        return None
    promised = record.snoozed_until if by_link else record.acked_until
    return max(now + terms, promised or now) if acted.duration is None or by_link else now + terms


def _snooze(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    record, by_link = _visited(record, acted, now)
    if record.state in (ACKED, SNOOZED) and by_link and not record.by_link:
        return Step(record, ())  # as with acknowledgements
    until = _until(acted, now)
    assert until is not None
    if by_link:
        until = min(until, now + WEAK_ACK)
    snoozed = replace(
        record,
        state=SNOOZED,
        owner=record.owner or acted.by,
        snoozed_until=until,
        acked_until=None,
        by_link=by_link,
        updated_at=now,
    )
    said = _until_said(until) + (f": {acted.text}" if acted.text else "")
    return Step(wound(snoozed, now), (line(record, Happening.SNOOZED, now, said, acted), Withdraw(), Refresh()))


def _until(acted: Acted, now: datetime) -> datetime | None:
    if acted.until is not None:
        return acted.until
    return now + acted.duration if acted.duration is not None else None


def _until_said(until: datetime) -> str:
    """For timelines, which people read: times as the pages and the review write them."""
    return f"until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _escalate(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    """The next level fires at once; who had acknowledged is in the timeline."""
    level = next_level(record)
    assert level is not None
    said = f"to {level.name}" + (f": {acted.text}" if acted.text else "")
    moment = line(record, Happening.ESCALATED, now, said, acted)
    moved = replace(record, state=TRIGGERED, acked_until=None, snoozed_until=None, ackers=(), by_link=False)
    step = climb(set_clock(moved, max(clock_at(record, now), level.at), now), now)
    climbs = tuple(replace(deed, late=timedelta(0)) if isinstance(deed, Climb) else deed for deed in step.deeds)
    return Step(step.record, (moment, *climbs, Refresh()))


def _assign(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    changed = replace(record, owner=acted.to, updated_at=now)
    deeds: tuple[Deed, ...] = (line(record, Happening.ASSIGNED, now, acted.to, acted), Refresh())
    if acted.to != acted.by:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, "{} has assigned it to {}", people=(acted.by, acted.to)),)
    return Step(changed, deeds)


def _note(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    """Whoever owns the incident and writes something is still on it."""
    moment = line(record, Happening.NOTE, now, acted.text, acted)
    if record.state is ACKED and acted.by in (record.owner, *record.ackers) and record.acked_until is not None:
        timeout = record.policy.ack.timeout
        until = max(record.acked_until, now + timeout) if timeout is not None else record.acked_until
        return Step(replace(record, acked_at=now, acked_until=until, reminded=False, updated_at=now), (moment,))
    return Step(replace(record, updated_at=now), (moment,))
