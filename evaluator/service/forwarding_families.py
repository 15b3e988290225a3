"""What is exported about forwarding: Prometheus' families about its Alertmanagers, under names of our own.

Under Prometheus' names the evaluator's integrations are shown, which are what it tells people by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator.service.counts import Counts, Spans

QUANTILES = (0.5, 0.9, 0.99)
_LABEL = "alertmanager"
_COUNTED = (
    ("sent", "How many alerts were posted to the Alertmanager, failed posts included.", "forwarded"),
    ("errors", "How many alerts were posted to the Alertmanager and not accepted.", "forward_errors"),
    ("dropped", "How many alerts the Alertmanager missed: not accepted, or dropped from a full queue.", "forward_drops"),
)


def forwarding(counts: Counts, waiting: Mapping[str, int], capacity: int) -> Iterator[Metric]:
    """waiting: alerts in the queue of each Alertmanager. capacity: of one queue."""
    for name, text, field in _COUNTED:
        counter = CounterMetricFamily(f"evaluator_forwarding_{name}", text, labels=[_LABEL])
        for url in waiting:
            counter.add_metric([url], getattr(counts, field)[(url,)])
        yield counter
    length = GaugeMetricFamily(
        "evaluator_forwarding_queue_length", "How many alerts wait to be posted to the Alertmanager.", labels=[_LABEL]
    )
    for url, alerts in waiting.items():
        length.add_metric([url], alerts)
    yield length
    yield _gauge("queue_capacity", "How many alerts may wait for one Alertmanager before the oldest are dropped.", capacity)
    yield _gauge("alertmanagers", "How many Alertmanagers alerts are forwarded to.", len(waiting))
    yield _latency(counts, waiting)


def _latency(counts: Counts, waiting: Mapping[str, int]) -> SummaryMetricFamily:
    name = "evaluator_forwarding_latency_seconds"
    text = "How long the Alertmanager took to answer posts; quantiles are of the newest thousand."
    summary = SummaryMetricFamily(name, text, labels=[_LABEL])
    for url in waiting:
        spans = counts.forward_seconds.get((url,), Spans())
        for share, seconds in spans.quantiles(QUANTILES).items():
            summary.add_sample(name, {_LABEL: url, "quantile": str(share)}, seconds)
        summary.add_metric([url], count_value=spans.count, sum_value=spans.total)
    return summary


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"evaluator_forwarding_{name}", text)
    gauge.add_metric([], value)
    return gauge
