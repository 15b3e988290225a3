"""The HTTP clients in use: one for each distinct `HttpSettings`, made when first needed.

After a reload a client that nobody refers to any more is closed, once the attempts under way on it have ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from evaluator.core.settings import HttpSettings
from evaluator.wire.client import build_async_client

MakeClient = Callable[[HttpSettings], httpx.AsyncClient]


@dataclass(slots=True)
class _Lent:
    client: httpx.AsyncClient
    users: int = 0
    retired: bool = False

    async def close_if_idle(self) -> None:
        if self.retired and self.users == 0:
            await self.client.aclose()


class Clients:
    """Lends clients by their settings."""

    def __init__(self, make: MakeClient = build_async_client) -> None:
        self._make = make
        self._lent: dict[HttpSettings, _Lent] = {}

    @asynccontextmanager
    async def lend(self, settings: HttpSettings) -> AsyncIterator[httpx.AsyncClient]:
        """The client for `settings`, open until the block ends. Raises what making one raises."""
        lent = self._lent.get(settings)
        if lent is None:
            lent = self._lent[settings] = _Lent(self._make(settings))
        lent.users += 1
        try:
            yield lent.client
        finally:
            lent.users -= 1
            await lent.close_if_idle()

    async def keep(self, wanted: Container[HttpSettings]) -> None:
        """Let go of the clients whose settings are not `wanted`."""
        for settings in [settings for settings in self._lent if settings not in wanted]:
            lent = self._lent.pop(settings)
            lent.retired = True
            await lent.close_if_idle()
