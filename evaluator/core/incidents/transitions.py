"""What may become of an incident: each transition takes the record as it is and gives the record as it will be, and deeds.

Deeds are what the rest of the part does about it: page a level, take back what has not been sent, tell somebody, show in old
messages how things stand now, write a line into the timeline. Nothing here knows people, alerts or receivers, so the whole
behaviour of an incident over time can be read, and tested, here.

A climb is an epoch. Whatever starts the ladder anew (an acknowledgement that was taken back or ran out, the end of a snooze, a
severity that rises, a repeat) begins an epoch, and what was planned for the one before it is not sent any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from evaluator.core.analytics.flapping import STATES, turn_score
from evaluator.core.durations import format_duration
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.incident import climbed_at, clock_at, next_level, scheduled, set_clock, wound
from evaluator.core.incidents.policy import Escalation, IfNobody, Reaction
from evaluator.core.incidents.records import (
    Happening,
    Hold,
    IncidentRecord,
    IncidentState,
    Moment,
    PageKind,
    Resolution,
)

LINK = "link"
WEAK_ACK = timedelta(minutes=15)
"""How long an acknowledgement by a link alone counts: a scanner of mails may have pressed the button."""
SECOND_VISIT = timedelta(minutes=1)
"""From when on a second acknowledgement by link is taken for a person's."""


@dataclass(frozen=True, slots=True)
class Climb:
    """Page everybody whom this level names."""

    level: int
    late: timedelta


@dataclass(frozen=True, slots=True)
class Withdraw:
    """What has not been sent is not sent: everything, or what is meant for one person."""

    whom: str = ""


class Audience(StrEnum):
    """OWNER: who acknowledged, or owns the component. TOLD: all who were paged. CHANNELS: where the first level is told."""

    OWNER = "owner"
    TOLD = "told"
    CHANNELS = "channels"


