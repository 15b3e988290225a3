"""Places for requests in flight, and the limit that follows the server's word."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from evaluator.core.evaluation.answers import Answer, Failure
from evaluator.prometheus.concurrency import Places
from tests.prometheus.asking import AT, client, source
from tests.prometheus.scripted import EMPTY


class Held(httpx.AsyncBaseTransport):
    """Holds every request until the test answers it."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[httpx.Response]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        try:
            return await answer
        finally:
            self.waiting.remove(answer)

    async def answer(self, status: int = 200) -> None:
        """Answer those that wait now, and let the consequences come about."""
        for future in list(self.waiting):
            future.set_result(httpx.Response(status, headers={"Content-Type": "application/json"}, content=EMPTY))
        await settled()


async def settled() -> None:
    """Let everything happen that can happen without outside help."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_limit_follows_overload_and_recovery() -> None:
    """A burst of refusals halves it once; each limit's worth of answers raises it by about one."""

    async def run() -> None:
        held = Held()
        asker = client(source("http://held", max_concurrency=8), transport=held)
        queries = [asyncio.create_task(asker.query("up", AT, budget=60)) for _ in range(30)]
        await settled()
        assert (len(held.waiting), asker.concurrency) == (8, 8)
        await held.answer(429)
        assert (len(held.waiting), asker.concurrency) == (4, 4)
        await held.answer(503)  # is tried again
        assert (len(held.waiting), asker.concurrency) == (2, 2)
        seen = []
        while held.waiting:
            await held.answer()
            seen.append(asker.concurrency)
        assert seen == sorted(seen)
        assert seen[:2] == [2, 3]
        outcomes = await asyncio.gather(*queries)
        assert sum(isinstance(outcome, Answer) for outcome in outcomes) == 22
        await asker.aclose()

    asyncio.run(run())


def test_it_never_falls_below_one() -> None:
    async def run() -> None:
        places = Places(3)
        for _ in range(10):
            places.give_back(await places.take(60), overloaded=True)
        assert places.limit == 1
        for _ in range(10):
            places.give_back(await places.take(60), overloaded=False)
        assert places.limit == 3

    asyncio.run(run())


def test_who_came_first_goes_first() -> None:
    async def run() -> None:
        places, order = Places(1), list[int]()

        async def visit(number: int) -> None:
            ticket = await places.take(60)
            order.append(number)
            await asyncio.sleep(0)
            places.give_back(ticket, overloaded=None)

        await asyncio.gather(*(visit(number) for number in range(10)))
        assert order == list(range(10))
        assert places.in_flight == 0

    asyncio.run(run())


@pytest.mark.parametrize("given_first", [True, False])
def test_who_gives_up_leaves_no_place_taken(given_first: bool) -> None:
    """Also when the place is given in the moment in which the wait is given up."""

    async def run() -> None:
        places = Places(1)
        ticket = await places.take(60)
        leaver = asyncio.create_task(places.take(60))
        stayer = asyncio.create_task(places.take(60))
        await asyncio.sleep(0)
        if given_first:
            places.give_back(ticket, overloaded=None)
            leaver.cancel()
        else:
            leaver.cancel()
            await asyncio.sleep(0)
            places.give_back(ticket, overloaded=None)
        places.give_back(await stayer, overloaded=None)
        assert leaver.cancelled()
        assert places.in_flight == 0

    asyncio.run(run())


def test_each_who_waits_has_a_deadline_of_its_own() -> None:
    """One alarm serves all: the impatient leave, whoever came before or after them, and the others still get a place."""

    async def run() -> None:
        places = Places(1)
        ticket = await places.take(60)
        waiting = [asyncio.create_task(places.take(seconds)) for seconds in (60, 0.02, 60, 0.01, 0)]
        done, _ = await asyncio.wait(waiting, timeout=0.2)
        assert [task in done for task in waiting] == [False, True, False, True, True]
        assert all(isinstance(task.exception(), TimeoutError) for task in done)
        places.give_back(ticket, overloaded=None)
        for task in (waiting[0], waiting[2]):
            places.give_back(await task, overloaded=None)
        assert places.in_flight == 0

    asyncio.run(run())


def test_who_is_sent_away_and_gives_up_at_once_had_no_place() -> None:
    async def run() -> None:
        places = Places(1)
        ticket = await places.take(60)
        leaver = asyncio.create_task(places.take(0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the alarm is the next thing to happen
        asyncio.get_running_loop().call_soon(leaver.cancel)  # after the alarm, before the leaver hears of it
        await asyncio.wait([leaver])
        assert leaver.cancelled()
        places.give_back(ticket, overloaded=None)
        assert places.in_flight == 0

    asyncio.run(run())


@pytest.mark.realtime
def test_no_place_within_the_budget() -> None:
    """The sentence says what the query waited for."""

    async def run() -> None:
        held = Held()
        asker = client(source("http://held", max_concurrency=1), transport=held)
        first = asyncio.create_task(asker.query("up", AT, budget=60))
        await settled()
        second = await asker.query("up", AT, budget=0.02)
        assert isinstance(second, Failure)
        assert second.message == "1 queries were in flight, and no place was free within 0.02s"
        await held.answer()
        assert isinstance(await first, Answer)
        await asker.aclose()

    asyncio.run(run())
