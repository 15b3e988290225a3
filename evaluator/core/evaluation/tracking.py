"""The alerts of one rule: what an answer makes of them.

An alert that is known is stepped (`alert`), one that is new begins, and what changed is given to whoever asked.

Departures from Prometheus' ruler, all for the same reason, that no answer is not an empty answer: a failed query leaves
every alert as it is *and firing ones stay asserted*; in a partial answer the absent series prove nothing, so what is there
is applied and nothing resolves; a rule over its `limit` keeps the alerts that it has and admits no new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from evaluator.core.evaluation.alert import Life, step
from evaluator.core.evaluation.answers import Failure, Histogram
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.events import Observation, QueryReturned
from evaluator.core.labels import Labels
from evaluator.core.records import Annotations, Pairs, RuleAlertRecord, State


class Health(StrEnum):
    """Of a rule: whether its last evaluation worked."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERR = "err"


@dataclass(slots=True)
class Tracked:
    """An alert that a rule follows. texts: annotations that had to be made in the slot; None when they are made later.

    sent_at: the slot at which it was last forwarded to the Alertmanagers, since the start. at_firing: the value with which it
    began to fire.
    """

    rule: AlertingRule
    labels: Labels
    life: Life
    series: Labels
    value: float
    histogram: Histogram | None = None
    texts: Pairs | None = None
    sent_at: datetime | None = None
    at_firing: float | None = None
    _told: Annotations | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def annotations(self) -> Annotations:
        """As they stand after the last evaluation that saw the alert: the very same object until something is different."""
        told = self._told
        if told is None or self._moved(told):
            told = Annotations(self.rule.annotations, self.series, self.value, self.histogram, self.texts, self.at_firing)
            self._told = told
        return told

    def _moved(self, told: Annotations) -> bool:
        same_value = told.value is self.value or (told.value == self.value != 0)  # 0 and -0 read differently
        return (
            not same_value
            or told.templates is not self.rule.annotations
            or told.series != self.series
            or told.histogram != self.histogram
            or told.expanded != self.texts
            or told.at_firing is not self.at_firing
        )

    def record(self) -> RuleAlertRecord:
        """This alert as it is kept."""
        life = self.life
        return RuleAlertRecord(
            self.rule.key,
            self.labels,
            life.state,
            life.active_at,
            self.annotations,
            life.fired_at,
            life.resolved_at,
            life.keep_firing_since,
        )

    def lives(self, after: Life) -> None:
        """Its life goes on like this; what it began to fire with is remembered."""
        if after.state is State.FIRING and self.life.state is not State.FIRING and self.histogram is None:
            self.at_firing = self.value
        self.life = after

    def see(self, observation: Observation) -> None:
        """Take over what the newest answer says; identity and clocks are not its business."""
        self.series = observation.series
        self.value = observation.value
        self.histogram = observation.histogram
        self.texts = observation.annotations


class Change(NamedTuple):
    """An alert whose life changed. before: None for a new one; after: None for one that is forgotten."""

    tracked: Tracked
    before: Life | None
    after: Life | None
    at: datetime
    why: str = ""


