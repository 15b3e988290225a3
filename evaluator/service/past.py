"""Performs `RunRange`: the rules of a group, at all slots that they missed.

They are asked by the same requests as at any slot, for many instants at once, and the answers are taken apart instant by
instant. So what a rule sees of a slot is what it would have seen then. That is not true of everything: `start()` and `end()`
mean something else over a span, and so does a selector in MetricsQL, which looks back as far as the instants are apart. Such
are asked instant by instant.

Catching up has time, and leaves room: half of the datasource's places at most are taken by it. Where the datasource had no
data, as its sentinel tells, slots are not evaluated; without a sentinel nobody can tell that from all being well.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evaluator.core.effects import RunQuery, RunRange
from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, ResultType, Sample, Span
from evaluator.core.events import Observation, QueryFailed, QueryReturned, RangeFailed, RangeReturned
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.settings import DatasourceKind
from evaluator.prometheus.client import PrometheusClient
from evaluator.promql.plan import Request, lonely
from evaluator.service.sharing import Sharing

MOST_INSTANTS = 500
"""In one request. Prometheus refuses more than 11,000, and far fewer take long."""

SECONDS = 60.0
"""For one request, with all its parts and tries."""

_OF_THE_SPAN = re.compile(r"\b(?:start|end)\s*\(\s*\)")

FEW = 5
"""Instants that are asked about one by one where a span is not answered: some servers answer nothing else."""

MOST_PARTS = 100
"""Into how many parts a span is divided at most to find the instants at which a rule fails."""

UNASKED = Failure(FailureKind.TRANSIENT, "it was not asked about this slot")

_Heard = dict[tuple[datetime, str], Answer | Failure]
Observe = Callable[[RunQuery, Answer, float], Awaitable[QueryReturned | QueryFailed]]


@dataclass(slots=True)
class _Found:
    """What is known of a rule so far: by slot, what was observed, or why nothing is known."""

    observed: dict[datetime, Mapping[Labels, Observation]] = field(default_factory=dict)
    failed: dict[datetime, Failure] = field(default_factory=dict)
    partial: bool = False
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    shared: int = 1

    def event(self, effect: RunRange, slots: int) -> RangeReturned | RangeFailed:
        """What the machine is told."""
        if len(self.failed) == slots:
            return RangeFailed(effect.rule, effect.last, self.failed[effect.last])
        seconds = self.seconds / slots
        return RangeReturned(
            effect.rule, effect.last, self.observed, self.failed, self.partial, seconds, self.warnings, self.shared
        )


@frozen
class Past:
    """One datasource's past. turns: how many requests for it may be under way. observe: applies a rule's labels."""

    client: PrometheusClient
    sharing: Sharing
    turns: asyncio.Semaphore
    observe: Observe

    async def find(self, missed: Sequence[RunRange], exprs: Mapping[str, str]) -> list[RangeReturned | RangeFailed]:
        """What the rules of one group saw, one event for each. exprs: by rule."""
        one = missed[0]
        span = Span(one.first - one.offset, one.last - one.offset, one.interval)
        found = {effect.rule: _Found() for effect in missed}
        askers: dict[str, list[RunRange]] = {}
        for effect in missed:
            askers.setdefault(exprs[effect.rule], []).append(effect)
        for part in _portions(span):
            blind = await self._blind(part)
            requests = [self._request(request, part, askers, found, blind) for request in self._requests(askers)]
            await asyncio.gather(*requests)
        return [found[effect.rule].event(effect, len(span)) for effect in missed]

    def _requests(self, exprs: Mapping[str, object]) -> Iterator[Request]:
        yield from self.sharing.requests(expr for expr in exprs if not _OF_THE_SPAN.search(expr))
        yield from (lonely(expr) for expr in exprs if _OF_THE_SPAN.search(expr))

    async def _request(
        self,
        request: Request,
        span: Span,
        askers: Mapping[str, Sequence[RunRange]],
        found: Mapping[str, _Found],
        blind: Mapping[datetime, Failure],
    ) -> None:
        """Send a request for a span, and add what comes of it to what was found."""
        async with self.turns:
            if self._at_once(request):
                heard = await self._ask_span(request, span)
                if any(_of_datasource(outcome) for outcome in heard.values()):
                    heard |= await self._ask_instants(request, span.instants()[-FEW:])
                for expr in request.exprs:
                    if _of_rule(heard[span.last, expr]):
                        heard |= await self._divide(lonely(expr), span)
            else:
                heard = await self._ask_instants(request, span.instants())
            deadline = asyncio.get_running_loop().time() + SECONDS
            for at in span.instants():
                for expr in request.exprs:
                    outcome = blind.get(at) or heard.get((at, expr), UNASKED)
                    for effect in askers[expr]:
                        await self._add(found[effect.rule], effect, at, outcome, deadline)

    async def _ask_span(self, request: Request, span: Span) -> _Heard:
        heard: _Heard = {}

        def answered(expr: str, outcome: Answer | Failure) -> None:
            heard.update({(at, expr): each for at, each in _by_instant(outcome, span)})

        await self.sharing.ask(self.client, request, span, SECONDS, answered)
        return heard

    async def _divide(self, request: Request, span: Span) -> _Heard:
        """Halve a span again and again, for a rule that fails may do so at one instant only."""
        heard: _Heard = {}
        parts = deque(_halves(span))
        for _ in range(MOST_PARTS):
            if not parts:
                break
            part = parts.popleft()
            found = await self._ask_span(request, part)
            heard |= found
            if len(part) > 1 and any(map(_of_rule, found.values())):
                parts += _halves(part)
        return heard

    async def _ask_instants(self, request: Request, instants: Sequence[datetime]) -> _Heard:
        """One after the other, for as long as the datasource answers."""
        heard: _Heard = {}
        for at in instants:
            now = await self._ask_instant(request, at)
            heard |= now
            if any(map(_of_datasource, now.values())):
                rest = [each for each in instants if each > at]
                return heard | {(each, expr): outcome for each in rest for (_, expr), outcome in now.items()}
        return heard

    async def _ask_instant(self, request: Request, at: datetime) -> _Heard:
        heard: _Heard = {}

        def answered(expr: str, outcome: Answer | Failure) -> None:
            heard[at, expr] = outcome

        await self.sharing.ask(self.client, request, at, SECONDS, answered)
        return heard

    def _at_once(self, request: Request) -> bool:
        """Whether a span says the same as its instants."""
        return self.client.datasource.kind is DatasourceKind.PROMETHEUS and not _OF_THE_SPAN.search(request.text)

    async def _add(self, found: _Found, effect: RunRange, at: datetime, outcome: Answer | Failure, deadline: float) -> None:
        slot = at + effect.offset
        if isinstance(outcome, Answer) and outcome.type in (ResultType.STRING, ResultType.MATRIX):
            outcome = Failure(FailureKind.RULE, f"rule result is not a vector or scalar but a {outcome.type}")
        if isinstance(outcome, Failure):
            found.failed[slot] = outcome
            return
        found.partial, found.warnings, found.shared = found.partial or outcome.partial, outcome.warnings, outcome.shared
        found.seconds += outcome.seconds
        if outcome.samples:
            asked = RunQuery(effect.rule, effect.group, effect.datasource, slot, at)
            event = await self.observe(asked, outcome, deadline)
            if isinstance(event, QueryFailed):
                found.failed[slot] = event.failure
            else:
                found.observed[slot] = event.observed

    async def _blind(self, span: Span) -> Mapping[datetime, Failure]:
        """The instants at which answers prove nothing, and why. Instant by instant the client finds out by itself."""
        sentinel = self.client.datasource.sentinel
        if not sentinel or self.client.datasource.kind is not DatasourceKind.PROMETHEUS:
            return {}
        async with self.turns:
            outcome = await self.client.query(sentinel, span, budget=SECONDS)
        if isinstance(outcome, Failure):
            kind = outcome.kind if outcome.kind.of_datasource else FailureKind.BLIND
            return dict.fromkeys(span.instants(), Failure(kind, f"the sentinel failed: {outcome.message}"))
        text = f"the sentinel `{sentinel}` returned nothing: the datasource had no data"
        steps = zip(span.instants(), outcome.steps, strict=True)
        return {at: Failure(FailureKind.BLIND, text) for at, samples in steps if _says_nothing(samples)}


def _of_datasource(outcome: Answer | Failure) -> bool:
    return isinstance(outcome, Failure) and outcome.kind.of_datasource


def _of_rule(outcome: Answer | Failure) -> bool:
    return isinstance(outcome, Failure) and not outcome.kind.of_datasource


def _says_nothing(samples: Sequence[Sample]) -> bool:
    return all(math.isnan(sample.value) and sample.histogram is None for sample in samples)


def _by_instant(outcome: Answer | Failure, span: Span) -> Iterator[tuple[datetime, Answer | Failure]]:
    """An outcome over a span as one for each of its instants."""
    if isinstance(outcome, Failure):
        yield from ((at, outcome) for at in span.instants())
        return
    seconds = outcome.seconds / len(span)
    for at, samples in zip(span.instants(), outcome.steps, strict=True):
        yield (
            at,
            Answer(
                ResultType.VECTOR,
                samples,
                warnings=outcome.warnings,
                partial=outcome.partial,
                seconds=seconds,
                shared=outcome.shared,
            ),
        )


def _portions(span: Span) -> Iterator[Span]:
    """The span in parts that a request can hold."""
    first = span.first
    while first <= span.last:
        last = min(span.last, first + (MOST_INSTANTS - 1) * span.step)
        yield Span(first, last, span.step)
        first = last + span.step


def _halves(span: Span) -> list[Span]:
    if len(span) == 1:
        return []
    middle = span.first + (len(span) // 2) * span.step
    return [Span(span.first, middle - span.step, span.step), Span(middle, span.last, span.step)]


def failed(missed: Sequence[RunRange], message: str) -> list[RangeFailed]:
    """That nothing could be asked."""
    return [RangeFailed(effect.rule, effect.last, Failure(FailureKind.RULE, message)) for effect in missed]
