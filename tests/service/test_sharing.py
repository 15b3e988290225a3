"""One expression that spoils a shared request: the others are answered in the same slot, and it stays alone from then on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.core.settings import Batching, Datasource
from evaluator.prometheus.client import PrometheusClient
from evaluator.service.sharing import Sharing
from tests.local_server import LocalServer, Received, Reply
from tests.service.servers import expression, refusal, vector

AT = datetime(2026, 1, 1, tzinfo=UTC)
EXPRS = [f"metric_{number} > 1" for number in range(16)]
Outcome = Answer | Failure


class Picky(LocalServer):
    """Answers every query but those that `refuses`, which it treats as told. sizes: how many expressions each query held."""

    def __init__(self, refuses: Callable[[str], bool], treats: Callable[[], Reply | None]) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self._refuses = refuses
        self._treats = treats

    async def reply(self, request: Received) -> Reply:
        text = expression(request)
        self.sizes.append(max(1, text.count("label_replace(")))
        if self._refuses(text):
            reply = self._treats()
            if reply is None:
                await asyncio.sleep(60)
            else:
                return reply
        return vector()


def bad() -> Reply:
    return refusal(422, "execution", "found duplicate series for the match group")


def asleep() -> None:
    return None


async def ask(server: Picky, sharing: Sharing, exprs: list[str], seconds: float = 5.0) -> dict[str, Outcome]:
    """One slot."""
    found: dict[str, Outcome] = {}

    def answered(expr: str, outcome: Outcome) -> None:
        assert expr not in found, "answered twice"
        found[expr] = outcome

    server.sizes.clear()
    client = PrometheusClient(sharing.datasource)
    try:
        for request in sharing.requests(exprs):
            await sharing.ask(client, request, AT, seconds, answered)
    finally:
        await client.aclose()
    return found


def failed(found: dict[str, Outcome]) -> list[str]:
    return [expr for expr, outcome in found.items() if isinstance(outcome, Failure)]


def sharing(server: Picky, **more: object) -> Sharing:
    datasource = Datasource("main", server.url, timeout=timedelta(seconds=1), **more)  # type: ignore[arg-type]
    return Sharing(datasource)


@pytest.mark.parametrize("culprits", [{3}, {0}, {15}, {2, 9}])
async def test_a_refused_request_is_halved_until_the_culprit_stands_alone(culprits: set[int]) -> None:
    bad_ones = [EXPRS[number] for number in sorted(culprits)]
    async with Picky(lambda text: any(re.search(rf"metric_{one}\b", text) for one in culprits), bad) as server:
        mine = sharing(server)
        first = await ask(server, mine, EXPRS)
        assert set(first) == set(EXPRS)
        assert failed(first) == bad_ones or set(failed(first)) == set(bad_ones)
        assert len(server.sizes) <= 1 + 8 * len(culprits)
        again = await ask(server, mine, EXPRS)
        assert set(failed(again)) == set(bad_ones)
        assert sorted(server.sizes) == [1] * len(culprits) + [16 - len(culprits)]


async def test_a_culprit_that_changes_is_tried_with_the_others_again() -> None:
    async with Picky(lambda text: "metric_3 >" in text, bad) as server:
        mine = sharing(server)
        await ask(server, mine, EXPRS)
        changed = [expr.replace("metric_3 >", "metric_three >") for expr in EXPRS]
        mine.keep(changed)
        assert failed(await ask(server, mine, changed)) == []
        assert server.sizes == [16]


async def test_a_request_that_is_too_much_is_made_smaller() -> None:
    """No expression is at fault; from then on the requests are as large as was answered."""
    async with Picky(lambda text: text.count("label_replace(") > 8, bad) as server:
        mine = sharing(server)
        assert failed(await ask(server, mine, EXPRS)) == []
        assert server.sizes == [16, 8, 8]
        await ask(server, mine, EXPRS)
        assert server.sizes == [8, 8]


@pytest.mark.realtime
async def test_one_that_takes_too_long_does_not_keep_the_others_from_their_answers() -> None:
    async with Picky(lambda text: "metric_3 >" in text, asleep) as server:
        mine = sharing(server)
        found = await ask(server, mine, EXPRS, seconds=1.5)
        assert failed(found) == [EXPRS[3]]
        assert len(server.sizes) <= 1 + 8 + 2
        await ask(server, mine, EXPRS, seconds=0.2)
        assert sorted(server.sizes) == [1, 15]


@pytest.mark.realtime
async def test_one_that_was_late_shares_again_once_it_is_answered_in_time() -> None:
    slow = {"metric_3 >"}
    async with Picky(lambda text: any(one in text for one in slow), asleep) as server:
        mine = sharing(server)
        await ask(server, mine, EXPRS, seconds=1.0)
        slow.clear()
        await ask(server, mine, EXPRS)
        assert sorted(server.sizes) == [1, 15]
        await ask(server, mine, EXPRS)
        assert server.sizes == [16]


@pytest.mark.realtime
async def test_a_server_that_answers_nobody_is_not_asked_by_everybody() -> None:
    """And nobody is called a culprit for it."""
    async with Picky(lambda text: True, asleep) as server:
        mine = sharing(server)
        assert len(failed(await ask(server, mine, EXPRS, seconds=0.6))) == 16
        assert len(server.sizes) <= 9
        assert len(mine.requests(EXPRS)) == 1


@pytest.mark.parametrize("status", [401, 404, 429])
async def test_what_is_the_datasources_fault_is_not_split(status: int) -> None:
    async with Picky(lambda text: True, lambda: refusal(status, "", "no")) as server:
        found = await ask(server, sharing(server), EXPRS, seconds=0.3)
        assert {outcome.kind.of_datasource for outcome in found.values() if isinstance(outcome, Failure)} == {True}
        assert set(server.sizes) == {16}


async def test_an_answer_with_foreign_series_is_not_believed() -> None:
    """A server between us and Prometheus that drops labels it does not know would give one rule's series to another."""
    async with Picky(lambda text: "label_replace" in text, lambda: vector({"job": "x"})) as server:
        found = await ask(server, sharing(server), EXPRS)
        assert failed(found) == []
        assert all(isinstance(outcome, Answer) and outcome.samples == () for outcome in found.values())


async def test_shares_of_the_cost_are_marked_as_such() -> None:
    async with Picky(lambda text: False, bad) as server:
        found = await ask(server, sharing(server), EXPRS)
        answers = [outcome for outcome in found.values() if isinstance(outcome, Answer)]
        assert {answer.shared for answer in answers} == {16}
        assert len({answer.seconds for answer in answers}) == 1


async def test_switched_off_every_expression_is_asked_alone() -> None:
    async with Picky(lambda text: False, bad) as server:
        await ask(server, sharing(server, batching=Batching(off=True)), EXPRS)
        assert server.sizes == [1] * 16
        alone = Sharing(Datasource("main", server.url), off=True)
        await ask(server, alone, EXPRS)
        assert server.sizes == [1] * 16


async def test_a_single_bad_query_is_a_bad_query() -> None:
    async with Picky(lambda text: True, bad) as server:
        (outcome,) = (await ask(server, sharing(server), EXPRS[:1])).values()
        assert isinstance(outcome, Failure)
        assert outcome.kind is FailureKind.BAD_QUERY
