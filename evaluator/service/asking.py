"""Performs `RunQuery`: asks the datasource and turns the answer into the event that the machine understands.

Whatever happens, exactly one event comes back, and within the slot's budget. Labels are expanded here, at the edge, because
they decide which alert a series belongs to; annotations only where they query or tell the time, the others when somebody
looks. A label template that fails fails the evaluation, so that the alerts stay what they are; in Prometheus the error's
text would become a label, and with that another alert. In an annotation it does become the text: a page with one broken line
is better than none.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from evaluator.core.answers import Answer, Failure, FailureKind, ResultType, Sample
from evaluator.core.effects import RunQuery
from evaluator.core.events import QueryFailed, QueryReturned
from evaluator.core.rules import AlertingRule
from evaluator.core.settings import Datasource, Settings
from evaluator.prometheus.client import PrometheusClient
from evaluator.templating import DuplicateLabels, QueryNeeded, RuleTexts, TemplateError, samples_of

MOST_TEMPLATE_QUERIES = 1000


class Asking:
    """The datasources of a configuration, and the rules that are asked of them."""

    def __init__(self, settings: Settings) -> None:
        self._clients: dict[str, PrometheusClient] = {}
        self._datasources: dict[str, Datasource] = {}
        self._rules: dict[str, tuple[AlertingRule, RuleTexts, timedelta]] = {}
        self._environment = (settings.external_labels, settings.external_url)
        self._adopt(settings)

    async def reload(self, settings: Settings) -> None:
        """Ask by a new configuration from now on; clients whose datasource is unchanged stay connected."""
        for client in self._adopt(settings):
            await client.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    async def ask(self, effect: RunQuery) -> QueryReturned | QueryFailed:
        """Evaluate a rule at a slot."""
        try:
            return await self._ask(effect)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            message = f"internal error, {type(error).__name__}: {error} in {frame.name}:{frame.lineno}; please report it"
            return QueryFailed(effect.rule, effect.slot, Failure(FailureKind.RULE, message))

    def _adopt(self, settings: Settings) -> list[PrometheusClient]:
        """Take over the configuration, all or nothing; gives the clients that nobody needs any more."""
        datasources = {one.name: one for one in settings.datasources}
        kept = {name: self._clients[name] for name, one in datasources.items() if self._datasources.get(name) == one}
        fresh = {name: PrometheusClient(one) for name, one in datasources.items() if name not in kept}
        gone = [client for name, client in self._clients.items() if name not in kept]
        self._rules = {
            rule.key: (rule, self._texts(rule, settings), group.interval)
            for group in settings.groups
            for rule in group.rules
            if isinstance(rule, AlertingRule)
        }
        self._environment = (settings.external_labels, settings.external_url)
        self._datasources, self._clients = datasources, kept | fresh
        return gone

    def _texts(self, rule: AlertingRule, settings: Settings) -> RuleTexts:
        known = self._rules.get(rule.key)
        if known is not None and known[0] == rule and self._environment == (settings.external_labels, settings.external_url):
            return known[1]
        return RuleTexts(rule, settings.external_labels, settings.external_url)

    async def _ask(self, effect: RunQuery) -> QueryReturned | QueryFailed:
        known = self._rules.get(effect.rule)
        client = self._clients.get(effect.datasource)
        if known is None or client is None:
            return _failed(effect, FailureKind.RULE, "the rule was removed while it waited to be evaluated")
        rule, texts, interval = known
        seconds = budget(interval, self._datasources[effect.datasource])
        deadline = _clock() + seconds
        answer = await client.evaluate(rule.query, effect.at, budget=seconds)
        if isinstance(answer, Failure):
            return QueryFailed(effect.rule, effect.slot, answer)
        if not answer.samples and answer.type is ResultType.VECTOR:
            return QueryReturned(effect.rule, effect.slot, {}, answer.partial, answer.seconds, answer.warnings)
        if answer.type not in (ResultType.VECTOR, ResultType.SCALAR):
            return _failed(effect, FailureKind.RULE, f"rule result is not a vector or scalar but a {answer.type}")
        return await self._observe(effect, client, texts, answer, deadline)

    async def _observe(
        self, effect: RunQuery, client: PrometheusClient, texts: RuleTexts, answer: Answer, deadline: float
    ) -> QueryReturned | QueryFailed:
        """Apply the rule's labels, asking whatever its templates want to know on the way."""
        queries: dict[str, Sequence[Sample] | Failure] = {}
        while True:
            try:
                observed = texts.observe(answer.samples, effect.slot, queries)
            except QueryNeeded as needed:
                if len(queries) >= MOST_TEMPLATE_QUERIES:
                    return _failed(effect, FailureKind.RULE, f"templates ask more than {MOST_TEMPLATE_QUERIES} queries")
                queries[needed.expr] = samples_of(await client.query(needed.expr, effect.slot, budget=deadline - _clock()))
            except (TemplateError, DuplicateLabels) as error:
                return QueryFailed(effect.rule, effect.slot, _blamed(error, queries))
            else:
                return QueryReturned(effect.rule, effect.slot, observed, answer.partial, answer.seconds, answer.warnings)


def budget(interval: timedelta, datasource: Datasource) -> float:
    """Seconds that an evaluation may take, tries included: a third of the interval, or one time-out if that is more."""
    most = interval.total_seconds()
    return max(most / 3, min(datasource.timeout.total_seconds(), 0.9 * most))


def _blamed(error: Exception, queries: Mapping[str, Sequence[Sample] | Failure]) -> Failure:
    """Why the labels could not be made: the datasource's fault where it owes a template an answer, else the rule's."""
    for asked in queries.values():
        if isinstance(asked, Failure) and asked.kind.of_datasource:
            return replace(asked, message=str(error))
    return Failure(FailureKind.RULE, str(error))


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _failed(effect: RunQuery, kind: FailureKind, message: str) -> QueryFailed:
    return QueryFailed(effect.rule, effect.slot, Failure(kind, message))
