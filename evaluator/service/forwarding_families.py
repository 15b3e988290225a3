"""What is exported about forwarding: Prometheus' families about its Alertmanagers, under names of our own.

Under Prometheus' names the evaluator's integrations are shown, which are what it tells people by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator.service.counts import Counts, Key, Spans
from evaluator.service.family_shapes import gauge, summary

QUANTILES = (0.5, 0.9, 0.99)
_LABEL = "alertmanager"
_COUNTED = (
    ("sent", "How many alerts were posted to the Alertmanager, failed posts included.", "forwarded"),
    ("errors", "How many alerts were posted to the Alertmanager and not accepted.", "forward_errors"),
    ("dropped", "How many alerts the Alertmanager missed: not accepted, or dropped from a full queue.", "forward_drops"),
)


def forwarding_families(counts: Counts, waiting: Mapping[str, int], capacity: int) -> Iterator[Metric]:
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
    text = "How many alerts may wait for one Alertmanager before the oldest are dropped."
    yield gauge("evaluator_forwarding_queue_capacity", text, capacity)
    yield gauge("evaluator_forwarding_alertmanagers", "How many Alertmanagers alerts are forwarded to.", len(waiting))
    text = "How long the Alertmanager took to answer posts; quantiles are of the newest thousand."
    seconds: dict[Key, Spans] = {(url,): counts.forward_seconds.get((url,), Spans()) for url in waiting}
    yield summary("evaluator_forwarding_latency_seconds", text, QUANTILES, (_LABEL,), seconds)
