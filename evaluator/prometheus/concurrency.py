"""How many requests a datasource is asked to bear at once.

The limit follows the rule that TCP made known as additive increase, multiplicative decrease: the server says "too much"
(429, or 503), the limit halves; each limit's worth of good answers raises it by one, up to what is configured. The
requests that were under way when the limit was halved say nothing new, so a burst of refusals halves it once.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """Places for requests in flight, given in the order in which they were asked for."""

    def __init__(self, most: int) -> None:
        """most: the configured limit, at least 1."""
        self._most = most
        self._limit = float(most)
        self._in_flight = 0
        self._round = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @property
    def in_flight(self) -> int:
        """Requests that are in flight now."""
        return self._in_flight

    async def take(self) -> int:
        """Wait for a place. Returns the ticket that `give_back` wants."""
        if self._in_flight < self.limit and not self._queue:
            self._in_flight += 1
            return self._round
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was given in the very moment in which the wait was given up
                self._in_flight -= 1
                self._admit()
            raise
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
            if not turn.done():
                self._in_flight += 1
                turn.set_result(None)
