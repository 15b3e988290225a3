"""Sends what `promql.plan` has brought together, and takes it apart again when one expression spoils it for the others.

A request that fails for what may be one expression's fault (the server refuses it, it is too large, it takes too long) is
asked again in parts until the culprit stands alone; the others are answered in the same slot. The culprit stays alone until
its text changes; one that was late, also until it is answered in good time, for it may have been the machine. When the parts
succeed there was no culprit, the request was too much, and from then on smaller ones are made. What is the datasource's fault
concerns all of them: nothing is split then, and nobody is asked more often than one rule would.

Over a span of instants the same requests are sent, and the answers are cut instant by instant; only nothing is learnt from
them, for they are of another size.

A refusal comes at once, so halves are tried; time is short after a time-out, so then it is as many parts as may be in flight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, ResultType, Sample, Span
from evaluator.core.settings import Datasource
from evaluator.prometheus.client import PrometheusClient
from evaluator.prometheus.exchange import NoPlace, TimedOut
from evaluator.promql.cutting import ForeignSeriesError, Unmarked, cut
from evaluator.promql.expression import Dialect
from evaluator.promql.plan import Known, Measure, Request, lonely, parts, plan

FIRST_SHARE = 0.4
"""Of the time for a shared request, what its first attempt may take; the rest is for its parts."""

LEAST_SECONDS = 0.05

Answered = Callable[[str, Answer | Failure], None]


@dataclass(slots=True)
class _Plan:
    """Of one rule group. max_rules: what has proved to be not too much. stale: something was learnt since."""

    requests: tuple[Request, ...]
    max_rules: int
    stale: bool = False


@dataclass(slots=True)
class Sharing:
    """The plans for one datasource, and what its answers have shown. off: every expression is asked alone."""

    datasource: Datasource
    off: bool = False
    _alone: dict[str, str] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _seconds: dict[str, float] = field(default_factory=dict)
    _plans: dict[tuple[str, ...], _Plan] = field(default_factory=dict)
    _unmarked: Unmarked = field(default_factory=Unmarked)
    _shared: dict[str, tuple[Request, tuple[Sample, ...], Mapping[str, tuple[Sample, ...]]]] = field(default_factory=dict)

    def requests(self, exprs: Iterable[str]) -> tuple[Request, ...]:
        """What to send for the expressions of a slot."""
        wanted = tuple(exprs)
        known = self._plans.get(wanted)
        if known is None or known.stale:
            most = known.max_rules if known else self.datasource.batching.max_rules
            known = self._plans[wanted] = _Plan(self._planned(wanted, most), most)
        return known.requests

    def keep(self, exprs: Collection[str]) -> None:
        """Forget what was learnt of expressions that are no more."""
        self._alone = {expr: why for expr, why in self._alone.items() if expr in exprs}
        self._late.intersection_update(exprs)
        self._seconds = {expr: seconds for expr, seconds in self._seconds.items() if expr in exprs}
        self._plans.clear()
        self._shared.clear()

    async def ask(
        self, client: PrometheusClient, request: Request, at: datetime | Span, seconds: float, answered: Answered
    ) -> None:
        """Send a request; `answered` is called once for each of its expressions. seconds: for everything."""
        sending = _Sending(client, at, _clock() + seconds, answered)
        failure = await self._send(sending, request)
        if failure is None:
            return
        culprits = await self._part(sending, request, failure)
        if len(request.exprs) > 1 and sending.answers and not isinstance(at, Span):
            self._learn(request, culprits)

    def _planned(self, exprs: tuple[str, ...], max_rules: int) -> tuple[Request, ...]:
        if self.off or self.datasource.batching.off:
            return tuple(lonely(expr) for expr in dict.fromkeys(exprs))
        return plan(exprs, self._dialect, self._measure(max_rules), Known(self._alone, self._seconds))

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self.datasource.kind)

    def _measure(self, max_rules: int) -> Measure:
        seconds = self.datasource.timeout.total_seconds() / 4
        return Measure(max_rules, self.datasource.batching.max_length, seconds)

    async def _send(self, sending: _Sending, request: Request) -> Failure | None:
        """Ask, and hand out what was answered; gives the failure when there is nothing to hand out."""
        number = len(request.exprs)
        left = sending.left
        outcome = await sending.evaluate(request, left if number == 1 else left * FIRST_SHARE)
        if number > 1 and isinstance(outcome, Failure) and not _may_be_ones_fault(outcome):
            outcome = await sending.evaluate(request, sending.left)
        if isinstance(outcome, Failure):
            return outcome
        if number == 1:
            if not isinstance(sending.at, Span):
                self._in_time(request.exprs[0], outcome.seconds)
            sending.hand_out(request.exprs[0], outcome)
            return None
        cut_up = self._cut_steps if isinstance(sending.at, Span) else self._cut
        return cut_up(sending, request, outcome)

    def _cut(self, sending: _Sending, request: Request, answer: Answer) -> Failure | None:
        """Hand out the shares; gives a failure, and hands out nothing, when the answer cannot be what was asked for."""
        if answer.type is not ResultType.VECTOR:
            return Failure(FailureKind.BAD_QUERY, f"the answer to a shared query is not a vector but a {answer.type}")
        try:
            shares = self._shares(request, answer.samples)
        except ForeignSeriesError as error:
            return Failure(FailureKind.BAD_QUERY, str(error))
        self._took(request, answer.seconds)
        number = len(request.exprs)
        nothing = replace(answer, samples=(), seconds=answer.seconds / number, shared=number)
        for expr in request.exprs:
            samples = shares.get(expr)
            sending.hand_out(expr, replace(nothing, samples=samples) if samples else nothing)
        return None

    def _shares(self, request: Request, samples: tuple[Sample, ...]) -> Mapping[str, tuple[Sample, ...]]:
        """The share of each expression that has one: the very same as last time when the samples are."""
        known = self._shared.get(request.text)
        if known is not None and known[0] is request and known[1] is samples:
            return known[2]
        shares = {expr: tuple(share) for expr, share in cut(request, samples, self._unmarked).items()}
        self._shared[request.text] = (request, samples, shares)
        return shares

    def _cut_steps(self, sending: _Sending, request: Request, answer: Answer) -> Failure | None:
        """The same for an answer over a span."""
        try:
            shares = [cut(request, samples, self._unmarked) for samples in answer.steps]
        except ForeignSeriesError as error:
            return Failure(FailureKind.BAD_QUERY, str(error))
        number = len(request.exprs)
        common = replace(answer, seconds=answer.seconds / number, shared=number)
        nobody: Sequence[Sample] = ()
        for expr in request.exprs:
            sending.hand_out(expr, replace(common, steps=tuple(tuple(share.get(expr, nobody)) for share in shares)))
        return None

    async def _part(self, sending: _Sending, request: Request, failure: Failure) -> dict[str, Failure]:
        """Ask again in parts until it is known whose fault it was; gives the culprits."""
        exprs = request.exprs
        if len(exprs) == 1 or not _may_be_ones_fault(failure):
            for expr in exprs:
                sending.hand_out(expr, failure)
            return {exprs[0]: failure} if _may_be_ones_fault(failure) and not isinstance(failure, NoPlace) else {}
        late = isinstance(failure, TimedOut)
        number = max(2, sending.client.concurrency) if late else 2
        pieces = parts(request, number, self._dialect, self._measure(len(exprs)))
        failures = await asyncio.gather(*(self._send(sending, piece) for piece in pieces))
        if late and len(exprs) > len(pieces) and all(isinstance(each, TimedOut) for each in failures):
            for expr in exprs:  # nothing answers in time, so it is not about any of them
                sending.hand_out(expr, failure)
            return {}
        failed = [(piece, each) for piece, each in zip(pieces, failures, strict=True) if each is not None]
        found = await asyncio.gather(*(self._part(sending, piece, each) for piece, each in failed))
        return {expr: each for culprits in found for expr, each in culprits.items()}

    # -- what is learnt -----------------------------------------------------------------------------------------------

    def _took(self, request: Request, seconds: float) -> None:
        """Remember what was slow, so that the next plan puts less of it into one request."""
        if seconds > self._measure(1).max_seconds:
            self._seconds.update(dict.fromkeys(request.exprs, seconds / len(request.exprs)))
            self._replan()

    def _in_time(self, expr: str, seconds: float) -> None:
        """An expression was answered alone; if it is alone for having been late, it may share again."""
        if expr in self._late and seconds < self._measure(1).max_seconds:
            self._late.discard(expr)
            self._alone.pop(expr, None)
            self._replan()

    def _learn(self, request: Request, culprits: dict[str, Failure]) -> None:
        """A request that failed was answered in parts, at least some of it."""
        self._alone.update({expr: failure.message for expr, failure in culprits.items()})
        self._late.update(expr for expr, failure in culprits.items() if isinstance(failure, TimedOut))
        for known in self._plans.values():
            if not culprits and request in known.requests:
                known.max_rules = max(1, len(request.exprs) // 2)
        self._replan()

    def _replan(self) -> None:
        self._shared.clear()
        for known in self._plans.values():
            known.stale = True


@dataclass(slots=True)
class _Sending:
    """A request on its way, in one piece or in many. answers: how many expressions have been answered well."""

    client: PrometheusClient
    at: datetime | Span
    deadline: float
    answered: Answered
    answers: int = 0

    @property
    def left(self) -> float:
        """Seconds until its time is up; never quite nothing."""
        return max(LEAST_SECONDS, self.deadline - _clock())

    async def evaluate(self, request: Request, seconds: float) -> Answer | Failure:
        """Ask once."""
        if isinstance(self.at, Span):
            return await self.client.query(request.text, self.at, budget=seconds)
        return await self.client.evaluate(request.text, self.at, budget=seconds)

    def hand_out(self, expr: str, outcome: Answer | Failure) -> None:
        """Tell what came of an expression."""
        self.answers += isinstance(outcome, Answer)
        self.answered(expr, outcome)


def _may_be_ones_fault(failure: Failure) -> bool:
    """Whether the request without one of its expressions might have been answered."""
    return failure.kind is FailureKind.BAD_QUERY or isinstance(failure, TimedOut) or "timed out" in failure.message


def _clock() -> float:
    return asyncio.get_running_loop().time()
