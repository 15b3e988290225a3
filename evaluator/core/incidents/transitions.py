"""What may become of an incident by itself: each transition takes the record as it is and gives a step.

Nothing here knows people, alerts or receivers, so the whole behaviour of an incident over time can be read, and tested, here
and in `acting`, which says what people bring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.analytics.flapping import STATES, turn_score
from evaluator.core.durations import format_duration
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.incident import DAILY, climbed_at, clock_at, next_level, scheduled, set_clock, wound
from evaluator.core.incidents.policy import Escalation, IfNobody, Reaction
from evaluator.core.incidents.records import (
    NOTICEABLE,
    Happening,
    Hold,
    IncidentRecord,
    IncidentState,
    Moment,
    PageKind,
    Resolution,
)
from evaluator.core.incidents.steps import Audience, Climb, Deed, Inform, Refresh, Step, Withdraw, begin_again, line, restart

WEAK_ACK = timedelta(minutes=15)
"""How long an acknowledgement or a snooze by a link alone counts: a scanner of mails may have pressed the button."""

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState

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
    skipped = line(record, Happening.SKIPPED, now, f"{name}: {why}", level=record.level)
    record = replace(record, skipped=tuple(sorted({*record.skipped, record.level})), updated_at=now)
    level = next_level(record)
    if level is None or record.policy.if_nobody is IfNobody.WAIT:
        return Step(record, (skipped,))
    return Step(set_clock(replace(record, level_at=None), max(clock_at(record, now), level.at), now), (skipped,))


def repeated(record: IncidentRecord, now: datetime) -> Step:
    """The ladder is climbed once more."""
    rounds = record.rounds + 1
    said = f"nobody has acknowledged; repeat {rounds} of {record.policy.repeat.times}"
    again = replace(record, rounds=rounds, recheck=True)
    return restart(again, now, line(record, Happening.REPEATED, now, said), since=scheduled(record, climbed_at(record)))


def exhausted(record: IncidentRecord, now: datetime) -> Step:
    """Nobody is left to tell; that is said now, and once a day."""
    said, again = f"{_who_was_told(record)}, and nobody has acknowledged", record.exhausted_at
    promised = scheduled(record, climbed_at(record)) if again is None else again + DAILY
    late = now - (promised or now)
    if late >= NOTICEABLE:
        said += f"; this comes {format_duration(timedelta(seconds=int(late.total_seconds())))} late"
    deeds: tuple[Deed, ...] = (Inform(PageKind.NOTICE, Audience.CHANNELS, said, late),)
    if again is None:
        deeds = (line(record, Happening.EXHAUSTED, now, said), *deeds)
    return Step(replace(record, exhausted_at=now, updated_at=now), deeds)


def _who_was_told(record: IncidentRecord) -> str:
    """What has come of the levels of a climb that is over."""
    names = {number: level.name for number, level in enumerate(record.policy.levels)}
    missed = [name for number, name in names.items() if number in record.skipped]
    if not missed:
        return "every level has been told"
    if len(missed) == len(names):
        return "no level reaches anybody"
    told = [name for number, name in names.items() if number not in record.skipped]
    return f"{', '.join(told)} told, {', '.join(missed)} reached nobody"


def reminded(record: IncidentRecord, now: datetime) -> Step:
    """An acknowledgement is about to run out; after an outage it may have done so, and there is nothing left to ask for."""
    assert record.acked_until is not None
    if now >= record.acked_until:
        return Step(replace(record, reminded=True, updated_at=now))
    left = timedelta(seconds=round((record.acked_until - now).total_seconds()))
    said = f"the acknowledgement ends in {format_duration(left)}; acknowledge again if you are still on it"
    step = Inform(PageKind.REMINDER, Audience.OWNER, said)
    return Step(replace(record, reminded=True, updated_at=now), (step, line(record, Happening.REMINDED, now, said)))


def ack_expired(record: IncidentRecord, now: datetime) -> Step:
    """An acknowledgement has run out."""
    deed = replace(line(record, Happening.ACK_EXPIRED, now), by=record.owner)
    return begin_again(replace(record, recheck=True), now, deed, since=record.acked_until)


def snooze_over(record: IncidentRecord, now: datetime) -> Step:
    """It was put off, and still fires."""
    return begin_again(record, now, line(record, Happening.SNOOZE_OVER, now, "it still fires"), since=record.snoozed_until)


# -- what alerts bring ------------------------------------------------------------------------------------------------------


def opened(record: IncidentRecord, now: datetime) -> Step:
    """A new incident."""
    moment = line(record, Happening.OPENED, now, record.title)
    return Step(wound(_turned(record, now), now), (moment, *_held(record, (), record.holds, now)))


def reopened(record: IncidentRecord, now: datetime) -> Step:
    """It fires again soon after it was over. What flaps goes on as it was: acknowledged, or at the level that was told last."""
    turned = _turned(record, now)
    if turned.flapping:
        return _damped(record, turned, now)
    record = turned
    deed = line(record, Happening.REOPENED, now, record.title)
    fresh = replace(record, flaps=record.flaps + 1, resolved_at=None, resolution=None, rounds=0)
    step = restart(fresh, now, deed)
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
    deeds: tuple[Deed, ...] = (line(on, Happening.REOPENED, now, f"{record.title}, flapping"), Refresh())
    if not record.flapping:
        deeds += (line(on, Happening.FLAPPING, now, said), Inform(PageKind.NOTICE, Audience.OWNER, said))
    return Step(set_clock(on, record.clock, now), deeds)


def calmed(record: IncidentRecord, now: datetime) -> Step:
    """It has not changed its mind for long enough."""
    said = "it does not flap any more"
    return Step(replace(record, flapping=False, updated_at=now), (line(record, Happening.CALM, now, said),))


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
    deeds: tuple[Deed, ...] = (line(record, Happening.JOINED, now, said), Refresh())
    if record.state is not ACKED or quietly:
        return Step(replace(record, updated_at=now), deeds)
    if record.policy.on_new_alert is Reaction.REOPEN:
        return begin_again(record, now, *deeds[:1])
    if record.policy.on_new_alert is Reaction.NOTIFY_OWNER:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, f"fires as well: {said}"),)
    return Step(replace(record, updated_at=now), deeds)


def left(record: IncidentRecord, names: Iterable[str], now: datetime) -> Step:
    """Some alerts are over, others are not."""
    return Step(replace(record, updated_at=now), (line(record, Happening.LEFT, now, ", ".join(names)), Refresh()))


def rerated(record: IncidentRecord, severity: str, policy: Escalation | None, route: str, rises: bool, now: datetime) -> Step:
    """Another severity. policy, route: what that one is treated by. rises: above anything since it was opened."""
    moment = line(record, Happening.SEVERITY, now, f"{record.severity or 'none'} → {severity or 'none'}")
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
        return restart(replace(changed, rounds=0), now, moment) if anew else Step(changed, (moment, Refresh()))
    if reaction is Reaction.REOPEN:
        return begin_again(changed, now, moment)
    deeds: tuple[Deed, ...] = (moment, Refresh())
    if reaction is Reaction.NOTIFY_OWNER:
        deeds += (Inform(PageKind.NOTICE, Audience.OWNER, f"the severity is {severity} now"),)
    return Step(changed, deeds)


def held(record: IncidentRecord, holds: tuple[Hold, ...], now: datetime, ended_by: str = "") -> Step:
    """What holds it is something else now. When nothing does any more, the rule is asked before the ladder goes on.

    ended_by: who has ended a silence that held it, if anybody has.
    """
    moments = _held(record, record.holds, holds, now, ended_by)
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
    if resolution is Resolution.MANUAL:
        over = replace(over, dismissed=tuple(sorted({*record.dismissed, *record.alerts})), dismissed_at=now)
    inform = Inform(PageKind.RESOLVED, Audience.TOLD, said)
    return Step(wound(over, now), (line(record, Happening.RESOLVED, now, said, by), Withdraw(), inform, Refresh()))


def _held(
    record: IncidentRecord, before: tuple[Hold, ...], after: tuple[Hold, ...], now: datetime, ended_by: str = ""
) -> tuple[Moment, ...]:
    begun, over = [hold for hold in after if hold not in before], [hold for hold in before if hold not in after]
    moments = [line(record, Happening.HELD, now, hold) for hold in begun]
    by = {Hold.SILENCE: ended_by}
    return (*moments, *(replace(line(record, Happening.RESUMED, now, hold), by=by.get(hold, "")) for hold in over))
