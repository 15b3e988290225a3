"""The sentinel: one query that always has an answer while the datasource has data.

A server that lost its data, or whose ingestion stopped, answers every expression with an empty vector, status 200; read
naively, all alerts are over. So before the rules of an instant are asked, the sentinel is asked about the same instant,
once for all of them; when it returns nothing, nothing that the datasource says about that instant proves anything.

A sentinel that cannot be evaluated proves nothing either, so its failure is every rule's failure of that instant, and a
fault in its expression is the datasource's, not the rules'.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.prometheus.exchange import CLOSED

_INSTANTS = 64


class Sentinel:
    """Asks the sentinel once for each instant; whoever comes meanwhile or later gets the same verdict."""

    def __init__(self, expr: str, query: Callable[[float, datetime], Awaitable[Answer | Failure]]) -> None:
        """query: evaluates the sentinel within so many seconds, for an instant."""
        self._expr = expr
        self._query = query
        self._verdicts: dict[datetime, asyncio.Task[Failure | None]] = {}

    async def blind(self, at: datetime, budget: float) -> Failure | None:
        """Why answers for `at` prove nothing; None when they do. budget: seconds; the first caller's bounds the request."""
        verdict = self._verdicts.get(at)
        if verdict is None:
            verdict = self._verdicts[at] = asyncio.create_task(self._ask(at, budget), name="sentinel")
            self._forget_old()
        if verdict.done() and not verdict.cancelled():
            return verdict.result()
        try:
            async with asyncio.timeout(budget):
                await asyncio.wait([verdict])  # unlike awaiting it, this passes no cancellation on, in either direction
        except TimeoutError:
            return Failure(FailureKind.TRANSIENT, f"the sentinel did not answer within {budget:.3g}s", seconds=budget)
        return CLOSED if verdict.cancelled() else verdict.result()

    async def aclose(self) -> None:
        """Give up what is under way."""
        for verdict in self._verdicts.values():
            verdict.cancel()
        await asyncio.gather(*self._verdicts.values(), return_exceptions=True)
        self._verdicts.clear()

    async def _ask(self, at: datetime, budget: float) -> Failure | None:
        outcome = await self._query(budget, at)
        if isinstance(outcome, Failure):
            of_datasource = outcome.kind if outcome.kind.of_datasource else FailureKind.BLIND
            return replace(outcome, kind=of_datasource, message=f"the sentinel failed: {outcome.message}")
        if all(math.isnan(sample.value) and sample.histogram is None for sample in outcome.samples):
            text = f"the sentinel `{self._expr}` returned nothing: the datasource has no data for this instant"
            return Failure(FailureKind.BLIND, text, seconds=outcome.seconds)
        return None

    def _forget_old(self) -> None:
        """Drop the instants that were asked about first, those under way excepted."""
        for at in list(self._verdicts)[: max(0, len(self._verdicts) - _INSTANTS)]:
            if self._verdicts[at].done():
                del self._verdicts[at]
