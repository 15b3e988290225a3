"""What is exported: every metric with its name, its labels, and a sentence that is understood without the others.

Here stand those of evaluating and of the service as a whole; notifications, incidents, forwarding, what is held and analytics
have modules of their own, all called `…_families`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from evaluator import __version__
from evaluator.core.engine import Machine
from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.limits import Limit
from evaluator.core.records import State
from evaluator.replies.desk import Fate, Way
from evaluator.service.counts import Counts, Key
from evaluator.service.delivery_families import QUANTILES, delivery_families
from evaluator.service.family_shapes import counter, gauge, summary

GROUP_QUANTILES = (0.01, 0.05, *QUANTILES)

RESTORE = "How long the kept state took to be restored at the start; all groups are restored at once, so all say the same."


def families(machine: Machine, counts: Counts, now: datetime) -> Iterator[Metric]:
    """All that concerns evaluating and notifying."""
    groups = list(machine.groups.values())
    yield from _ruler(groups, counts)
    yield _lag(groups, now)
    yield from _alerts(machine)
    yield from delivery_families(machine, counts, now)
    yield from _datasources(machine, counts)
    refused: dict[Key, int] = {(): counts.commits_refused}
    yield from _posted(counts)
    yield counter("evaluator_commits_refused", "How often the store refused to keep changes of the state.", (), refused)
    yield counter(
        "evaluator_limit_refusals",
        "How often something was refused because of each limit of the configuration.",
        ("limit",),
        {(str(limit),): count for limit, count in machine.refusals.counts.items()},
        [(str(limit),) for limit in Limit],
    )
    yield counter(
        "evaluator_http_concurrency_limit_exceeded",
        "How many HTTP requests were told to come back later because too many were being answered.",
        ("method",),
        counts.turned_away,
        [("get",), ("post",)],
    )
    yield counter(
        "evaluator_replies",
        "How many answers of people came in by links and from other services, by way and by what became of them.",
        ("way", "outcome"),
        counts.replies,
        [(str(way), str(fate)) for way in Way for fate in Fate],
    )


def configuration(successful: bool, at: datetime | None) -> Iterator[Metric]:
    """successful: the last reload. at: when the configuration in force was taken over; None when none was yet."""
    name = "prometheus_config_last_reload"
    text = "Whether the last attempt to reload the configuration was successful: 1 for yes, 0 for no."
    yield gauge(f"{name}_successful", text, float(successful))
    if at is not None:
        text = "When the configuration in force was loaded, at the start or by a reload, in seconds since 1970."
        yield gauge(f"{name}_success_timestamp_seconds", text, at.timestamp())
    build = GaugeMetricFamily("evaluator_build_info", "Always 1; the label says which version runs.", labels=["version"])
    build.add_metric([__version__], 1)
    yield build


def _ruler(groups: Sequence[GroupEvaluation], counts: Counts) -> Iterator[Metric]:
    """Prometheus' families, each with one series for each group."""
    done, failed = counts.evaluations, counts.evaluation_failures
    for name, text, count in (
        ("evaluations", "How many evaluations of rules have ended, failed ones included.", lambda g: done[_key(g)]),
        ("evaluation_failures", "How many evaluations of rules have failed.", lambda g: failed[_key(g)]),
        ("group_iterations", "How many evaluation slots of the group have come, missed ones included.", lambda g: g.iterations),
        (
            "group_iterations_missed",
            "How many evaluation slots of the group were skipped for lack of time.",
            lambda g: g.missed,
        ),
    ):
        yield _by_group(CounterMetricFamily, name, text, groups, count)
    for name, text, value in (
        ("interval_seconds", "Seconds between two evaluation slots of the group.", lambda g: g.group.interval.total_seconds()),
        ("rules", "How many rules the group has.", lambda g: len(g.group.rules)),
        ("last_duration_seconds", "How long the group's last complete evaluation took.", lambda g: _duration(g, counts)),
        ("last_evaluation_timestamp_seconds", "When the group's last evaluation began, in seconds since 1970.", _began),
        ("last_evaluation_samples", "How many series the last answers to the group's rules had together.", _samples),
        ("last_rule_duration_sum_seconds", "How long the last queries of the group's rules took, added up.", _rule_seconds),
        ("last_restore_duration_seconds", RESTORE, lambda _: counts.restore),
    ):
        yield _by_group(GaugeMetricFamily, f"group_{name}", text, groups, value)
    text = "How long evaluations of single rules took; quantiles are of the newest thousand."
    yield summary("prometheus_rule_evaluation_duration_seconds", text, QUANTILES, (), {(): counts.evaluation_seconds})
    text = "How long evaluations of whole groups took; quantiles are of the newest thousand."
    yield summary("prometheus_rule_group_duration_seconds", text, GROUP_QUANTILES, (), {(): counts.iteration_seconds})


def _lag(groups: Sequence[GroupEvaluation], now: datetime) -> Metric:
    lag = GaugeMetricFamily(
        "evaluator_evaluation_lag_seconds",
        "How long ago the slot was that all rules of the group have an answer for.",
        labels=["rule_group"],
    )
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
    family = GaugeMetricFamily("evaluator_alerts", "How many alerts the rules have in each state.", labels=["state"])
    for state in State:
        family.add_metric([str(state)], states[str(state)])
    yield family
    yield gauge("evaluator_alert_groups", "How many groups of the routing tree hold alerts.", len(machine.dispatch.groups))


def _posted(counts: Counts) -> Iterator[Metric]:
    """Alertmanager's families about what it is sent."""
    known = [(status, "v2") for status in ("firing", "resolved")]
    text = "How many alerts others posted that could be taken in, by whether they fire, and by the version of the API."
    yield counter("evaluator_alerts_received", text, ("status", "version"), counts.posted, known)
    invalid: dict[Key, int] = {("v2",): counts.posted_invalid}
    text = "How many alerts others posted that could not be taken in, by the version of the API."
    yield counter("evaluator_alerts_invalid", text, ("version",), invalid)


def _datasources(machine: Machine, counts: Counts) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "evaluator_datasource_up", "Whether the datasource gives usable answers: 1 for yes, 0 for no.", labels=["datasource"]
    )
    for datasource in machine.settings.datasources:
        up.add_metric([datasource.name], float(datasource.name not in machine.query_watch.datasources))
    yield up
    known = [(datasource.name, str(kind)) for datasource in machine.settings.datasources for kind in FailureKind]
    labels = ("datasource", "kind")
    yield counter(
        "evaluator_datasource_failures",
        "How many queries of rules got no usable answer from the datasource, by the kind of failure.",
        labels,
        counts.datasource_failures,
        known,
    )


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


def _duration(group: GroupEvaluation, counts: Counts) -> float:
    _, seconds = counts.finished.get(_key(group), (None, 0.0))
    return seconds


def _began(group: GroupEvaluation) -> float:
    return group.started_at.timestamp() if group.started_at else 0.0


def _samples(group: GroupEvaluation) -> float:
    return sum(rule.series for rule in group.rules.values())


def _rule_seconds(group: GroupEvaluation) -> float:
    return sum(rule.seconds for rule in group.rules.values())