@dataclass(frozen=True, slots=True)
class Inform:
    """Tell somebody something."""

    kind: PageKind
    audience: Audience
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Messages that were sent show how things stand now, where they can be changed."""


Deed = Climb | Withdraw | Inform | Refresh | Moment


class Step(NamedTuple):
    """The record as it is from now on, and what is to be done."""

    record: IncidentRecord
    deeds: tuple[Deed, ...] = ()


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
            return _begin_again(record, now, _moment(record, Happening.UNACKED, now, acted.text, acted))
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
            return Step(changed, (_moment(record, Happening.LABELLED, now, acted.text, acted),))


# -- what the clock brings --------------------------------------------------------------------------------------------------


def climb(record: IncidentRecord, now: datetime) -> Step:
    """The next level fires."""
    level = next_level(record)
    assert level is not None
    promised = scheduled(record, level.at) or now
    clock = max(clock_at(record, now), level.at)
    climbed = set_clock(replace(record, level=record.level + 1, level_at=now, recheck=False, updated_at=now), clock, now)
    return Step(climbed, (Climb(climbed.level, max(timedelta(0), now - promised)),))


def nobody(record: IncidentRecord, why: str, now: datetime) -> Step:
    """The level that has just fired reaches nobody: the next one is due at once, unless the policy would rather wait."""
    name = record.policy.levels[record.level].name
    skipped = _moment(record, Happening.SKIPPED, now, f"{name}: {why}", level=record.level)
    level = next_level(record)
    if level is None or record.policy.if_nobody is IfNobody.WAIT:
        return Step(record, (skipped,))
    return Step(set_clock(replace(record, level_at=None), max(clock_at(record, now), level.at), now), (skipped,))


def repeated(record: IncidentRecord, now: datetime) -> Step:
    """The ladder is climbed once more."""
    rounds = record.rounds + 1
    said = f"nobody has acknowledged; repeat {rounds} of {record.policy.repeat.times}"
    again = replace(record, rounds=rounds, recheck=True)
    return _restart(again, now, _moment(record, Happening.REPEATED, now, said), since=scheduled(record, climbed_at(record)))


def exhausted(record: IncidentRecord, now: datetime) -> Step:
    """Nobody is left to tell; that is said now, and once a day."""
    said = "every level has been told, and nobody has acknowledged"
    deeds: tuple[Deed, ...] = (Inform(PageKind.NOTICE, Audience.CHANNELS, said),)
    if record.exhausted_at is None:
        deeds = (_moment(record, Happening.EXHAUSTED, now, said), *deeds)
    return Step(replace(record, exhausted_at=now, updated_at=now), deeds)


def reminded(record: IncidentRecord, now: datetime) -> Step:
    """An acknowledgement is about to run out."""
    assert record.acked_until is not None
    left = format_duration(record.acked_until - now)
    said = f"the acknowledgement ends in {left}; acknowledge again if you are still on it"
    step = Inform(PageKind.REMINDER, Audience.OWNER, said)
    return Step(replace(record, reminded=True, updated_at=now), (step, _moment(record, Happening.REMINDED, now, said)))


def ack_expired(record: IncidentRecord, now: datetime) -> Step:
    """An acknowledgement has run out."""
    said = f"{record.owner} has not said more"
    deed = _moment(record, Happening.ACK_EXPIRED, now, said)
    return _begin_again(replace(record, recheck=True), now, deed, since=record.acked_until)


def snooze_over(record: IncidentRecord, now: datetime) -> Step:
    """It was put off, and still fires."""
    return _begin_again(record, now, _moment(record, Happening.SNOOZE_OVER, now, "it still fires"), since=record.snoozed_until)


# -- what alerts bring ------------------------------------------------------------------------------------------------------


def opened(record: IncidentRecord, now: datetime) -> Step:
    """A new incident."""
    moment = _moment(record, Happening.OPENED, now, record.title)
    return Step(wound(_turned(record, now), now), (moment, *_held(record, (), record.holds, now)))


def reopened(record: IncidentRecord, now: datetime) -> Step:
    """It fires again soon after it was over. What flaps goes on as it was: acknowledged, or at the level that was told last."""
    turned = _turned(record, now)
    if turned.flapping:
        return _damped(record, turned, now)
    record = turned
    deed = _moment(record, Happening.REOPENED, now, record.title)
    fresh = replace(record, flaps=record.flaps + 1, resolved_at=None, resolution=None, rounds=0)
    step = _restart(fresh, now, deed)
    first = record.policy.levels[0].at if record.policy.levels else timedelta(0)
    return step._replace(record=set_clock(step.record, first, now))


def _damped(record: IncidentRecord, turned: IncidentRecord, now: datetime) -> Step:
    """It has begun again, and does so too often for anybody to be called each time. record: before it did."""
    acked = bool(record.ackers) and record.acked_at is not None
    timeout = record.policy.ack.timeout
    terms = min(WEAK_ACK, timeout or WEAK_ACK) if record.by_link else timeout
    on = replace(
        turned,
        state=ACKED if acked else TRIGGERED,
        epoch=record.epoch + 1,
        flaps=record.flaps + 1,
        acked_at=now if acked else None,
        acked_until=now + terms if acked and terms is not None else None,
        reminded=False,
        resolved_at=None,
        resolution=None,
        updated_at=now,
    )
    goes_on = "it stays acknowledged" if acked else "its ladder goes on where it was"
    said = f"it flaps: {goes_on}, and nobody is called only because it begins again"
    deeds: tuple[Deed, ...] = (_moment(on, Happening.REOPENED, now, f"{record.title}, flapping"), Refresh())
    if not record.flapping:
        deeds += (_moment(on, Happening.FLAPPING, now, said), Inform(PageKind.NOTICE, Audience.OWNER, said))
    return Step(set_clock(on, record.clock, now), deeds)


def calmed(record: IncidentRecord, now: datetime) -> Step:
    """It has not changed its mind for long enough."""
    said = "it does not flap any more"
    return Step(replace(record, flapping=False, updated_at=now), (_moment(record, Happening.CALM, now, said),))


def _turned(record: IncidentRecord, now: datetime) -> IncidentRecord:
    """It has begun, or is over: does it do so too often?"""
    turns, marks = (*record.turns, now)[1 - STATES :], record.policy.flapping
    if marks is None:
        return replace(record, turns=turns, flapping=False)
    score = turn_score(turns, now)
    return replace(record, turns=turns, flapping=score >= marks.low if record.flapping else score > marks.high)


def joined(record: IncidentRecord, names: Iterable[str], now: datetime, quietly: bool = False) -> Step:
    """Alerts fire that did not; `names` are for people. quietly: something more important is about to be told."""
    said = ", ".join(names)
    deeds: tuple[Deed, ...] = (_moment(record, Happening.JOINED, now, said), Refresh())
    if record.state is not ACKED or quietly:
        return Step(replace(record, updated_at=now), deeds)
    if record.policy.on_new_alert is Reaction.REOPEN:
        return _begin_again(record, now, *deeds[:1])
    if record.policy.on_new_alert is Reaction.NOTIFY_OWNER:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, f"fires as well: {said}"),)
    return Step(replace(record, updated_at=now), deeds)


def left(record: IncidentRecord, names: Iterable[str], now: datetime) -> Step:
    """Some alerts are over, others are not."""
    return Step(replace(record, updated_at=now), (_moment(record, Happening.LEFT, now, ", ".join(names)), Refresh()))


def rerated(record: IncidentRecord, severity: str, policy: Escalation | None, route: str, rises: bool, now: datetime) -> Step:
    """Another severity. policy, route: what that one is treated by. rises: above anything since it was opened."""
    moment = _moment(record, Happening.SEVERITY, now, f"{record.severity or 'none'} → {severity or 'none'}")
    changed = replace(record, severity=severity, updated_at=now)
    if not rises:
        return Step(changed, (moment, Refresh()))
    changed = replace(changed, worst=severity)
    other = policy is not None and policy.name != record.policy.name
    if policy is not None:
        changed = replace(changed, policy=policy, route=route)
    reaction = changed.policy.on_severity_increase
    if record.state is TRIGGERED:
        anew = other or record.exhausted_at is not None  # nobody is being called any more, and it is worse
        return _restart(replace(changed, rounds=0), now, moment) if anew else Step(changed, (moment, Refresh()))
    if reaction is Reaction.REOPEN:
        return _begin_again(changed, now, moment)
    deeds: tuple[Deed, ...] = (moment, Refresh())
    if reaction is Reaction.NOTIFY_OWNER:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, f"the severity is {severity} now"),)
    return Step(changed, deeds)


def held(record: IncidentRecord, holds: tuple[Hold, ...], now: datetime) -> Step:
    """What holds it is something else now. When nothing does any more, the rule is asked before the ladder goes on."""
    moments = _held(record, record.holds, holds, now)
    recheck = record.recheck or (bool(record.holds) and not holds)
    return Step(wound(replace(record, holds=holds, recheck=recheck, updated_at=now), now), moments)


def resolved(record: IncidentRecord, resolution: Resolution, now: datetime, why: str = "", by: Acted | None = None) -> Step:
    """It is over."""
    said = why or {Resolution.CONDITION: "its alerts are over", Resolution.MANUAL: "by hand"}.get(resolution, str(resolution))
    turned = _turned(record, now)
    over = replace(
        turned,
        state=RESOLVED,
        flapping=record.flapping and turned.flapping,
        resolved_at=now,
        resolution=resolution,
        acked_until=None,
        snoozed_until=None,
        holds=(),
        updated_at=now,
    )
    inform = Inform(PageKind.RESOLVED, Audience.TOLD, said)
    return Step(wound(over, now), (_moment(record, Happening.RESOLVED, now, said, by), Withdraw(), inform, Refresh()))


# -- what people bring ------------------------------------------------------------------------------------------------------


def _ack(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    ackers = record.ackers if acted.by in record.ackers else (*record.ackers, acted.by)
    counted = replace(record, ackers=ackers, updated_at=now)
    if record.state is TRIGGERED and len(ackers) < record.policy.ack.by:
        said = f"{len(ackers)} of {record.policy.ack.by} people"
        return Step(counted, (_moment(record, Happening.ACK_COUNTED, now, said, acted), Withdraw(acted.by)))
    by_link = acted.via == LINK and not _second_visit(record, acted.by, now)
    until = _acked_until(record, acted, by_link, now)
    owner = record.owner if record.state is ACKED and record.owner else acted.by
    if record.state is ACKED and by_link and not record.by_link:
        return Step(record, ())  # what is known for certain is not made weaker by a link
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
    said = acted.text or (f"until {until.isoformat(timespec='seconds')}" if until is not None else "")
    return Step(wound(acked, now), (_moment(record, Happening.ACKED, now, said, acted), Withdraw(), Refresh()))


def _second_visit(record: IncidentRecord, by: str, now: datetime) -> bool:
    """Whether the same person comes back; links in the mails of two people may be followed by one program."""
    again = record.state is ACKED and record.by_link and by in record.ackers
    return again and record.acked_at is not None and now - record.acked_at >= SECOND_VISIT


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
    until = _until(acted, now)
    assert until is not None
    snoozed = replace(
        record,
        state=SNOOZED,
        owner=record.owner or acted.by,
        snoozed_until=until,
        acked_until=None,
        updated_at=now,
    )
    said = f"until {until.isoformat(timespec='seconds')}" + (f": {acted.text}" if acted.text else "")
    return Step(wound(snoozed, now), (_moment(record, Happening.SNOOZED, now, said, acted), Withdraw(), Refresh()))


def _until(acted: Acted, now: datetime) -> datetime | None:
    if acted.until is not None:
        return acted.until
    return now + acted.duration if acted.duration is not None else None


def _escalate(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    """The next level fires at once; who had acknowledged is in the timeline."""
    level = next_level(record)
    assert level is not None
    moment = _moment(record, Happening.ESCALATED, now, acted.text or f"to {level.name}", acted)
    moved = replace(record, state=TRIGGERED, acked_until=None, snoozed_until=None, ackers=(), by_link=False)
    step = climb(set_clock(moved, max(clock_at(record, now), level.at), now), now)
    climbs = tuple(replace(deed, late=timedelta(0)) if isinstance(deed, Climb) else deed for deed in step.deeds)
    return Step(step.record, (moment, *climbs, Refresh()))


def _assign(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    changed = replace(record, owner=acted.to, updated_at=now)
    deeds: tuple[Deed, ...] = (_moment(record, Happening.ASSIGNED, now, acted.to, acted), Refresh())
    if acted.to != acted.by:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, f"{acted.by} has assigned it to {acted.to}"),)
    return Step(changed, deeds)


def _note(record: IncidentRecord, acted: Acted, now: datetime) -> Step:
    """Whoever owns the incident and writes something is still on it."""
    moment = _moment(record, Happening.NOTE, now, acted.text, acted)
    if record.state is ACKED and acted.by in (record.owner, *record.ackers) and record.acked_until is not None:
        timeout = record.policy.ack.timeout
        until = max(record.acked_until, now + timeout) if timeout is not None else record.acked_until
        return Step(replace(record, acked_at=now, acked_until=until, reminded=False, updated_at=now), (moment,))
    return Step(replace(record, updated_at=now), (moment,))


# -- beginning again --------------------------------------------------------------------------------------------------------


def _begin_again(record: IncidentRecord, now: datetime, *deeds: Deed, since: datetime | None = None) -> Step:
    """Nobody is on it any more: the ladder starts at the bottom, with all its repeats."""
    return _restart(replace(record, rounds=0), now, *deeds, since=since)


def _restart(record: IncidentRecord, now: datetime, *deeds: Deed, since: datetime | None = None) -> Step:
    """Begin a climb. since: when it was due; if nobody was there then, its levels are late and not postponed."""
    fresh = replace(
        record,
        state=TRIGGERED,
        epoch=record.epoch + 1,
        level=-1,
        level_at=None,
        owner="" if record.state is not TRIGGERED else record.owner,
        ackers=(),
        acked_at=None,
        acked_until=None,
        reminded=False,
        by_link=False,
        snoozed_until=None,
        exhausted_at=None,
        updated_at=now,
    )
    overdue = now - since if since is not None and fresh.running else timedelta(0)
    return Step(set_clock(fresh, max(overdue, timedelta(0)), now), (*deeds, Withdraw(), Refresh()))


def _held(record: IncidentRecord, before: tuple[Hold, ...], after: tuple[Hold, ...], now: datetime) -> tuple[Moment, ...]:
    begun, over = [hold for hold in after if hold not in before], [hold for hold in before if hold not in after]
    moments = [_moment(record, Happening.HELD, now, hold) for hold in begun]
    return (*moments, *(_moment(record, Happening.RESUMED, now, hold) for hold in over))


def _moment(
    record: IncidentRecord, what: Happening, now: datetime, detail: str = "", by: Acted | None = None, level: int | None = None
) -> Moment:
    at_level = record.level if level is None else level
    who = (by.by, by.via, by.source) if by is not None else ("", "", "")
    return Moment(now, record.number, record.epoch, what, detail, *who, at_level)
