"""The HTTP clients in use: one for each distinct `HttpSettings`, made when first needed.

After a reload a client that nobody refers to any more is closed, once the attempts under way on it have ended.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

import httpx

from evaluator.core.settings import HttpSettings
from evaluator.wire.client import build_async_client

MakeClient = Callable[[HttpSettings], httpx.AsyncClient]


@dataclass(slots=True)
class Lent:
    """A client, open for whoever uses it in an `async with` block."""

    client: httpx.AsyncClient
    users: int = 0
    retired: bool = False

    async def __aenter__(self) -> httpx.AsyncClient:
        self.users += 1
        return self.client

    async def __aexit__(self, *_: object) -> None:
        self.users -= 1
        await self.close_if_idle()

    async def close_if_idle(self) -> None:
        """Close it when nobody wants it any more, now or later."""
        if self.retired and self.users == 0:
            await self.client.aclose()


class Clients:
    """Lends clients by their settings."""

    def __init__(self, make: MakeClient = build_async_client) -> None:
        self._make = make
        self._lent: dict[HttpSettings, Lent] = {}

    def lend(self, settings: HttpSettings) -> Lent:
        """The client for `settings`, open until the block ends that uses it. Raises what making one raises."""
        lent = self._lent.get(settings)
        if lent is None:
            lent = self._lent[settings] = Lent(self._make(settings))
        return lent

    async def keep(self, wanted: Container[HttpSettings]) -> None:
        """Let go of the clients whose settings are not `wanted`."""
        for settings in [settings for settings in self._lent if settings not in wanted]:
            lent = self._lent.pop(settings)
            lent.retired = True
            await lent.close_if_idle()
