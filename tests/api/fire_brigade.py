"""An evaluator with a ladder and an incident on it, behind its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import IncidentState
from evaluator.core.settings import Settings
from tests.api.alertmanager import Api, serving
from tests.core.incidents.ladder import config, ladder

BASE = "/api/evaluator/v1"
WHAT = {"alertname": "Down", "component": "api", "severity": "critical"}


def configured(*policies: Escalation, **more: Any) -> Settings:
    """The ladder of four levels, for alerts that others post; nothing is asked of anybody."""
    return replace(config(*policies or (ladder(),)), groups=(), datasources=(), **more)


@dataclass
class Brigade:
    """An evaluator, and a client of its own API."""

    api: Api
    client: httpx.AsyncClient

    async def fire(self, **labels: str) -> None:
        """An alert fires, and its group has been flushed."""
        alert = {"labels": {**WHAT, **labels}, "endsAt": self.api.at(30 * 86400)}
        assert await self.api.post(alert) == (200, None)
        await self.pass_time(0)

    async def pass_time(self, seconds: float) -> None:
        """Let the clock go on, and everything happen that is due."""
        self.api.now += timedelta(seconds=seconds)
        world = self.api.service._world  # the world has no door for those who move its clock
        assert world is not None
        for _ in range(3):
            world.wake()
            await world.settled()

    async def get(self, path: str, **query: Any) -> Any:
        """What a GET answers, which must be well."""
        answer = await self.client.get(BASE + path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask for something to be done."""
        return await self.client.post(BASE + path, json=body if body is not None else {}, headers=headers)

    async def act(self, action: str, number: int = 1, by: str = "ana", **more: Any) -> Any:
        """Do something, which must be possible."""
        answer = await self.post(f"/incidents/{number}/{action}", {"by": by, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def state(self) -> IncidentState:
        """Of the first incident."""
        return self.api.service.machine.incidents.table[1].state


@asynccontextmanager
async def brigade(settings: Settings | None = None) -> AsyncIterator[Brigade]:
    """Lives as long as the block."""
    async with (
        serving(settings or configured()) as api,
        httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=20) as client,
    ):
        yield Brigade(api, client)
