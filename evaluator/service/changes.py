"""Tells those who show the evaluator to people that there is something new to see."""

from __future__ import annotations

import asyncio


class Changes:
    """Counts what changes, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self._count = 0
        self._over = False
        self._news = asyncio.Event()

    async def after(self, known: int) -> int | None:
        """Wait until the newest change is another than `known`; gives its number, None once there will be no more."""
        while self._count == known and not self._over:
            await self._news.wait()
        return None if self._over else self._count

    def happened(self) -> None:
        """Something has changed."""
        self._count += 1
        self._wake()

    def end(self) -> None:
        """Nothing will change any more."""
        self._over = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
