"""What is exported of notifications: what waits, how attempts ended, what was decided, and Prometheus' names for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from math import inf

from prometheus_client.metrics_core import Metric

from evaluator.core.engine import Machine
from evaluator.core.notifying.dedup import Reason
from evaluator.core.records import State
from evaluator.service.counts import Counts, Key, Spans
from evaluator.service.family_shapes import counter, gauge, summary

OUTCOMES = ("accepted", "failed", "refused")
GONE = "gone"
QUANTILES = (0.5, 0.9, 0.99)

EXPANSIONS = (
    "How many texts of rules were filled in: labels for each series of an answer, annotations for each alert of a notification."
)
CAPACITY = "How many notifications may wait in the outbox: always +Inf, it has no limit."


def delivery_families(machine: Machine, counts: Counts, now: datetime) -> Iterator[Metric]:
    """All that concerns telling receivers."""
    waiting = machine.dispatch.outbox
    oldest = max(((now - row.created_at).total_seconds() for row in waiting), default=0.0)
    yield gauge("evaluator_outbox_rows", "How many notifications wait to be accepted by their receivers.", len(waiting))
    yield gauge(
        "evaluator_oldest_undelivered_notification_seconds",
        "How long the oldest notification that is not yet accepted has waited; 0 when none waits.",
        max(0.0, oldest),
    )
    yield from _outcomes(machine, counts)
    yield from _texts(counts)
    yield from _notifier(machine, counts, len(waiting))


def _outcomes(machine: Machine, counts: Counts) -> Iterator[Metric]:
    yield counter(
        "evaluator_notifications",
        "How many attempts to deliver a notification ended in each way.",
        ("receiver", "integration", "outcome"),
        counts.attempts,
        [(receiver, name, outcome) for receiver, name in _integrations(machine) for outcome in OUTCOMES],
    )
    yield counter(
        "evaluator_decisions",
        "How many decisions to notify or not to notify a receiver there were, by reason.",
        ("reason",),
        counts.decisions,
        [(str(reason),) for reason in Reason],
    )
    yield counter(
        "evaluator_transitions",
        "How often alerts changed to each state; gone is the end of an alert.",
        ("to",),
        counts.transitions,
        [(str(state),) for state in (*State, GONE)],
    )


def _texts(counts: Counts) -> Iterator[Metric]:
    yield counter(
        "prometheus_template_text_expansion_failures",
        "How many notifications were sent with a template's error in place of its text.",
        (),
        {(): counts.template_failures},
    )
    yield counter("prometheus_template_text_expansions", EXPANSIONS, (), {(): counts.expansions})


def _notifier(machine: Machine, counts: Counts, waiting: int) -> Iterator[Metric]:
    """Prometheus' families about its Alertmanagers; here those are the integrations, and what is counted are notifications."""
    sent: Counter[Key] = Counter()
    errors: Counter[Key] = Counter()
    for (receiver, integration, outcome), count in counts.attempts.items():
        sent[(f"{receiver}/{integration}",)] += count
        errors[(f"{receiver}/{integration}",)] += count if outcome != "accepted" else 0
    known = [(f"{receiver}/{integration}",) for receiver, integration in _integrations(machine)]
    labels = ("alertmanager",)
    yield counter(
        "prometheus_notifications_sent",
        "How many notifications were handed to the integration, failed attempts included.",
        labels,
        sent,
        known,
    )
    yield counter(
        "prometheus_notifications_errors",
        "How many attempts to deliver a notification were not accepted by the integration.",
        labels,
        errors,
        known,
    )
    yield counter(
        "prometheus_notifications_dropped",
        "Always 0: notifications are never dropped for lack of room, they wait in the outbox.",
        (),
        {(): 0},
    )
    yield gauge("prometheus_notifications_queue_length", "How many notifications wait in the outbox.", waiting)
    yield gauge("prometheus_notifications_queue_capacity", CAPACITY, inf)
    seconds = {key: counts.attempt_seconds.get(key, Spans()) for key in sorted({*known, *counts.attempt_seconds})}
    text = "How long the integration took to answer attempts at deliveries; quantiles are of the newest thousand."
    yield summary("prometheus_notifications_latency_seconds", text, QUANTILES, labels, seconds)
    yield gauge(
        "prometheus_notifications_alertmanagers_discovered", "How many integrations all receivers have together.", len(known)
    )


def _integrations(machine: Machine) -> Iterator[tuple[str, str]]:
    for receiver in machine.settings.told:
        yield from ((receiver.name, integration.name) for integration in receiver.integrations)
