"""Everything about a stretch of time, for reports, metrics and APIs alike: one value, from which all of them read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.fatigue import TOP, Fatigue, fatigue
from evaluator.core.analytics.interruptions import Interruptions, interruptions
from evaluator.core.analytics.noise import Noise, RuleLoad, loads, noise
from evaluator.core.analytics.samples import Sample, sample
from evaluator.core.incidents.records import IncidentRecord, Resolution


@dataclass(frozen=True, slots=True)
class Summary:
    """Incidents opened from `start` until just before `stop`. excluded: drills, and those that were closed as stale.

    detect: from the first sample over the threshold to the opening, where the rule says when that was. notify, acknowledge,
    acknowledge_from_start, resolve: see `Case`; what never came is in `resolve` an incident that is still open. people: also of
    incidents that were closed as stale, for people were woken. by_level: answers by the highest level that had been told.
    escalated: incidents in which a level above the first was told; again: in which the ladder began more than once.
    unacknowledged: those that somebody was paged for and nobody ever answered to; flapping: of those that began
    again.
    """

    start: datetime
    stop: datetime
    incidents: int
    excluded: int
    detect: Sample
    notify: Sample
    acknowledge: Sample
    acknowledge_from_start: Sample
    resolve: Sample
    by_level: Mapping[int, int]
    escalated: int
    again: int
    people: Sequence[Interruptions]
    noise: Noise
    rules: Sequence[RuleLoad]
    fatigue: Fatigue
    unacknowledged: Sequence[IncidentRecord]
    flapping: Sequence[IncidentRecord]


def summarize(
    found: Iterable[Case],
    start: datetime,
    stop: datetime,
    zones: Mapping[str, ZoneInfo],
) -> Summary:
    """Of all incidents of that time. zones: of people."""
    everything = [case for case in found if start <= case.incident.opened_at < stop]
    told = [case for case in everything if case.counts]
    people = interruptions((case for case in everything if not case.drill), zones)
    paged = [case for case in told if case.paged_at is not None]
    by_hand = sum(case.incident.resolution is Resolution.MANUAL for case in told)
    detected = [took for case in told if (took := case.to_detect) is not None]
    levels = Counter(level for case in told if (level := case.answered_at_level) is not None)
    return Summary(
        start,
        stop,
        len(told),
        len(everything) - len(told),
        sample(detected, excluded=len(told) - len(detected)),
        sample(case.to_notify for case in told),
        sample((case.to_acknowledge for case in paged), excluded=len(told) - len(paged)),
        sample(case.to_acknowledge_from_start for case in told),
        sample((case.to_resolve for case in told if case.incident.resolution is not Resolution.MANUAL), excluded=by_hand),
        dict(sorted(levels.items())),
        sum(case.levels > 1 for case in told),
        sum(case.incident.epoch > 1 for case in told),
        people,
        noise(told),
        loads(told)[:TOP],
        fatigue(told, people, max(stop - start, timedelta(0))),
        [case.incident for case in told if case.paged_at is not None and not case.ever_answered],
        [case.incident for case in told if case.incident.flaps],
    )