@dataclass(slots=True)
class RuleEvaluation:
    """An alerting rule, its alerts and how its evaluations go.

    failures: evaluations in a row that failed. shared: how many rules the last request answered; `seconds` is then a share.
    refused: new alerts that the limit kept out
    at the last evaluation. answered_at: slot of the last one that did not fail.
    """

    rule: AlertingRule
    alerts: dict[Labels, Tracked] = field(default_factory=dict)
    health: Health = Health.UNKNOWN
    error: str = ""
    failures: int = 0
    evaluated_at: datetime | None = None
    seconds: float = 0.0
    series: int = 0
    refused: int = 0
    warnings: tuple[str, ...] = ()
    shared: int = 1
    answered_at: datetime | None = None
    _settled: tuple[Mapping[Labels, Observation], AlertingRule] | None = field(default=None, repr=False, compare=False)

    def answer(self, event: QueryReturned, limit: int) -> Sequence[Change]:
        """Apply an answer; gives the alerts whose life changed."""
        self.health, self.error, self.failures, self.refused = Health.OK, "", 0, 0
        self.evaluated_at, self.seconds, self.series = event.slot, event.seconds, len(event.observed)
        self.warnings, self.shared, self.answered_at = event.warnings, event.shared, event.slot
        if not event.observed and not self.alerts:
            return ()
        if self._settled is not None and self._settled[0] is event.observed and self._settled[1] is self.rule:
            return ()
        changes = self._follow(event)
        changes += self._admit(event, limit)
        self._settled = (event.observed, self.rule) if not changes and self._all_fire(event.observed) else None
        return changes

    def _all_fire(self, observed: Mapping[Labels, Observation]) -> bool:
        """Whether these are the alerts that there are, and all of them fire, so that seeing the same again changes nothing."""
        lives = (tracked.life for tracked in self.alerts.values())
        return self.alerts.keys() == observed.keys() and all(life.state is State.FIRING for life in lives)

    def fail(self, slot: datetime, failure: Failure) -> None:
        """There was no usable answer: every alert stays as it is."""
        self.health, self.error = Health.ERR, failure.message
        self.failures += 1
        self.evaluated_at, self.seconds, self.shared = slot, failure.seconds, 1

    @property
    def state(self) -> str:
        """The gravest state among the alerts; `unknown` before the first evaluation."""
        if self.evaluated_at is None and not self.alerts:
            return "unknown"
        states = {tracked.life.state for tracked in self.alerts.values()}
        return next((str(state) for state in (State.FIRING, State.PENDING) if state in states), "inactive")

    def _follow(self, event: QueryReturned) -> list[Change]:
        """Step every alert that is known, unless the answer shows that it starts anew or says nothing of it."""
        changes: list[Change] = []
        for labels, tracked in list(self.alerts.items()):
            seen = event.observed.get(labels)
            if seen is None:
                if event.partial and tracked.life.state is not State.INACTIVE:
                    continue
            elif tracked.life.state is State.INACTIVE:
                continue
            else:
                tracked.see(seen)
            before = tracked.life
            after = step(before, seen is not None, event.slot, self.rule.hold, self.rule.keep_firing_for)
            if after is before:
                continue
            if after is None:
                del self.alerts[labels]
            else:
                tracked.lives(after)
            changes.append(Change(tracked, before, after, event.slot))
        return changes

    def _admit(self, event: QueryReturned, limit: int) -> list[Change]:
        """Start following what is new, as far as the limit allows; which ones get in does not depend on their order."""
        fresh = [labels for labels in event.observed if self._is_new(labels)]
        if limit > 0 and fresh:
            active = sum(tracked.life.state is not State.INACTIVE for tracked in self.alerts.values())
            room = max(0, limit - active)
            if len(fresh) > room:
                self.refused = len(fresh) - room
                self.health = Health.ERR
                total = active + len(fresh)
                self.error = f"exceeded limit of {limit} with {total} alerts: {self.refused} new ones refused"
                fresh = sorted(fresh)[:room]
        return [self._start(labels, event.observed[labels], event.slot) for labels in fresh]

    def _is_new(self, labels: Labels) -> bool:
        tracked = self.alerts.get(labels)
        return tracked is None or tracked.life.state is State.INACTIVE

    def _start(self, labels: Labels, seen: Observation, slot: datetime) -> Change:
        life = step(None, True, slot, self.rule.hold, self.rule.keep_firing_for)
        assert life is not None
        former = self.alerts.get(labels)
        tracked = Tracked(self.rule, labels, life, seen.series, seen.value, seen.histogram, seen.annotations)
        tracked.at_firing = seen.value if life.state is State.FIRING and seen.histogram is None else None
        self.alerts[labels] = tracked
        return Change(tracked, former.life if former else None, life, slot)
