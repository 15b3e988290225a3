"""What is exported about incidents: how many there are, what becomes of them, and whether the ladders climb as promised.

Labels are of a bounded number: states, kinds of events, ways by which people are told. Who is paged, and by which rules, is in
the analytics, where it may have as many names as there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator.core.engine import Machine
from evaluator.core.incidents.confirming import PATIENCE
from evaluator.core.incidents.incidents import Incidents
from evaluator.core.incidents.records import Happening, IncidentRecord, IncidentState, PageState
from evaluator.service.analytics_families import analytics_families
from evaluator.service.incident_counts import OUTCOMES, Durations, IncidentCounts, way_of

GRACE = PATIENCE + timedelta(minutes=1)
"""Nothing is overdue before: a level may wait for its rule to be asked once more."""

OPEN = tuple(state for state in IncidentState if state is not IncidentState.RESOLVED)


def incident_families(machine: Machine, counts: IncidentCounts, now: datetime) -> Iterator[Metric]:
    """All of them; counters begin at zero for whatever may happen."""
    yield _states(machine)
    yield _events(counts)
    yield _pages(machine, counts)
    yield _histogram(
        "acknowledge",
        "How long after the first page of an incident was accepted somebody acknowledged it or put it off; without drills.",
        counts.acknowledge,
    )
    yield _histogram(
        "resolve",
        "How long incidents lasted until their alerts were over; without those that were ended by hand, and drills.",
        counts.resolve,
    )
    overdue = GaugeMetricFamily(
        "evaluator_escalations_overdue",
        "How many open incidents have a level, a page or another step of their ladder that was due two minutes ago or earlier.",
    )
    overdue.add_metric([], sum(_overdue(machine.incidents, record, now) for record in machine.incidents.table.values()))
    yield overdue
    yield from _calendars(machine)
    if counts.summary is not None:
        yield from analytics_families(counts.summary)


def _states(machine: Machine) -> Metric:
    family = GaugeMetricFamily("evaluator_incidents", "How many incidents are open in each state.", labels=["state", "held"])
    found = Counter((record.state, bool(record.holds)) for record in machine.incidents.table.values())
    for state in OPEN:
        for held in (False, True):
            family.add_metric([str(state), str(held).lower()], found[state, held])
    return family


def _events(counts: IncidentCounts) -> Metric:
    text = "How many entries of each kind the timelines of incidents have got: opened, acked, skipped, exhausted and so on."
    family = CounterMetricFamily("evaluator_incident_events", text, labels=["event"])
    for what in Happening:
        family.add_metric([str(what)], counts.moments[what])
    return family


def _pages(machine: Machine, counts: IncidentCounts) -> Metric:
    text = "How many pages were accepted, refused for good, or taken back before they were sent, by way."
    family = CounterMetricFamily("evaluator_pages", text, labels=["way", "outcome"])
    ways = {way_of(one.name) for contact in machine.settings.ladders.contacts for one in contact.integrations}
    known = {(way, str(outcome)) for way in ways for outcome in OUTCOMES}
    for key in sorted({*counts.pages, *known}):
        family.add_metric(list(key), counts.pages[key])
    return family


def _histogram(name: str, text: str, spans: Durations) -> Metric:
    family = HistogramMetricFamily(f"evaluator_incident_{name}_seconds", text)
    buckets = [("+Inf" if bound == float("inf") else str(bound), count) for bound, count in spans.buckets]
    family.add_metric([], buckets, spans.total)
    return family


def _calendars(machine: Machine) -> Iterator[Metric]:
    text = "Whether the calendar of a layer of a schedule could be read when it was last tried; what it said before counts."
    family = GaugeMetricFamily("evaluator_calendar_readable", text, labels=["schedule", "layer"])
    for (schedule, layer), standing in sorted(machine.overrides.calendars.items()):
        family.add_metric([schedule, str(layer)], 0 if standing.error else 1)
    text = "When the calendar of a layer of a schedule was last read, in this life of the process; not there before."
    read = GaugeMetricFamily("evaluator_calendar_read_timestamp_seconds", text, labels=["schedule", "layer"])
    for (schedule, layer), standing in sorted(machine.overrides.calendars.items()):
        if standing.read_at is not None:
            read.add_metric([schedule, str(layer)], standing.read_at.timestamp())
    yield family
    yield read


def _overdue(incidents: Incidents, record: IncidentRecord, now: datetime) -> bool:
    """Whether anything should have happened long ago."""
    if not record.open:
        return False
    due = incidents.next_step(record)
    if due is not None and due.at + GRACE <= now:
        return True
    pages = incidents.pages_of(record.number) if not record.holds else []
    return any(page.state is PageState.PLANNED and page.due_at + GRACE <= now for page in pages)
