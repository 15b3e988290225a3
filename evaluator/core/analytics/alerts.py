"""What alerts do by themselves, whether anybody was called for them or not: those that flap, chatter, or never end.

An alert flaps when its score (see `flapping`) exceeded the high mark at one of its turns; it chatters when it began to fire
three times within a minute, as ISA-18.2 counts it, and is stale when it has fired for more than a day. Each is said of one
alert, with its labels, and of its rule with the worst of its alerts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from evaluator.core.analytics.flapping import HIGH, turn_score
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.records import State, Transition

CHATTER = 3
WITHIN = timedelta(minutes=1)
"""So many beginnings in such a time are chatter."""
STALE = timedelta(hours=24)


@frozen
class AlertTurns:
    """One alert of one rule in a stretch of time. began: how often it began to fire. turns: beginnings and ends.

    score: the highest that it came to, in percent. chatters: three beginnings within a minute. since: from when on it fires,
    if it still does.
    """

    rule: str
    labels: Labels
    began: int
    turns: int
    score: float
    chatters: bool
    since: datetime | None = None

    @property
    def flaps(self) -> bool:
        """Whether it changed its mind too often."""
        return self.score > HIGH


@frozen
class RuleTurns:
    """A rule, with the worst that any of its alerts came to. days: of the stretch that its turns are of."""

    rule: str
    alerts: int
    began: int
    turns: int
    score: float
    chatters: int
    per_day: float


@frozen
class Restless:
    """since: from when on history is kept. flapping, chattering: alerts, the worst first. stale: those that fire longest."""

    since: datetime
    flapping: Sequence[AlertTurns] = ()
    chattering: Sequence[AlertTurns] = ()
    stale: Sequence[AlertTurns] = ()
    rules: Sequence[RuleTurns] = ()


def restless(changes: Iterable[Transition], firing: Iterable[AlertTurns], start: datetime, stop: datetime) -> Restless:
    """Of changes of state in a stretch of time, in any order, and of what fires at its end."""
    turns: defaultdict[tuple[str, Labels], list[tuple[datetime, bool]]] = defaultdict(list)
    for change in changes:
        if start <= change.at < stop and (State.FIRING in (change.before, change.after)):
            turns[change.rule, change.labels].append((change.at, change.after is State.FIRING))
    alerts = [_alert(rule, labels, sorted(some)) for (rule, labels), some in turns.items()]
    worst = sorted(alerts, key=lambda one: (-one.score, -one.turns, one.rule, str(one.labels)))
    long = (one for one in firing if one.since is not None and stop - one.since > STALE)
    return Restless(
        start,
        [one for one in worst if one.flaps],
        [one for one in worst if one.chatters],
        sorted(long, key=lambda one: (one.since or stop, one.rule, str(one.labels))),
        _rules(worst, stop - start),
    )


def still(rule: str, labels: Labels, since: datetime) -> AlertTurns:
    """An alert that fires, of which no more is known than since when."""
    return AlertTurns(rule, labels, 0, 0, 0.0, False, since)


def _alert(rule: str, labels: Labels, turns: Sequence[tuple[datetime, bool]]) -> AlertTurns:
    instants = [at for at, _ in turns]
    began = [at for at, firing in turns if firing]
    score = max(turn_score(instants[: number + 1], at) for number, at in enumerate(instants))
    chatters = any(later - at <= WITHIN for at, later in zip(began, began[CHATTER - 1 :], strict=False))
    return AlertTurns(rule, labels, len(began), len(turns), score, chatters)


def _rules(alerts: Sequence[AlertTurns], length: timedelta) -> list[RuleTurns]:
    by_rule: defaultdict[str, list[AlertTurns]] = defaultdict(list)
    for alert in alerts:
        by_rule[alert.rule].append(alert)
    days = max(length / timedelta(days=1), 1 / 24)
    found = []
    for rule, some in by_rule.items():
        turns = sum(one.turns for one in some)
        chatters = sum(one.chatters for one in some)
        began, score = sum(one.began for one in some), max(one.score for one in some)
        found.append(RuleTurns(rule, len(some), began, turns, score, chatters, turns / days))
    return sorted(found, key=lambda one: (-one.score, -one.turns, one.rule))
