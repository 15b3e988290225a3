"""What the analytics of the last seven days came to, as metrics: looked up every five minutes, not counted.

Labels are of a bounded number: people, schedules and figures. Rules and alerts by name are in the analytics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator.core.analytics.interruptions import Part
from evaluator.core.analytics.report import figures
from evaluator.core.analytics.summary import Summary


def analytics_families(found: Summary) -> Iterator[Metric]:
    """All of them; what nothing is known of is not there."""
    yield from _times(found)
    yield _fatigue(found)
    yield _interruptions(found)
    yield from _shares(found)
    text = "How many alerts flapped or chattered in the last seven days, or have fired for more than a day."
    restless = GaugeMetricFamily("evaluator_restless_alerts", text, labels=["kind"])
    for kind in ("flapping", "chattering", "stale"):
        restless.add_metric([kind], len(getattr(found.restless, kind)))
    yield restless
    text = "How many rules have not fired for half a year, though they have been there for that long."
    yield GaugeMetricFamily("evaluator_dead_rules", text, value=len(found.dead.rules))


def _times(found: Summary) -> Iterator[Metric]:
    text = "How long it took in incidents of seven days: TTD, TTN, TTA, TTA from start and TTR, as median, p90 and mean."
    spans = GaugeMetricFamily("evaluator_incident_figure_seconds", text, labels=["figure", "statistic"])
    text = "How many incidents these times are of (n), in how many it never came to that, and how many are left out."
    counts = GaugeMetricFamily("evaluator_incident_figure_incidents", text, labels=["figure", "counted"])
    for name, _, one in figures(found):
        for statistic in ("median", "p90", "mean"):
            took = getattr(one, statistic)
            if took is not None:
                spans.add_metric([name, statistic], took.total_seconds())
        for counted in ("n", "never", "excluded"):
            counts.add_metric([name, counted], getattr(one, counted))
    yield spans
    yield counts


def _fatigue(found: Summary) -> Metric:
    text = "How many points each part adds to the fatigue score of the last seven days, which is 100 at worst."
    family = GaugeMetricFamily("evaluator_fatigue_points", text, labels=["part"])
    for part in fields(found.fatigue):
        family.add_metric([part.name], getattr(found.fatigue, part.name))
    return family


def _interruptions(found: Summary) -> Metric:
    text = "How often each person was called in the last seven days, pages within five minutes as one, by part of their week."
    family = GaugeMetricFamily("evaluator_interruptions", text, labels=["person", "part"])
    for one in found.people:
        for part in Part:
            family.add_metric([one.person, str(part)], one.parts.get(part, 0))
    return family


def _shares(found: Summary) -> Iterator[Metric]:
    text = "How large a share of the incidents of seven days was labelled, was transient, and of the labelled ones was noise."
    family = GaugeMetricFamily("evaluator_noise_share", text, labels=["kind"])
    transient = found.noise.transient / found.incidents if found.incidents else None
    for kind, share in (("noise", found.noise.share), ("labelled", found.noise.coverage), ("transient", transient)):
        if share is not None:
            family.add_metric([kind], share)
    yield family
    if found.concentration is not None:
        text = "How large a share of the pages of the last seven days came from the ten worst rules."
        yield GaugeMetricFamily("evaluator_top_rules_share", text, value=found.concentration)
    text = "How large a share of the time promised in the last seven days had somebody reachable on call."
    family = GaugeMetricFamily("evaluator_coverage_share", text, labels=["schedule"])
    for one in found.coverage:
        if one.share is not None:
            family.add_metric([one.schedule], one.share)
    yield family
