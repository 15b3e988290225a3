"""Figures about a stretch of time, from what the store has kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.cases import cases
from evaluator.core.analytics.report import AHEAD, Gap, Report
from evaluator.core.analytics.summary import Summary, summarize
from evaluator.core.engine import Machine
from evaluator.core.incidents.records import Moment
from evaluator.core.oncall import CalendarLayer, gaps
from evaluator.core.people import Duty
from evaluator.store.base import Store

MOST = 100_000
"""Incidents that figures are of; the newest of a stretch that has more."""
MANY = 1_000_000
"""Their pages and lines of their timelines."""

_INSTANT = timedelta(microseconds=1)


def gather(store: Store, duty: Duty, start: datetime, stop: datetime) -> Summary:
    """Of incidents that opened from `start` until just before `stop`, as they are now. Raises StoreError."""
    incidents = store.incidents(since=start, until=stop, limit=MOST)
    zones = {person.key: person.zone for person in duty.people}
    if not incidents:
        return summarize((), start, stop, zones)
    until = max(one.updated_at for one in incidents) + _INSTANT
    moments = store.history(Moment, since=start, until=until, limit=MANY)
    pages = store.pages(since=start, until=until, limit=MANY)
    return summarize(cases(incidents, reversed(moments), pages), start, stop, zones)


def report(summary: Summary, machine: Machine, now: datetime, zone: ZoneInfo) -> Report:
    """For people. Schedules that follow other people's calendars are not looked at: those may change any day."""
    duty = machine.settings.duty
    ahead = [
        Gap(schedule.name, *gap)
        for schedule in duty.schedules
        if not any(isinstance(layer, CalendarLayer) for layer in schedule.layers)
        for gap in gaps(schedule, now, now + AHEAD, duty.absences, machine.overrides.of(schedule.name))
    ]
    names = {person.key: person.name for person in duty.people}
    return Report(summary, names, sorted(ahead, key=lambda one: one.start), zone)
