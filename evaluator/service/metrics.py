"""The service's own metrics.

Names and labels of the ruler's metrics are Prometheus' (`prometheus_rule_…`, label `rule_group`), so that its dashboards
and its mixin's alerts work; what it has no name for begins with `evaluator_`. Gauges are read from the machine when somebody
scrapes, those of single rules in `rule_series`; only what cannot be read there, counts of what happened, is counted as it
happens. A counter whose labels are known beforehand is there from the start, at zero: an increase from nothing is none, and
the first failure would go unseen.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from evaluator import __version__
from evaluator.core.answers import FailureKind
from evaluator.core.dedup import Reason
from evaluator.core.effects import Deliver, Effect, Note
from evaluator.core.engine import Machine
from evaluator.core.evaluation import GroupEvaluation
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryFailed, QueryReturned
from evaluator.core.records import Attempt, Decision, State, Transition
from evaluator.service.clock import Clock
from evaluator.service.rule_series import rule_series

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
FINE_SECONDS = (*(round(step * 10**power, 4) for power in (-3, -2, -1, 0) for step in (1, 1.5, 2, 3, 5, 7)), 10, 15, 20, 30, 60)
"""Close enough together that a quantile between them is right to about a fifth."""

OUTCOMES = ("accepted", "failed", "refused")
GONE = "gone"
QUANTILES = (0.5, 0.9, 0.99)

Key = tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """What happened since the start. Keys are the label values. recent: seconds that the newest evaluations took."""

    evaluations: Counter[str] = field(default_factory=Counter)
    evaluation_failures: Counter[str] = field(default_factory=Counter)
    datasource_failures: Counter[Key] = field(default_factory=Counter)
    transitions: Counter[Key] = field(default_factory=Counter)
    decisions: Counter[Key] = field(default_factory=Counter)
    attempts: Counter[Key] = field(default_factory=Counter)
    seconds: float = 0.0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    commits_refused: int = 0
    template_failures: int = 0


class Metrics:
    """Counts what happens, and answers scrapes. `machine` is asked anew at each scrape."""

    def __init__(self, machine: Callable[[], Machine], clock: Clock) -> None:
        self.counts = Counts()
        self.reloaded_at: datetime | None = None
        self.reload_successful = True
        self._machine = machine
        self._clock = clock
        self._registry = CollectorRegistry()
        self.commit_seconds = Histogram(
            "evaluator_commit_seconds", "Time to keep a step's changes.", registry=self._registry, buckets=SECONDS
        )
        self.lag_seconds = Histogram(
            "evaluator_slot_to_state_seconds",
            "From an evaluation slot to the moment at which its answer had changed the state, and that was kept.",
            registry=self._registry,
            buckets=FINE_SECONDS,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_FromMachine(self))

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry) + rule_series(self._machine().groups.values()).encode()

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Count events that have been handled by `now`."""
        machine = self._machine()
        for event in events:
            match event:
                case QueryReturned():
                    self._evaluated(machine, event, event.seconds, now)
                case QueryFailed():
                    group = self._evaluated(machine, event, event.failure.seconds, now)
                    self.counts.evaluation_failures[group] += 1
                    owner = machine.groups.get(group)
                    if owner is not None:
                        self.counts.datasource_failures[owner.group.datasource, str(event.failure.kind)] += 1
                case Delivered():
                    self.counts.template_failures += any(name == "template_error" for name, _ in event.receipt)
                case DeliveryFailed() | _:
                    pass

    def kept(self, effects: Sequence[Effect], seconds: float) -> None:
        """Count what was decided and done."""
        if not all(isinstance(effect, Deliver) for effect in effects) and seconds:
            self.commit_seconds.observe(seconds)
        for effect in effects:
            match effect:
                case Note(Transition() as change):
                    self.counts.transitions[(str(change.after or GONE),)] += 1
                case Note(Decision() as decision):
                    self.counts.decisions[(decision.reason,)] += 1
                case Note(Attempt() as attempt):
                    receiver, _, integration = attempt.integration.rpartition("/")
                    outcome = "refused" if attempt.permanent else "failed" if attempt.error else "accepted"
                    self.counts.attempts[receiver, integration, outcome] += 1
                case _:
                    pass

    def collect(self) -> Iterator[Metric]:
        """Everything that is read or counted, as metric families."""
        machine, now = self._machine(), self._clock()
        groups = list(machine.groups.values())
        yield from _ruler(groups, self.counts)
        yield _lag(groups, now)
        yield from _alerts(machine)
        yield from _delivery(machine, self.counts, now)
        yield from _datasources(machine, self.counts)
        yield from self._configuration()

    def _evaluated(self, machine: Machine, event: QueryReturned | QueryFailed, seconds: float, now: datetime) -> str:
        self.counts.seconds += seconds
        self.counts.recent.append(seconds)
        self.lag_seconds.observe(max(0.0, (now - event.slot).total_seconds()))
        group = machine.group_of(event.rule)
        name = group.group.key if group is not None else "removed"
        self.counts.evaluations[name] += 1
        return name

    def _configuration(self) -> Iterator[Metric]:
        yield _gauge("prometheus_config_last_reload_successful", "Whether the last reload was.", float(self.reload_successful))
        if self.reloaded_at is not None:
            at = self.reloaded_at.timestamp()
            yield _gauge("prometheus_config_last_reload_success_timestamp_seconds", "When the last reload was.", at)
        build = GaugeMetricFamily("evaluator_build_info", "Which version this is.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        refused: dict[Key, int] = {(): self.counts.commits_refused}
        yield _counter("evaluator_commits_refused", "How often the store refused to keep a step.", (), refused)


class _FromMachine(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.collect()


def _ruler(groups: Sequence[GroupEvaluation], counts: Counts) -> Iterator[Metric]:
    """Prometheus' families, each with one series for each group."""
    yield _by_group(CounterMetricFamily, "evaluations", "Rule evaluations.", groups, lambda g: counts.evaluations[_key(g)])
    failures = counts.evaluation_failures
    yield _by_group(CounterMetricFamily, "evaluation_failures", "Failed ones.", groups, lambda g: failures[_key(g)])
    yield _by_group(CounterMetricFamily, "group_iterations", "Slots, missed ones included.", groups, lambda g: g.iterations)
    yield _by_group(CounterMetricFamily, "group_iterations_missed", "Missed slots.", groups, lambda g: g.missed)
    yield _by_group(
        GaugeMetricFamily, "group_interval_seconds", "Interval.", groups, lambda g: g.group.interval.total_seconds()
    )
    yield _by_group(GaugeMetricFamily, "group_rules", "Rules of the group.", groups, lambda g: len(g.group.rules))
    yield _by_group(GaugeMetricFamily, "group_last_duration_seconds", "Of the last slot.", groups, _duration)
    yield _by_group(GaugeMetricFamily, "group_last_evaluation_timestamp_seconds", "When it began.", groups, _began)
    yield _by_group(GaugeMetricFamily, "group_last_evaluation_samples", "Series in its answers.", groups, _samples)
    yield _by_group(GaugeMetricFamily, "group_last_rule_duration_sum_seconds", "Sum over its rules.", groups, _rule_seconds)
    yield _durations(counts)


def _durations(counts: Counts) -> Metric:
    name = "prometheus_rule_evaluation_duration_seconds"
    summary = SummaryMetricFamily(name, "How long rules took; the quantiles are of the newest thousand.")
    summary.add_metric([], count_value=sum(counts.evaluations.values()), sum_value=counts.seconds)
    recent = sorted(counts.recent)
    for quantile in QUANTILES if recent else ():
        summary.add_sample(name, {"quantile": str(quantile)}, recent[int(quantile * len(recent))])
    return summary


def _lag(groups: Sequence[GroupEvaluation], now: datetime) -> Metric:
    lag = GaugeMetricFamily("evaluator_evaluation_lag_seconds", "Age of the newest answered slot.", labels=["rule_group"])
    for group in groups:
        slots = [rule.evaluated_at for rule in group.rules.values() if rule.evaluated_at is not None]
        if slots:
            lag.add_metric([_key(group)], (now - min(slots)).total_seconds())
    return lag


def _alerts(machine: Machine) -> Iterator[Metric]:
    states: Counter[str] = Counter()
    for group in machine.groups.values():
        for rule in group.rules.values():
            states.update(str(tracked.life.state) for tracked in rule.alerts.values())
    family = GaugeMetricFamily("evaluator_alerts", "Alerts of rules by state.", labels=["state"])
    for state in State:
        family.add_metric([str(state)], states[str(state)])
    yield family
    yield _gauge("evaluator_alert_groups", "Groups that hold alerts.", len(machine.dispatch.groups))


def _delivery(machine: Machine, counts: Counts, now: datetime) -> Iterator[Metric]:
    rows = machine.dispatch.outbox
    oldest = max(((now - row.created_at).total_seconds() for row in rows), default=0.0)
    yield _gauge("evaluator_outbox_rows", "Notifications decided and not yet accepted.", len(rows))
    yield _gauge("evaluator_oldest_undelivered_notification_seconds", "Age of the oldest of them.", max(0.0, oldest))
    known = [(receiver, name, outcome) for receiver, name in _integrations(machine) for outcome in OUTCOMES]
    labels = ("receiver", "integration", "outcome")
    yield _counter("evaluator_notifications", "Attempts at deliveries.", labels, counts.attempts, known)
    reasons = [(str(reason),) for reason in Reason]
    yield _counter("evaluator_decisions", "Flush decisions by reason.", ("reason",), counts.decisions, reasons)
    states = [(str(state),) for state in (*State, GONE)]
    yield _counter("evaluator_transitions", "State changes of alerts.", ("to",), counts.transitions, states)
    failed: dict[Key, int] = {(): counts.template_failures}
    yield _counter("prometheus_template_text_expansion_failures", "Templates that failed when told.", (), failed)
    yield from _notifier(machine, counts, len(rows))


def _notifier(machine: Machine, counts: Counts, waiting: int) -> Iterator[Metric]:
    """Prometheus' families about its Alertmanagers; here those are the integrations, and what is counted are notifications."""
    sent: Counter[Key] = Counter()
    errors: Counter[Key] = Counter()
    for (receiver, integration, outcome), count in counts.attempts.items():
        sent[(f"{receiver}/{integration}",)] += count
        errors[(f"{receiver}/{integration}",)] += count if outcome != "accepted" else 0
    known = [(f"{receiver}/{integration}",) for receiver, integration in _integrations(machine)]
    labels = ("alertmanager",)
    yield _counter("prometheus_notifications_sent", "Attempts at deliveries.", labels, sent, known)
    yield _counter("prometheus_notifications_errors", "Attempts that were not accepted.", labels, errors, known)
    yield _counter("prometheus_notifications_dropped", "None: what is not accepted waits in the outbox.", (), {(): 0})
    yield _gauge("prometheus_notifications_queue_length", "Notifications in the outbox.", waiting)
    yield _gauge("prometheus_notifications_alertmanagers_discovered", "Integrations of all receivers.", len(known))


def _datasources(machine: Machine, counts: Counts) -> Iterator[Metric]:
    up = GaugeMetricFamily("evaluator_datasource_up", "Whether its last query was answered.", labels=["datasource"])
    for datasource in machine.settings.datasources:
        up.add_metric([datasource.name], float(datasource.name not in machine.watch.datasources))
    yield up
    known = [(datasource.name, str(kind)) for datasource in machine.settings.datasources for kind in FailureKind]
    labels = ("datasource", "kind")
    yield _counter("evaluator_datasource_failures", "Failed queries.", labels, counts.datasource_failures, known)


def _integrations(machine: Machine) -> Iterator[tuple[str, str]]:
    for receiver in machine.settings.receivers:
        yield from ((receiver.name, integration.name) for integration in receiver.integrations)


def _counter(
    name: str, text: str, labels: Sequence[str], counts: Mapping[Key, int], known: Iterable[Key] = ()
) -> CounterMetricFamily:
    """A counter with a series for everything that was counted, and for everything that may be."""
    family = CounterMetricFamily(name, text, labels=list(labels))
    for key in sorted({*counts, *known}):
        family.add_metric(list(key), counts.get(key, 0))
    return family


def _by_group(
    family: type[CounterMetricFamily | GaugeMetricFamily],
    name: str,
    text: str,
    groups: Sequence[GroupEvaluation],
    value: Callable[[GroupEvaluation], float],
) -> Metric:
    metric = family(f"prometheus_rule_{name}", text, labels=["rule_group"])
    for group in groups:
        metric.add_metric([_key(group)], value(group))
    return metric


def _key(group: GroupEvaluation) -> str:
    return group.group.key


def _duration(group: GroupEvaluation) -> float:
    if group.started_at is None or group.finished_at is None:
        return 0.0
    return max(0.0, (group.finished_at - group.started_at).total_seconds())


def _began(group: GroupEvaluation) -> float:
    return group.started_at.timestamp() if group.started_at else 0.0


def _samples(group: GroupEvaluation) -> float:
    return sum(rule.series for rule in group.rules.values())


def _rule_seconds(group: GroupEvaluation) -> float:
    return sum(rule.seconds for rule in group.rules.values())


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
