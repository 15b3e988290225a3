"""Short ways to ask in tests, and a clock that moves when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.core.settings import Datasource
from evaluator.prometheus import PrometheusClient

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


class Clock:
    """Seconds that pass only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


def source(url: str, **settings: Any) -> Datasource:
    """A datasource with short limits."""
    return Datasource(**{"name": "main", "url": url, "timeout": timedelta(seconds=5), **settings})


def client(datasource: Datasource, clock: Clock | None = None, **options: Any) -> PrometheusClient:
    """A client that never sleeps and never draws."""
    clock = clock or Clock()
    return PrometheusClient(datasource, **{"clock": clock, "sleep": clock.sleep, "jitter": lambda: 0.5, **options})


def using(asker: Callable[[], PrometheusClient], use: Callable[[PrometheusClient], Awaitable[Any]]) -> Any:
    """Run `use` with a client, and close the client."""

    async def run() -> Any:
        made = asker()
        try:
            return await use(made)
        finally:
            await made.aclose()

    return asyncio.run(run())


def ask(datasource: Datasource, expr: str = "up", *, budget: float = 4.0, **options: Any) -> Answer | Failure:
    """One query, by a client of its own."""
    outcome: Answer | Failure = using(lambda: client(datasource, **options), lambda asker: asker.query(expr, AT, budget=budget))
    return outcome
