"""The service's own metrics.

Names and labels of the ruler's metrics are Prometheus' (`prometheus_rule_…`, label `rule_group`), so that its dashboards
and its mixin's alerts work; what it has no name for begins with `evaluator_`. Its native histograms (`…_histogram_seconds`)
are left out: the text format has no way to write them, and the summaries of the same durations are there.

Gauges are read from the machine when somebody scrapes; only what cannot be read there is counted as it happens (`counts`).
What is exported is put together in the modules called `…_families`, and for single rules in `rule_series`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from evaluator.core.effects import Deliver, Effect, Note, Save
from evaluator.core.engine import Machine
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.events import AlertsPosted, Delivered, Event, QueryFailed, QueryReturned, RangeFailed, RangeReturned
from evaluator.core.records import TEMPLATE_ERROR, Attempt, Decision, OutboxRecord, Transition
from evaluator.notify.forwarding.forwarder import CAPACITY
from evaluator.service.clock import Clock
from evaluator.service.counts import Counts
from evaluator.service.delivery_families import GONE
from evaluator.service.forwarding_families import forwarding_families
from evaluator.service.holding_families import holding_families
from evaluator.service.incident_counts import IncidentCounts
from evaluator.service.incident_families import incident_families
from evaluator.service.metric_families import configuration, families
from evaluator.service.rule_series import rule_series

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
FINE_SECONDS = (*(round(step * 10**power, 4) for power in (-3, -2, -1, 0) for step in (1, 1.5, 2, 3, 5, 7)), 10, 15, 20, 30, 60)
"""Close enough together that a quantile between them is right to about a fifth."""


class Metrics:
    """Counts what happens, and answers scrapes. `machine` is asked anew at each scrape."""

    def __init__(self, machine: Callable[[], Machine], clock: Clock) -> None:
        self.counts = Counts()
        self.incidents = IncidentCounts()
        self.reloaded_at: datetime | None = None
        self.reload_successful = True
        self._machine = machine
        self._clock = clock
        self.queued: Callable[[], Mapping[str, int]] = self._none_queued
        self._registry = CollectorRegistry()
        self.commit_seconds = Histogram(
            "evaluator_commit_seconds",
            "How long the store took to keep the changes of one step of the evaluator.",
            registry=self._registry,
            buckets=SECONDS,
        )
        self.lag_seconds = Histogram(
            "evaluator_slot_to_state_seconds",
            "How long after its slot an evaluation's answer had changed the alerts' state, and that was kept.",
            registry=self._registry,
            buckets=FINE_SECONDS,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_FromMachine(self))

    def _none_queued(self) -> dict[str, int]:
        """What waits in the queues of the Alertmanagers where nothing is forwarded yet."""
        return {alertmanager.url: 0 for alertmanager in self._machine().settings.alertmanagers}

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry) + rule_series(self._machine().groups.values()).encode()

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Count events that have been handled by `now`."""
        machine = self._machine()
        for event in events:
            match event:
                case QueryReturned():
                    self._expanded(machine, event)
                    self._evaluated(machine, event, event.seconds, now)
                case QueryFailed():
                    group = self._evaluated(machine, event, event.failure.seconds, now)
                    self.counts.evaluation_failures[group] += 1
                    owner = machine.groups.get(group)
                    if owner is not None:
                        self.counts.datasource_failures[owner.group.datasource, str(event.failure.kind)] += 1
                case RangeReturned() | RangeFailed():
                    self._caught_up(machine, event)
                case AlertsPosted():
                    self._posted(event, now)
                case Delivered():
                    self.counts.template_failures += any(name == TEMPLATE_ERROR for name, _ in event.receipt)
                case _:
                    pass

    def kept(self, effects: Sequence[Effect], seconds: float) -> None:
        """Count what was decided and done."""
        if not all(isinstance(effect, Deliver) for effect in effects) and seconds:
            self.commit_seconds.observe(seconds)
        self.incidents.kept(effects, self._machine().incidents)
        for effect in effects:
            match effect:
                case Note(Transition() as change):
                    self.counts.transitions[(str(change.after or GONE),)] += 1
                case Note(Decision() as decision):
                    self.counts.decisions[(decision.reason,)] += 1
                case Save(OutboxRecord(attempts=0, retry_at=None) as row):
                    texts = (alert.annotations.expanded or () for alert in row.notification.alerts)
                    self.counts.expansions += sum(map(len, texts))
                case Note(Attempt() as attempt):
                    receiver, _, integration = attempt.integration.rpartition("/")
                    outcome = "refused" if attempt.permanent else "failed" if attempt.error else "accepted"
                    self.counts.attempts[receiver, integration, outcome] += 1
                case _:
                    pass

    def attempted(self, row: OutboxRecord, seconds: float) -> None:
        """Count how long a receiver took to answer, whatever it said."""
        self.counts.attempt_seconds[(row.integration,)].add(seconds)

    def collect(self) -> Iterator[Metric]:
        """Everything that is read or counted, as metric families."""
        yield from families(self._machine(), self.counts, self._clock())
        yield from holding_families(self._machine(), self._clock())
        yield from incident_families(self._machine(), self.incidents, self._clock())
        yield from forwarding_families(self.counts, self.queued(), CAPACITY)
        yield from configuration(self.reload_successful, self.reloaded_at)

    def _evaluated(self, machine: Machine, event: QueryReturned | QueryFailed, seconds: float, now: datetime) -> str:
        self.counts.evaluation_seconds.add(seconds)
        self.lag_seconds.observe(max(0.0, (now - event.slot).total_seconds()))
        group = machine.group_of(event.rule)
        if group is None:
            self.counts.evaluations["removed"] += 1
            return "removed"
        self.counts.evaluations[group.group.key] += 1
        self._iterated(group, event.slot)
        return group.group.key

    def _caught_up(self, machine: Machine, event: RangeReturned | RangeFailed) -> None:
        """A rule was evaluated at slots that had been missed; how late that was is no lag of ours."""
        group = machine.group_of(event.rule)
        name = group.group.key if group is not None else "removed"
        self.counts.evaluations[name] += 1
        if isinstance(event, RangeFailed):
            self.counts.evaluation_failures[name] += 1
            if group is not None:
                self.counts.datasource_failures[group.group.datasource, str(event.failure.kind)] += 1

    def _posted(self, event: AlertsPosted, now: datetime) -> None:
        over = sum(1 for one in event.alerts if one.ends_at is not None and one.ends_at <= now)
        self.counts.posted[("resolved", "v2")] += over
        self.counts.posted[("firing", "v2")] += len(event.alerts) - over
        self.counts.posted_invalid += event.invalid

    def _iterated(self, group: GroupEvaluation, slot: datetime) -> None:
        """Count a slot that has been answered completely, once. The next one may have begun already."""
        ended, began = group.finished_at, group.started_at
        known, _ = self.counts.finished.get(group.group.key, (None, 0.0))
        if ended is None or began is None or ended == known:
            return
        seconds = max(0.0, (ended - (began if began <= ended else slot)).total_seconds())
        self.counts.finished[group.group.key] = (ended, seconds)
        self.counts.iteration_seconds.add(seconds)

    def _expanded(self, machine: Machine, event: QueryReturned) -> None:
        """Labels are filled in for every series; annotations, at this time, only where they have to be."""
        group = machine.group_of(event.rule)
        labels = len(group.rules[event.rule].rule.labels) if group is not None else 0
        annotations = sum(len(one.annotations) for one in event.observed.values() if one.annotations)
        self.counts.expansions += labels * len(event.observed) + annotations


class _FromMachine(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.collect()
