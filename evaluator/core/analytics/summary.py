"""Everything about a stretch of time, for reports, metrics and APIs alike: one value, from which all of them read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.alerts import Restless
from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.coverage import Coverage
from evaluator.core.analytics.dead import DeadRules
from evaluator.core.analytics.fatigue import TOP, Fatigue, fatigue
from evaluator.core.analytics.interruptions import Interruptions, interruptions
from evaluator.core.analytics.noise import Noise, RuleLoad, loads, noise
from evaluator.core.analytics.samples import Sample, sample
from evaluator.core.frozen import frozen
from evaluator.core.incidents.records import IncidentRecord, Resolution


@frozen
class Summary:
    """Incidents opened from `start` until just before `stop`. excluded: drills, and those that were closed as stale.

    detect: from the first sample over the threshold to the opening, where the rule says when that was. notify, acknowledge,
    acknowledge_from_start, resolve: see `Case`; what never came is in `resolve` an incident that is still open. people: also of
    incidents that were closed as stale, for people were woken. by_level: answers by the highest level that had been told.
    escalated: incidents in which a level above the first was told; again: in which the ladder began more than once.
    unacknowledged: those that somebody was paged for and nobody ever answered to; flapping: of those that began again.
    told_by_level: incidents in which that level was told, or one above it; acknowledge_by_level: of answers, by which level had
    been told last. concentration: the share of pages from the ten worst rules; None without pages. restless: what alerts did by
    themselves. coverage: of schedules in this time. dead: rules, as of now.
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
    told_by_level: Mapping[int, int]
    acknowledge_by_level: Mapping[int, Sample]
    concentration: float | None
    restless: Restless
    coverage: Sequence[Coverage]
    dead: DeadRules


def summarize(
    found: Iterable[Case],
    start: datetime,
    stop: datetime,
    zones: Mapping[str, ZoneInfo],
    restless: Restless | None = None,
    coverage: Sequence[Coverage] = (),
    dead: DeadRules | None = None,
) -> Summary:
    """Of all incidents of that time. zones: of people. The rest is of alerts, schedules and rules."""
    everything = [case for case in found if start <= case.incident.opened_at < stop]
    told = [case for case in everything if case.counts]
    people = interruptions((case for case in everything if not case.drill), zones)
    paged = [case for case in told if case.paged_at is not None]
    by_hand = sum(case.incident.resolution is Resolution.MANUAL for case in told)
    detected = [took for case in told if (took := case.to_detect) is not None]
    ranked = loads(told)
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
        ranked[:TOP],
        fatigue(told, people, max(stop - start, timedelta(0))),
        [case.incident for case in told if case.paged_at is not None and not case.ever_answered],
        [case.incident for case in told if case.incident.flaps],
        {level: sum(case.levels > level for case in told) for level in range(max((case.levels for case in told), default=0))},
        _by_level(told),
        sum(load.share for load in ranked[:TOP]) if any(load.pages for load in ranked) else None,
        restless or Restless(start),
        coverage,
        dead or DeadRules(),
    )


def _by_level(told: Iterable[Case]) -> dict[int, Sample]:
    answered: defaultdict[int, list[timedelta]] = defaultdict(list)
    for case in told:
        if (level := case.answered_at_level) is not None and (took := case.to_acknowledge) is not None:
            answered[level].append(took)
    return {level: sample(answered[level]) for level in sorted(answered)}
