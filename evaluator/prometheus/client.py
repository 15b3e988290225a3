"""How rules are asked.

One client for each datasource. A query has a budget, the part of its slot that may be spent on it: waiting for a place,
asking, pausing and asking again all happen within it, and what comes back is an `Answer` or a `Failure`, never an
exception. Nothing is read into silence: whatever is not clearly an answer is a failure of a named class.

What is asked again shall have a chance to be answered: with less than a tenth of the budget left no retry begins. And one
that comes to nothing for want of time does not take the place of what the server said before: "503 Service Unavailable"
tells whoever is on call more than "no answer within 0.5s".

A server that says when to come back is left alone until then. Queries whose budget reaches that far wait; the others
fail at once with the server's own refusal, without asking. The wait is capped at five minutes, so that a server that
says "tomorrow" by mistake does not silence its alerts until then.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind, Span
from evaluator.core.settings import Datasource
from evaluator.prometheus.concurrency import Places
from evaluator.prometheus.exchange import CLOSED, Exchange, NoPlace, TimedOut
from evaluator.prometheus.patience import Patience
from evaluator.prometheus.sentinel import Sentinel

MOST_BYTES = 64 * 1024 * 1024
LONGEST_REFUSAL = 300.0
LEAST_SECONDS = 0.1
LEAST_SHARE = 0.1
"""Of the budget; the larger of the two must be left for a retry."""


class PrometheusClient:
    """Asks one datasource. Safe for any number of concurrent callers on one event loop."""

    def __init__(
        self,
        datasource: Datasource,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        transport: httpx.AsyncBaseTransport | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Nothing is asked yet.

        clock: seconds that only grow. now: the time of day, needed only where a server sends Retry-After as a date and no
        Date. transport: takes the place of the network. most_bytes: of one answer; a larger one is the rule's fault.
        Raises OSError when a certificate file or the proxy's secret cannot be read, httpx.InvalidURL for a bad URL.
        """
        self.datasource = datasource
        self._clock = clock
        self._sleep = sleep
        self._exchange = Exchange(datasource, clock=clock, now=now, transport=transport, most=most_bytes)
        self._places = Places(datasource.max_concurrency)
        self._patience = Patience(jitter)
        self._refusal: Failure | None = None
        self._refused_until = 0.0
        self._sentinel = Sentinel(datasource.sentinel, self._ask_sentinel) if datasource.sentinel else None

    @property
    def concurrency(self) -> int:
        """Requests that may be in flight at once now: the configured number, or less while the server is overloaded."""
        return self._places.limit

    async def evaluate(self, expr: str, at: datetime, *, budget: float) -> Answer | Failure:
        """A rule's query: like `query`, but a Failure when the sentinel says that answers for `at` prove nothing."""
        if self._sentinel is None:
            return await self.query(expr, at, budget=budget)
        began = self._clock()
        blind = await self._sentinel.blind(at, budget)
        if blind is not None:
            return blind
        return await self.query(expr, at, budget=budget - (self._clock() - began))

    async def query(self, expr: str, at: datetime | Span, *, budget: float) -> Answer | Failure:
        """The value of `expr` at `at`, or at each instant of a span; there it is for the caller to ask the sentinel.

        budget: seconds that may pass until this returns, retries and waits included.
        """
        deadline = self._clock() + budget
        latest_retry = deadline - max(LEAST_SECONDS, LEAST_SHARE * budget)
        telling: Failure | None = None
        tries = 0
        while True:
            outcome = await self._try(expr, at, deadline)
            if isinstance(outcome, Answer):
                self._patience.succeeded()
                return outcome
            tries += 1
            pause = None if outcome is CLOSED else self._patience.pause(outcome, tries)
            telling = _more_telling(telling, outcome)
            if pause is None or self._clock() + pause > latest_retry:
                return telling
            await self._sleep(pause)

    async def aclose(self) -> None:
        """Close every connection; a sentinel under way is given up."""
        if self._sentinel is not None:
            await self._sentinel.aclose()
        await self._exchange.aclose()

    async def _try(self, expr: str, at: datetime | Span, deadline: float) -> Answer | Failure:
        """One request, in a place of its own."""
        left = deadline - self._clock()
        try:
            ticket = await self._places.take(left)
        except TimeoutError:
            text = f"{self._places.in_flight} queries were in flight, and no place was free within {left:.3g}s"
            return NoPlace(FailureKind.TRANSIENT, text, seconds=left)
        overloaded = None
        try:
            outcome = self._standing_refusal()
            if outcome is None:
                outcome = await self._ask(expr, at, deadline)
                overloaded = _overloaded(outcome)
        finally:
            self._places.give_back(ticket, overloaded=overloaded)
        return outcome

    async def _ask(self, expr: str, at: datetime | Span, deadline: float) -> Answer | Failure:
        limit = min(self.datasource.timeout.total_seconds(), deadline - self._clock())
        outcome = await self._exchange.ask(expr, at, limit)
        if isinstance(outcome, Failure) and outcome.kind is FailureKind.OVERLOAD and outcome.retry_after is not None:
            self._refusal = outcome = replace(outcome, retry_after=min(outcome.retry_after, LONGEST_REFUSAL))
            self._refused_until = max(self._refused_until, self._clock() + min(outcome.retry_after or 0.0, LONGEST_REFUSAL))
        return outcome

    def _standing_refusal(self) -> Answer | Failure | None:
        """The server's refusal while it lasts, with the seconds that are left of it."""
        left = self._refused_until - self._clock()
        if self._refusal is None or left <= 0:
            self._refusal = None
            return None
        return replace(self._refusal, retry_after=left, seconds=0.0)

    async def _ask_sentinel(self, budget: float, at: datetime) -> Answer | Failure:
        return await self.query(self.datasource.sentinel, at, budget=budget)


def _more_telling(earlier: Failure | None, later: Failure) -> Failure:
    """The later one, unless it is about time only; then the earlier, whose wait, if it asked for one, is over."""
    if earlier is None or not isinstance(later, TimedOut):
        return later
    return replace(earlier, seconds=later.seconds, retry_after=None)


def _overloaded(outcome: Answer | Failure) -> bool | None:
    """What an outcome says about the server's load: nothing, unless it answered or refused for being asked too much."""
    if isinstance(outcome, Answer):
        return False
    return True if outcome.status in (429, 503) else None
