"""How many requests a datasource is asked to bear at once.

The limit follows the rule that TCP made known as additive increase, multiplicative decrease: the server says "too much"
(429, or 503), the limit halves; each limit's worth of good answers raises it by one, up to what is configured. The
requests that were under way when the limit was halved say nothing new, so a burst of refusals halves it once.

Those who wait have deadlines, and one alarm serves them all: rules come in bursts, most get their place long before their
time is over, and a timer for each would cost more than the rest of its wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple


class Places:
    """Places for requests in flight, given in the order in which they were asked for."""

    def __init__(self, most: int) -> None:
        """most: the configured limit, at least 1."""
        self._most = most
        self._limit = float(most)
        self._in_flight = 0
        self._round = 0
        self._queue: deque[_Turn] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @property
    def in_flight(self) -> int:
        """Requests that are in flight now."""
        return self._in_flight

    async def take(self, seconds: float) -> int:
        """Wait for a place for so many seconds at most. Returns the ticket that `give_back` wants; raises TimeoutError."""
        if self._in_flight < self.limit and not self._queue:
            self._in_flight += 1
            return self._round
        loop = asyncio.get_running_loop()
        turn = _Turn(loop.time() + seconds, loop.create_future())
        self._queue.append(turn)
        self._watch(turn.deadline)
        try:
            given = await turn.given
        except asyncio.CancelledError:
            if not turn.given.cancelled() and turn.given.result():  # in the very moment in which the wait was given up
                self._in_flight -= 1
                self._admit()
            raise
        if not given:
            raise TimeoutError
        return self._round

    def give_back(self, ticket: int, *, overloaded: bool | None) -> None:
        """Free a place. overloaded: whether the server said that it is asked too much; None when it said nothing."""
        self._in_flight -= 1
        if overloaded and ticket == self._round:
            self._limit = max(1.0, self._limit / 2)
            self._round += 1
        elif overloaded is False:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._in_flight < self.limit:
            turn = self._queue.popleft()
            if not turn.given.done():
                self._in_flight += 1
                turn.given.set_result(True)

    def _watch(self, deadline: float) -> None:
        """See to it that the queue is looked through at `deadline` or before."""
        if self._alarm is not None and self._alarm.when() <= deadline:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(deadline, self._send_away)

    def _send_away(self) -> None:
        """The alarm: those whose time is over get no place."""
        self._alarm = None
        now = asyncio.get_running_loop().time()
        for turn in self._queue:
            if turn.deadline <= now and not turn.given.done():
                turn.given.set_result(False)
        self._queue = deque(turn for turn in self._queue if not turn.given.done())
        if self._queue:
            self._watch(min(turn.deadline for turn in self._queue))


class _Turn(NamedTuple):
    """One who waits. deadline: by the loop's clock. given: whether a place was; false when the time was over first."""

    deadline: float
    given: asyncio.Future[bool]
