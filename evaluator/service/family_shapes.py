"""Families of metrics, made: what they have in common, whatever they count.

A counter whose labels are known beforehand is there from the start, at zero: an increase from nothing is none, and the first
failure would go unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily

from evaluator.service.counts import Key, Spans


def counter(
    name: str, text: str, labels: Sequence[str], counts: Mapping[Key, int], known: Iterable[Key] = ()
) -> CounterMetricFamily:
    """A counter with a series for everything that was counted, and for everything that may be."""
    family = CounterMetricFamily(name, text, labels=list(labels))
    for key in sorted({*counts, *known}):
        family.add_metric(list(key), counts.get(key, 0))
    return family


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    """A single value."""
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family


def summary(
    name: str, text: str, quantiles: Sequence[float], labels: Sequence[str], spans: Mapping[Key, Spans]
) -> SummaryMetricFamily:
    """How long something took: quantiles, counts and sums, with a series for each key of `spans`."""
    family = SummaryMetricFamily(name, text, labels=list(labels))
    for key, each in spans.items():
        for share, seconds in each.quantiles(quantiles).items():
            family.add_sample(name, {**dict(zip(labels, key, strict=True)), "quantile": str(share)}, seconds)
        family.add_metric(list(key), count_value=each.count, sum_value=each.total)
    return family
