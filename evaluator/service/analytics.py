"""Figures about a stretch of time, from what the store has kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.alerts import AlertTurns, restless, still
from evaluator.core.analytics.cases import cases
from evaluator.core.analytics.coverage import coverage
from evaluator.core.analytics.dead import dead_rules
from evaluator.core.analytics.report import AHEAD, Gap, Report
from evaluator.core.analytics.summary import Summary, summarize
from evaluator.core.engine import Machine
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.evaluation.tracking import Tracked
from evaluator.core.frozen import frozen
from evaluator.core.incidents.reach import PERSON
from evaluator.core.incidents.records import Moment
from evaluator.core.oncall.oncall import CalendarLayer, Override, Schedule, gaps
from evaluator.core.oncall.people import Duty
from evaluator.core.records import FiringRecord, State, Transition
from evaluator.store.base import Store

MOST = 100_000
"""Incidents that figures are of; the newest of a stretch that has more."""
MANY = 1_000_000
"""Their pages and lines of their timelines."""

CHANGES = 100_000
"""Changes of state of alerts; the newest where there are more."""

_INSTANT = timedelta(microseconds=1)


@frozen
class Present:
    """What the machine knows now, taken from it at one instant. firing: alerts of rules, with since when they do."""

    now: datetime
    duty: Duty
    reachable: frozenset[str]
    overrides: Mapping[str, Sequence[Override]]
    rules: Sequence[AlertingRule]
    firings: Mapping[str, FiringRecord]
    firing: Sequence[AlertTurns]


def present(machine: Machine, now: datetime) -> Present:
    """For use in another thread."""
    duty = machine.settings.duty
    rules = [one for group in machine.groups.values() for one in group.rules.values()]
    alerts = [alert for rule in rules for alert in rule.alerts.values()]
    return Present(
        now,
        duty,
        frozenset(one.name.removeprefix(PERSON) for one in machine.settings.ladders.contacts if one.integrations),
        {schedule.name: tuple(machine.overrides.of(schedule.name)) for schedule in duty.schedules},
        [rule.rule for rule in rules],
        dict(machine.firings.table),
        [still(one.rule.key, one.labels, one.life.fired_at) for one in alerts if _fires(one) and one.life.fired_at],
    )


def gather(store: Store, known: Present, start: datetime, stop: datetime) -> Summary:
    """Of incidents that opened from `start` until just before `stop`, as they are now. Raises StoreError."""
    incidents = store.incidents(since=start, until=stop, limit=MOST)
    zones = {person.key: person.zone for person in known.duty.people}
    until = max((one.updated_at for one in incidents), default=stop) + _INSTANT
    moments = store.history(Moment, since=start, until=until, limit=MANY) if incidents else []
    pages = store.pages(since=start, until=until, limit=MANY) if incidents else []
    changes = store.history(Transition, since=start, until=stop, limit=CHANGES)
    since = changes[-1].at if len(changes) == CHANGES else start
    over = max(start, min(stop, known.now))
    return summarize(
        cases(incidents, reversed(moments), pages),
        start,
        stop,
        zones,
        restless(changes, known.firing if stop >= known.now else (), since, over),
        coverage(known.duty.schedules, start, over, known.duty.absences, known.overrides.__getitem__, known.reachable),
        dead_rules(known.rules, known.firings, known.now),
    )


def _known(schedule: Schedule, machine: Machine) -> bool:
    """Whether all of its calendars have been read, now or before the start."""
    shifts = {one.layer for one in machine.overrides.of(schedule.name)}
    known = machine.overrides.calendars.items()
    read = {layer for (name, layer), standing in known if name == schedule.name and standing.read_at}
    layers = {number for number, layer in enumerate(schedule.layers, 1) if isinstance(layer, CalendarLayer)}
    return layers <= shifts | read


def _fires(tracked: Tracked) -> bool:
    return tracked.life.state is State.FIRING


def report(summary: Summary, machine: Machine, now: datetime, zone: ZoneInfo) -> Report:
    """For people. A calendar that somebody else keeps counts as it was last read; one that never was is not looked at."""
    duty = machine.settings.duty
    ahead = [
        Gap(schedule.name, *gap)
        for schedule in duty.schedules
        if _known(schedule, machine)
        for gap in gaps(schedule, now, now + AHEAD, duty.absences, machine.overrides.of(schedule.name))
    ]
    names = {person.key: person.name for person in duty.people}
    return Report(summary, names, sorted(ahead, key=lambda one: one.start), zone)
