"""What is exported about what keeps notifications back: silences, maintenance windows, and destinations with a rate limit.

A silence that nobody remembers, and a storm that nobody sees end, look on every other graph like a quiet night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator.core.engine import Machine
from evaluator.core.muting.silence import SilenceState
from evaluator.service.family_shapes import gauge


def holding_families(machine: Machine, now: datetime) -> Iterator[Metric]:
    """All of it. Silences have Alertmanager's states; a window's is that of the occurrence that is on or comes next."""
    silences = Counter(silence.state(now) for silence in machine.silencing.silences)
    yield _by_state("evaluator_silences", "How many silences there are in each state, those of windows included.", silences)
    text = "How many maintenance windows are on (active), will come again (pending), or will not (expired)."
    yield _by_state("evaluator_maintenance_windows", text, _windows(machine, now))
    waiting = sum(row.paced for row in machine.dispatch.outbox)
    text = "How many notifications of the outbox wait for their turn at a destination with a rate limit."
    yield gauge("evaluator_outbox_rows_awaiting_turn", text, waiting)
    text = "How many destinations were told of many groups in one message, and not yet that this is over."
    yield gauge("evaluator_storms", text, len(machine.dispatch.storms))


def _windows(machine: Machine, now: datetime) -> Counter[SilenceState]:
    silencing = machine.silencing
    states = {window.id: SilenceState.EXPIRED for window in silencing.windows}
    for ident, window in silencing.opened().items():
        silence = silencing.silences.get(ident)
        if silence is not None and states[window.id] is not SilenceState.ACTIVE:
            states[window.id] = silence.state(now)
    return Counter(states.values())


def _by_state(name: str, text: str, counts: Counter[SilenceState]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state in SilenceState:
        family.add_metric([str(state)], counts[state])
    return family
