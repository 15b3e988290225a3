"""An evaluator that stands in for an Alertmanager: settings without rules, and a clock that the test moves."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from evaluator.api.app import make_app
from evaluator.core.labels import Labels, Matcher
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Receiver, Settings
from evaluator.service import listening
from evaluator.service.clock import Clock
from evaluator.service.run import Service
from evaluator.store.base import Store
from evaluator.store.memory import MemoryStore

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

TREE = Route(
    "team",
    group_by=frozenset(("alertname",)),
    routes=(Route("db", key='{}/{team="db"}', id='{}/{team="db"}', matchers=(Matcher("team", "db"),)),),
)
RECEIVERS = (Receiver("team", labels=Labels({"owner": "ops"})), Receiver("db", labels=Labels({"owner": "dba"})))


def settings(**more: Any) -> Settings:
    """Two receivers that tell nobody. more: what is not as usual."""
    usual = {"path": None, "datasources": (), "groups": (), "route": TREE, "receivers": RECEIVERS}
    return Settings(**{**usual, **more})


@dataclass
class Api:
    """API v2 of an evaluator that lives within the test. now: what its clock shows."""

    client: httpx.AsyncClient
    url: str = ""
    now: datetime = START
    service: Service = field(init=False)

    async def get(self, path: str, **parameters: Any) -> Any:
        """What a GET answers, which must be well."""
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    async def ask(self, method: str, path: str, body: Any = None, **parameters: Any) -> tuple[int, Any]:
        """The code of an answer, and what it says; None when that is nothing."""
        answer = await self.client.request(method, path, params=parameters, **({} if body is None else {"json": body}))
        return answer.status_code, answer.json() if answer.content else None

    async def post(self, *alerts: Mapping[str, Any]) -> tuple[int, Any]:
        """Post alerts."""
        return await self.ask("POST", "/alerts", list(alerts))

    async def fire(self, **labels: str) -> None:
        """Post an alert that fires from now on."""
        assert await self.post({"labels": labels}) == (200, None)

    async def silence(self, *matchers: str, **more: Any) -> str:
        """Set a silence of an hour on `name=value`; gives its id."""
        code, said = await self.ask("POST", "/silences", self.wish(*matchers, **more))
        assert code == 200, said
        return str(said["silenceID"])

    def wish(self, *matchers: str, **more: Any) -> dict[str, Any]:
        """The body of a silence of an hour on `name=value`. more: members that are not as usual."""
        pairs = [text.partition("=") for text in matchers]
        found = [{"name": name, "value": value, "isRegex": False} for name, _, value in pairs]
        times = {"startsAt": self.at(), "endsAt": self.at(3600)}
        return {"matchers": found, **times, "createdBy": "me", "comment": "work", **more}

    def at(self, seconds: float = 0) -> str:
        """An instant from now."""
        return (self.now + timedelta(seconds=seconds)).isoformat()

    async def names(self, **parameters: Any) -> set[str]:
        """The names of the alerts that are listed."""
        return {alert["labels"]["alertname"] for alert in await self.get("/alerts", **parameters)}


@asynccontextmanager
async def serving(
    configured: Settings | None = None, store: Store | None = None, clock: Clock | None = None
) -> AsyncIterator[Api]:
    """Serve on a socket for as long as the block lasts. clock: instead of the one that the test moves."""
    configured = replace(configured or settings(), storage="sqlite://")  # nothing is left in the folder of whoever runs this

    def read() -> Settings:
        return configured

    with listening.bind("127.0.0.1", 0) as listener, closing(store or MemoryStore()) as kept:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=f"{url}/api/v2", trust_env=False, timeout=20) as client:
            api = Api(client, url)
            api.service = Service(configured, read, kept, io.StringIO(), clock or (lambda: api.now))
            running = asyncio.create_task(api.service.run(make_app, listener))
            await asyncio.sleep(0)
            try:
                yield api
            finally:
                api.service.stop()
                await running
