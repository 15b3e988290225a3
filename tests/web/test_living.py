"""The pages of a running evaluator: behind its own surface, with a store, a datasource and a receiver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from evaluator.web.live import MOST_OPEN, Live, Pace
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import LOGIN_PAGE, Datasource, Webhook, until, vector
from tests.web.stage import Stage

pytestmark = pytest.mark.realtime

PATHS = ("/", "/silences", "/silences/new", "/rules", "/routes", "/status")


async def test_every_page_of_a_running_evaluator(tmp_path: Path) -> None:
    """With an alert that fires, one that is pending, and a datasource that then answers no more."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Down: down, annotations: {summary: '{{ $labels.job }} is down'}", "Waits: waits, for: 1h")
        datasource.answers = {"down": vector({"job": "<b>"}), "waits": vector({"job": "a"})}
        async with living(tmp_path) as evaluator:
            await until(evaluator.accepted)
            page = (await evaluator.ask("/")).text
            for text in ("1 firing", "1 pending", "&lt;b&gt; is down", "repeats"):
                assert text in page
            assert [(await evaluator.ask(path)).status_code for path in PATHS] == [200] * len(PATHS)
            fingerprint = page.partition("/alerts/")[2][:16]
            assert "Why, and what comes next" in (await evaluator.ask(f"/alerts/{fingerprint}")).text
            datasource.instead = LOGIN_PAGE

            async def told() -> bool:
                return "Please sign in" in (await evaluator.ask("/rules?health=err")).text

            await until(told)
            assert "<title>Please" not in (await evaluator.ask("/rules")).text


async def test_open_pages_hear_of_changes_and_of_the_end(tmp_path: Path) -> None:
    """The stream ends with the evaluator, so that nothing waits for pages that somebody left open."""
    async with Datasource() as datasource, Webhook() as webhook:
        write_config(tmp_path, datasource.url, webhook.url)
        write_rules(tmp_path, "Down: down")
        async with living(tmp_path) as evaluator, httpx.AsyncClient(trust_env=False) as client:
            await until(evaluator.is_ready)
            async with client.stream("GET", evaluator.url + "/events") as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                lines = stream.aiter_lines()
                assert await anext(lines) == "retry: 3000"
                datasource.answers = {"down": vector({"job": "a"})}
                async with asyncio.timeout(20):
                    async for line in lines:
                        if line == "event: changed":
                            break
                evaluator.service.stop()
                async with asyncio.timeout(20):
                    assert [line async for line in lines][-1:] in ([""], [])


async def test_silence_is_broken_so_that_connections_are_kept() -> None:
    """A line goes out while nothing happens."""

    class Quiet(Stage):
        async def changed(self, since: int) -> int | None:
            if since >= 0:
                await asyncio.Event().wait()
            return 0

    answer = await Live(Quiet(), Pace(alive=0.001))(Request({"type": "http", "headers": []}))
    assert isinstance(answer, StreamingResponse)
    lines = aiter(answer.body_iterator)
    assert [await anext(lines), await anext(lines)] == ["retry: 3000\n\n", ": nothing new\n\n"]


async def test_so_many_pages_follow_and_no_more() -> None:
    """Who comes beyond that is told to load the page again, and the evaluator goes on."""
    live = Live(Stage(), Pace())
    live.open = MOST_OPEN
    answer = await live(Request({"type": "http", "headers": []}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
