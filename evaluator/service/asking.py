"""Performs `RunQuery`: asks the datasource and turns the answer into the event that the machine understands.

The rules of a group are asked together, in as few requests as `sharing` makes of them; groups never share a request, so that
a slow rule of one does not hold up another. Whatever happens, exactly one event comes back for each rule, and within the
slot's budget. Labels are expanded here, at the edge, because
they decide which alert a series belongs to; annotations only where they query or tell the time, the others when somebody
looks. A label template that fails fails the evaluation, so that the alerts stay what they are; in Prometheus the error's
text would become a label, and with that another alert. In an annotation it does become the text: a page with one broken line
is better than none.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evaluator.core.effects import RunQuery, RunRange
from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, ResultType, Sample
from evaluator.core.evaluation.rules import AlertingRule
from evaluator.core.events import Observation, QueryFailed, QueryReturned, RangeFailed, RangeReturned
from evaluator.core.labels import Labels
from evaluator.core.settings import Datasource, Settings
from evaluator.prometheus.client import PrometheusClient
from evaluator.promql.plan import Request
from evaluator.service import past
from evaluator.service.past import Past
from evaluator.service.sharing import Sharing
from evaluator.templating import DuplicateLabels, QueryNeeded, RuleTexts, TemplateError, samples_of

MOST_TEMPLATE_QUERIES = 1000
GONE = "the rule was removed while it waited to be evaluated"

Tell = Callable[[QueryReturned | QueryFailed | RangeReturned | RangeFailed], None]


class Asking:
    """The datasources of a configuration, and the rules that are asked of them."""

    def __init__(self, settings: Settings) -> None:
        self._clients: dict[str, PrometheusClient] = {}
        self._datasources: dict[str, Datasource] = {}
        self._sharing: dict[str, Sharing] = {}
        self._rules: dict[str, tuple[AlertingRule, RuleTexts, timedelta]] = {}
        self._observed_last: dict[str, tuple[RuleTexts, tuple[Sample, ...], Mapping[Labels, Observation]]] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
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

    def ask(self, effects: Iterable[RunQuery | RunRange], tell: Tell) -> Iterator[Coroutine[Any, Any, None]]:
        """What is to be awaited so that every rule of `effects` is evaluated; `tell` is called once for each of them."""
        slots: dict[tuple[str, str, datetime], list[RunQuery]] = {}
        ranges: dict[tuple[str, str], list[RunRange]] = {}
        for effect in effects:
            if isinstance(effect, RunRange):
                ranges.setdefault((effect.datasource, effect.group), []).append(effect)
            else:
                slots.setdefault((effect.datasource, effect.group, effect.at), []).append(effect)
        for (datasource, _), missed in ranges.items():
            yield self._past(datasource, missed, tell)
        for (datasource, _, at), asked in slots.items():
            yield from self._slot(datasource, at, asked, tell)

    def _slot(
        self, datasource: str, at: datetime, effects: Sequence[RunQuery], tell: Tell
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """The requests for rules of one group."""
        askers: dict[str, list[RunQuery]] = {}
        for effect in effects:
            known = self._rules.get(effect.rule)
            if known is None or datasource not in self._clients:
                tell(_failed(effect, FailureKind.RULE, GONE))
            else:
                askers.setdefault(known[0].query, []).append(effect)
        for request in self._sharing[datasource].requests(askers) if askers else ():
            yield self._perform(datasource, request, at, askers, tell)

    async def _past(self, datasource: str, missed: Sequence[RunRange], tell: Tell) -> None:
        """Evaluate the rules of one group at all slots that they missed, and tell of every rule what came of it."""
        exprs = {effect.rule: self._rules[effect.rule][0].query for effect in missed if effect.rule in self._rules}
        known = [effect for effect in missed if effect.rule in exprs and datasource in self._clients]
        events: list[RangeReturned | RangeFailed] = []
        events += past.failed([effect for effect in missed if effect not in known], GONE)
        try:
            events += await self._history(datasource).find(known, exprs) if known else ()
        except Exception as error:
            events += past.failed(known, _mistake(error))
        for event in events:
            tell(event)

    def _history(self, datasource: str) -> Past:
        client = self._clients[datasource]
        most = max(1, self._datasources[datasource].max_concurrency // 2)
        turns = self._turns.setdefault(datasource, asyncio.Semaphore(most))

        async def observe(effect: RunQuery, answer: Answer, deadline: float) -> QueryReturned | QueryFailed:
            known = self._rules.get(effect.rule)
            if known is None:
                return _failed(effect, FailureKind.RULE, GONE)
            return await self._observe(effect, client, known[1], answer, deadline)

        return Past(client, self._sharing[datasource], turns, observe)

    async def _perform(
        self, datasource: str, request: Request, at: datetime, askers: Mapping[str, Sequence[RunQuery]], tell: Tell
    ) -> None:
        """Send a request, and tell of every rule what came of it."""
        client, sharing = self._clients[datasource], self._sharing[datasource]
        open_ = {effect.rule: effect for expr in request.exprs for effect in askers[expr]}
        _, _, interval = self._rules[next(iter(open_))]
        seconds = budget(interval, self._datasources[datasource])
        deadline = _clock() + seconds
        observing: list[Coroutine[Any, Any, None]] = []

        def heard(event: QueryReturned | QueryFailed) -> None:
            if open_.pop(event.rule, None) is not None:
                tell(event)

        def answered(expr: str, outcome: Answer | Failure) -> None:
            for effect in askers[expr]:
                event = self._event(effect, outcome)
                if event is not None:
                    heard(event)
                elif isinstance(outcome, Answer):
                    observing.append(self._observed(effect, client, outcome, deadline, heard))

        try:
            await sharing.ask(client, request, at, seconds, answered)
            for each in observing:
                await each
        except Exception as error:
            for effect in list(open_.values()):
                heard(_internal(effect, error))

    def _adopt(self, settings: Settings) -> list[PrometheusClient]:
        """Take over the configuration, all or nothing; gives the clients that nobody needs any more."""
        datasources = {one.name: one for one in settings.datasources}
        kept = {name: self._clients[name] for name, one in datasources.items() if self._datasources.get(name) == one}
        fresh = {name: PrometheusClient(one) for name, one in datasources.items() if name not in kept}
        gone = [client for name, client in self._clients.items() if name not in kept]
        off = settings.compatibility
        self._sharing = {
            name: self._sharing[name] if name in kept and self._sharing[name].off == off else Sharing(one, off)
            for name, one in datasources.items()
        }
        self._rules = {
            rule.key: (rule, self._texts(rule, settings), group.interval)
            for group in settings.groups
            for rule in group.rules
            if isinstance(rule, AlertingRule)
        }
        self._environment = (settings.external_labels, settings.external_url)
        self._datasources, self._clients = datasources, kept | fresh
        self._observed_last = {key: known for key, known in self._observed_last.items() if key in self._rules}
        queries = {rule.query for rule, _, _ in self._rules.values()}
        for sharing in self._sharing.values():
            sharing.keep(queries)
        return gone

    def _texts(self, rule: AlertingRule, settings: Settings) -> RuleTexts:
        known = self._rules.get(rule.key)
        if known is not None and known[0] == rule and self._environment == (settings.external_labels, settings.external_url):
            return known[1]
        return RuleTexts(rule, settings.external_labels, settings.external_url)

    def _event(self, effect: RunQuery, outcome: Answer | Failure) -> QueryReturned | QueryFailed | None:
        """What follows from an outcome at once; None when the rule's labels have to be applied."""
        match outcome:
            case Failure():
                return QueryFailed(effect.rule, effect.slot, outcome)
            case Answer(type=ResultType.VECTOR, samples=()):
                return _returned(effect, {}, outcome)
            case Answer(type=ResultType.VECTOR | ResultType.SCALAR):
                return None
        return _failed(effect, FailureKind.RULE, f"rule result is not a vector or scalar but a {outcome.type}")

    async def _observed(
        self,
        effect: RunQuery,
        client: PrometheusClient,
        answer: Answer,
        deadline: float,
        heard: Callable[[QueryReturned | QueryFailed], None],
    ) -> None:
        known = self._rules.get(effect.rule)
        if known is None:
            heard(_failed(effect, FailureKind.RULE, GONE))
            return
        heard(await self._observe(effect, client, known[1], answer, deadline))

    async def _observe(
        self, effect: RunQuery, client: PrometheusClient, texts: RuleTexts, answer: Answer, deadline: float
    ) -> QueryReturned | QueryFailed:
        """Apply the rule's labels, asking whatever its templates want to know on the way."""
        known = self._observed_last.get(effect.rule)
        if known is not None and known[0] is texts and known[1] is answer.samples:
            return _returned(effect, known[2], answer)
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
                if texts.labels_pure and texts.annotations_pure:
                    self._observed_last[effect.rule] = (texts, answer.samples, observed)
                return _returned(effect, observed, answer)


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


def _returned(effect: RunQuery, observed: Mapping[Labels, Observation], answer: Answer) -> QueryReturned:
    return QueryReturned(
        effect.rule, effect.slot, observed, answer.partial, answer.seconds, answer.warnings, shared=answer.shared
    )


def _internal(effect: RunQuery, error: Exception) -> QueryFailed:
    return _failed(effect, FailureKind.RULE, _mistake(error))


def _mistake(error: Exception) -> str:
    """A mistake of our own, by its class and place."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error, {type(error).__name__}: {error} in {frame.name}:{frame.lineno}; please report it"


def _failed(effect: RunQuery, kind: FailureKind, message: str) -> QueryFailed:
    return QueryFailed(effect.rule, effect.slot, Failure(kind, message))
