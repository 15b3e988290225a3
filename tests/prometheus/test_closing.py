"""A client that is closed while queries are under way, as by a reload: each of them still gets exactly one outcome."""

from __future__ import annotations

import asyncio

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.core.settings import HttpSettings, Secret
from tests.prometheus.asking import AT, client, source
from tests.prometheus.scripted import SILENCE, Scripted
from tests.prometheus.test_concurrency import Held, settled


def test_who_waits_for_the_sentinel_gets_a_failure() -> None:
    """The wait is over, but nobody cancelled the one who waited."""

    async def run() -> None:
        held = Held()
        asker = client(source("http://held", sentinel="count(up)"), transport=held)
        waiting = asyncio.create_task(asker.evaluate("rule", AT, budget=60))
        await settled()
        await asker.aclose()
        outcome = await waiting
        assert isinstance(outcome, Failure)
        assert outcome.kind is FailureKind.TRANSIENT
        assert "closed" in outcome.message

    asyncio.run(run())


def test_what_is_under_way_is_finished_and_its_connection_closed() -> None:
    """An answer that is on its way is not thrown away, and no connection is left behind."""

    async def run() -> None:
        asker = client(source(server.url))
        query = asyncio.create_task(asker.query("up", AT, budget=4))
        await asyncio.to_thread(server.first_heard.wait, 4)
        await asker.aclose()
        assert isinstance(await query, Answer)
        await asyncio.to_thread(server.all_gone.wait, 4)
        assert server.all_gone.is_set()

    with Scripted() as server:
        asyncio.run(run())


@pytest.mark.parametrize("proxied", [True, False])
def test_nothing_is_asked_afterwards(proxied: bool) -> None:
    """Neither a retry nor a new query."""

    async def run() -> None:
        http = HttpSettings(proxy_url=Secret(server.url)) if proxied else HttpSettings()
        asker = client(source(server.url, http=http, sentinel="count(up)"))
        await asker.aclose()
        for ask in (asker.query, asker.evaluate):
            outcome = await ask("up", AT, budget=4)
            assert isinstance(outcome, Failure)
            assert outcome.kind is FailureKind.TRANSIENT
        await asker.aclose()
        assert server.heard == []

    with Scripted() as server:
        asyncio.run(run())


def test_a_proxied_query_under_way_gets_an_outcome() -> None:
    async def run() -> None:
        asker = client(source("http://prometheus.invalid", http=HttpSettings(proxy_url=Secret(server.url))))
        query = asyncio.create_task(asker.query("up", AT, budget=0.2))
        await asyncio.to_thread(server.first_heard.wait, 4)
        await asker.aclose()
        assert isinstance(await query, Failure)

    with Scripted(SILENCE) as server:
        asyncio.run(run())
