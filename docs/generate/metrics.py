"""The metrics reference, read from a scrape.

The evaluator that is scraped lives for one evaluation: long enough for every family to have a series, and so to show its
labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from docs.generate.tables import code, table
from evaluator.core.analytics.coverage import Coverage
from evaluator.core.analytics.interruptions import Interruptions
from evaluator.core.analytics.noise import Noise
from evaluator.core.analytics.samples import sample
from evaluator.core.analytics.summary import Summary, summarize
from evaluator.core.effects import RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.events import Observation, QueryReturned, TimerFired
from evaluator.core.incidents.policy import Ladders
from evaluator.core.labels import Labels
from evaluator.core.oncall.override_table import Standing
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Alertmanager, ConsoleSettings, Datasource, Integration, Receiver, Settings
from evaluator.service.metrics import Metrics

_START = datetime(2026, 1, 1, tzinfo=UTC)
_PARTS = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("", "_count", "_sum")}
_OF_THE_TYPE = {"le", "quantile"}


class Family(NamedTuple):
    """A metric. name: as it is written in a query; of a histogram or summary without `_bucket`, `_count`, `_sum`."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """The names by which it can be selected."""
        return tuple(self.name + part for part in _PARTS.get(self.type, ("",)))


@cache
def families() -> tuple[Family, ...]:
    """All metrics but those of the process, which depend on the operating system, in the order of a scrape."""
    return tuple(_read(_scrape()))


def ruler_metrics() -> str:
    """Those that have Prometheus' names."""
    return _table("prometheus_")


def own_metrics() -> str:
    """The evaluator's own."""
    return _table("evaluator_")


def _table(prefix: str) -> str:
    chosen = [one for one in families() if one.name.startswith(prefix)]
    rows = ((code(one.name), one.type, ", ".join(map(code, one.labels)), one.help) for one in chosen)
    return table(("name", "type", "labels", "what it says"), rows)


def _read(text: str) -> Iterator[Family]:
    for family in text_string_to_metric_families(text):
        if family.name.startswith("process_") or family.name.endswith("_created"):
            continue
        name = family.samples[0].name if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - _OF_THE_TYPE
        yield Family(name, family.type, family.documentation, tuple(sorted(labels)))


def _scrape() -> str:
    machine = Machine(_settings(), _START)
    metrics = Metrics(lambda: machine, lambda: _START + timedelta(minutes=1))
    metrics.reloaded_at = _START
    metrics.incidents.summary = _summary()
    machine.overrides.calendars["primary", 1] = Standing(_START)
    assert machine.next_timer is not None
    for effect in machine.handle(TimerFired(), machine.next_timer):
        if isinstance(effect, RunQuery):
            event = QueryReturned(effect.rule, effect.slot, {Labels({"alertname": "A"}): Observation(Labels({}), 1.0)})
            machine.handle(event, effect.slot)
            metrics.happened([event], effect.slot)
    return metrics.text().decode()


def _summary() -> Summary:
    """Of a night in which something happened, so that every figure is there."""
    found = summarize((), _START, _START, {})
    took = sample([timedelta(minutes=1)])
    person = Interruptions("ana", 1, {})
    covered = (Coverage("primary", timedelta(1), timedelta(1)),)
    return replace(found, detect=took, people=[person], noise=Noise(1, 1, 0, 0), concentration=1.0, coverage=covered)


def _settings() -> Settings:
    rule = AlertingRule("rule", "A", "up == 0", "up == 0")
    group = RuleGroup("group", "file", timedelta(minutes=1), (rule,), "datasource")
    receiver = Receiver("receiver", (Integration("console", 0, True, ConsoleSettings()),))
    forwarded = (Alertmanager("http://localhost:9093/api/v2/alerts"),)
    datasources = (Datasource("datasource", "http://localhost:9090"),)
    ladders = Ladders(contacts=(Receiver("person:ana", (Integration("console", 0, True, ConsoleSettings(), way="sms"),)),))
    return Settings(None, datasources, (group,), Route("receiver"), (receiver,), alertmanagers=forwarded, ladders=ladders)
