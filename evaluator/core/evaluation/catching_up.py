"""Catching up: the slots that came while no evaluator was there, evaluated in their order once one is there again.

At a start it is known until when the last evaluator was at work (`Presence`). From that instant on, but for no longer than
the settings say, each group owes its slots, and asks for all of them at once, a range for each rule. When every rule has its
answer they are applied slot by slot in one step: people are told what there is to tell now, not what there was to tell at
each of those slots. The slots that come meanwhile are caught up with as well.

The last slot before the gap is evaluated again, for some of its rules may have been asked and not answered. With the same
answer that changes nothing: a life that is stepped twice at the same slot stays as it is after the first time.

A rule that gets no answer for a slot stays as it is at that slot. When no rule of a group gets any answer because the
datasource gives none, the group goes on owing, and asks again at its next slot.

Rulers that remember less do less: Prometheus goes by what it wrote of its alerts, vmalert likewise, and neither evaluates what
it missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from evaluator.core.alerts import MISSED
from evaluator.core.effects import RunRange
from evaluator.core.evaluation.answers import Failure
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.tracking import Change, RuleEvaluation
from evaluator.core.events import Observation, QueryReturned, RangeFailed, RangeReturned
from evaluator.core.labels import Labels
from evaluator.core.records import State

_NOTHING: Mapping[Labels, Observation] = {}


def owe(group: GroupEvaluation, seen_at: datetime, now: datetime, most: timedelta) -> None:
    """Let a group that begins owe the slots since `seen_at`, but none that is longer ago than `most`."""
    interval, newest = group.group.interval, _newest(group)
    seen_at = seen_at if newest is None else max(seen_at, newest)
    first = group.next_slot + ((seen_at - group.next_slot) // interval) * interval
    group.owed = first if group.rules and first < group.next_slot else None
    waive(group, now, most)


def waive(group: GroupEvaluation, now: datetime, most: timedelta) -> None:
    """Slots that are too long ago are missed for good."""
    if group.owed is None:
        return
    late = (now - most) - group.owed
    if late <= timedelta(0):
        return
    gone = min(-(-late // group.group.interval), (group.next_slot - group.owed) // group.group.interval)
    group.missed += gone
    group.owed += gone * group.group.interval
    if group.owed >= group.next_slot:
        group.owed = None


def begin(group: GroupEvaluation, now: datetime) -> list[RunRange]:
    """Ask for everything that is owed, up to the newest slot that has come; the world must answer each of these."""
    if now >= group.next_slot:
        group.next_slot += ((now - group.next_slot) // group.group.interval + 1) * group.group.interval
    assert group.owed is not None
    group.slot, group.started_at = group.next_slot - group.group.interval, now
    group.waiting, group.ranges = set(group.rules), {}
    one = group.group
    return [
        RunRange(rule, one.key, one.datasource, group.owed, group.slot, one.interval, one.query_offset) for rule in group.rules
    ]


def settle(group: GroupEvaluation, now: datetime) -> None:
    """Every rule has its answer, and they have been applied: what is still owed, and what has come meanwhile."""
    if all(_unreachable(answer) for answer in group.ranges.values()):
        return
    group.iterations += len(list(_slots(group)))
    group.ranges = {}
    group.owed = group.next_slot if now - group.next_slot >= group.group.interval else None


def changes(group: GroupEvaluation, notify: bool) -> Iterator[Change]:
    """Apply the answers, slot by slot; gives the alerts whose life changed, in order. notify: see `MISSED`."""
    first = group.owed
    assert first is not None
    for slot in _slots(group):
        for rule, answer in group.ranges.items():
            for change in _step(group, group.rules[rule], answer, slot):
                yield _as_missed(change, first) if notify else change


def _step(
    group: GroupEvaluation, rule: RuleEvaluation, answer: RangeReturned | RangeFailed, slot: datetime
) -> list[Change] | tuple[Change, ...]:
    """One rule at one slot."""
    last = slot == group.slot
    failure = answer.failure if isinstance(answer, RangeFailed) else answer.failed.get(slot)
    if failure is not None:
        if last:
            rule.fail(slot, failure)
        return ()
    assert isinstance(answer, RangeReturned)
    observed = answer.observed.get(slot, _NOTHING)
    if not (observed or rule.alerts or last):
        return ()
    event = QueryReturned(rule.rule.key, slot, observed, answer.partial, answer.seconds, answer.warnings, shared=answer.shared)
    return list(rule.answer(event, group.group.limit))


def _as_missed(change: Change, first: datetime) -> Change:
    """The same change, saying so when an alert is over that began to fire within the gap."""
    before, after = change.before, change.after
    if before is None or before.state is not State.FIRING or (after is not None and after.state is not State.INACTIVE):
        return change
    began = before.fired_at
    return change._replace(why=MISSED) if began is not None and began > first and not change.why else change


def _slots(group: GroupEvaluation) -> Iterator[datetime]:
    assert group.owed is not None
    assert group.slot is not None
    slot = group.owed
    while slot <= group.slot:
        yield slot
        slot += group.group.interval


def failure_of(answer: RangeReturned | RangeFailed) -> Failure | None:
    """Why the last slot of a range could not be evaluated; None when it was."""
    return answer.failure if isinstance(answer, RangeFailed) else answer.failed.get(answer.last)


def _unreachable(answer: RangeReturned | RangeFailed) -> bool:
    return isinstance(answer, RangeFailed) and answer.failure.kind.of_datasource


def _newest(group: GroupEvaluation) -> datetime | None:
    """When the life of any alert of the group last changed, as far as it is remembered."""
    lives = (tracked.life for rule in group.rules.values() for tracked in rule.alerts.values())
    return max(
        (at for life in lives for at in (life.active_at, life.fired_at, life.resolved_at) if at is not None), default=None
    )
