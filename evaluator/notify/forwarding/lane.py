"""One Alertmanager's lane: its queue, and the task that empties it, one post after another.

A task lives for as long as anything is queued, so a lane at rest costs nothing, and to wait for the task is to wait until
everything has been posted.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from evaluator.core.settings import Alertmanager
from evaluator.notify.forwarding.waiting import Queue, Waiting

MOST_AT_ONCE = 256
"""Alerts in one post."""

Post = Callable[[Alertmanager, Sequence[Waiting]], Awaitable[str]]
"""Posts alerts; gives why they were not accepted, empty when they were."""


class Witness(Protocol):
    """Who is told what becomes of alerts: logs, metrics and the machine."""

    def posted(self, alertmanager: str, alerts: int, error: str, seconds: float) -> None:
        """So many alerts were posted in so many seconds. error: why they were not accepted, empty when they were."""

    def dropped(self, alertmanager: str, alerts: int) -> None:
        """So many alerts left a full queue without being posted."""


class Lane:
    """Alerts on their way to one Alertmanager. alertmanager: may be changed at any time, the queue stays."""

    def __init__(self, alertmanager: Alertmanager, post: Post, witness: Witness, capacity: int) -> None:
        self.alertmanager = alertmanager
        self._post = post
        self._witness = witness
        self._queue = Queue(capacity)
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many alerts are queued; those of a post under way are not."""
        return len(self._queue)

    def add(self, alerts: Sequence[Waiting]) -> None:
        """Queue alerts, and see that they are posted."""
        if not alerts:
            return
        gone = self._queue.put(alerts)
        if gone:
            self._witness.dropped(self.alertmanager.url, gone)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._empty())

    async def emptied(self) -> None:
        """Wait until everything has been posted, or given up."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def give_up(self) -> None:
        """Post no more, and forget what is queued."""
        self._queue.take(len(self._queue))
        if self._task is not None:
            self._task.cancel()

    async def _empty(self) -> None:
        ticks = asyncio.get_running_loop().time
        while alerts := self._queue.take(MOST_AT_ONCE):
            began = ticks()
            error = await self._posted(alerts)
            self._witness.posted(self.alertmanager.url, len(alerts), error, ticks() - began)

    async def _posted(self, alerts: Sequence[Waiting]) -> str:
        """A mistake of ours costs the alerts of one post, never those that follow."""
        try:
            return await self._post(self.alertmanager, alerts)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            return f"internal error, {type(error).__name__} in {frame.name}:{frame.lineno}; please report it"
