"""A datasource without data proves nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from evaluator.core.evaluation.answers import Answer, Failure, FailureKind
from evaluator.prometheus import PrometheusClient
from tests.prometheus.asking import AT, client, source, using
from tests.prometheus.scripted import EMPTY, HTML, ONE, SILENCE, Say, Scripted
from tests.prometheus.test_concurrency import Held, settled

SCALAR_NAN = b'{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}'
ZERO = ONE.replace(b'"1"]', b'"0"]')


async def evaluate(asker: PrometheusClient) -> Answer | Failure:
    """One rule's question."""
    return await asker.evaluate("rule", AT, budget=4)


@pytest.mark.parametrize("body", [ONE, ZERO])
def test_a_sentinel_that_returns_something_lets_rules_be_asked(body: bytes) -> None:
    """Its value plays no part: that it is there proves that the datasource has data."""
    with Scripted(Say(body), Say(EMPTY)) as server:
        outcome = using(lambda: client(source(server.url, sentinel="count(up)")), evaluate)
        assert [heard.form["query"] for heard in server.heard] == ["count(up)", "rule"]
        assert {heard.form["time"] for heard in server.heard} == {"1772366400.250"}
    assert isinstance(outcome, Answer)


@pytest.mark.parametrize("body", [EMPTY, SCALAR_NAN])
def test_a_sentinel_that_returns_nothing_makes_the_instant_blind(body: bytes) -> None:
    """`scalar()` of nothing is NaN, which is nothing too. The rule is not even asked."""
    with Scripted(Say(body), Say(ONE)) as server:
        outcome = using(lambda: client(source(server.url, sentinel="count(up)")), evaluate)
        assert len(server.heard) == 1
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BLIND
    assert "`count(up)` returned nothing" in outcome.message


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (Say(b'{"status":"error","errorType":"bad_data","error":"parse error"}', 400), FailureKind.BLIND),
        (Say(b"<p>login", 200, (HTML,)), FailureKind.NOT_PROMETHEUS),
        (Say(b"", 401, ()), FailureKind.CREDENTIALS),
    ],
)
def test_a_sentinel_that_fails_is_the_datasources_failure(say: Say, kind: FailureKind) -> None:
    """Also when its expression is at fault: no rule is to blame for that."""
    with Scripted(say, Say(ONE)) as server:
        outcome = using(lambda: client(source(server.url, sentinel="count(up)")), evaluate)
        assert len(server.heard) == 1
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind
    assert outcome.kind.of_datasource
    assert outcome.message.startswith("the sentinel failed: ")


def test_without_a_sentinel_nothing_is_asked_but_the_rule() -> None:
    with Scripted() as server:
        assert isinstance(using(lambda: client(source(server.url)), evaluate), Answer)
        assert [heard.form["query"] for heard in server.heard] == ["rule"]


def test_it_is_asked_once_for_each_instant() -> None:
    async def use(asker: PrometheusClient) -> None:
        later = AT + timedelta(seconds=15)
        for at in (AT, later):
            await asyncio.gather(*(asker.evaluate(f"rule{number}", at, budget=4) for number in range(20)))
        await asker.evaluate("late", AT, budget=4)

    with Scripted(Say(ONE)) as server:
        using(lambda: client(source(server.url, sentinel="1 + 1")), use)
        sentinels = [heard.form["time"] for heard in server.heard if heard.form["query"] == "1 + 1"]
    assert sentinels == ["1772366400.250", "1772366415.250"]


def test_instants_are_forgotten() -> None:
    """An instant long past is asked about anew; the memory does not grow."""

    async def use(asker: PrometheusClient) -> None:
        for minute in [*range(80), 0, 79]:
            await asker.evaluate("rule", AT + timedelta(minutes=minute), budget=4)

    with Scripted(*[Say(ONE)] * 200) as server:
        using(lambda: client(source(server.url, sentinel="1 + 1")), use)
        assert sum(heard.form["query"] == "1 + 1" for heard in server.heard) == 81


def test_who_asked_first_may_leave() -> None:
    """The others still get the verdict."""

    async def run() -> None:
        held = Held()
        asker = client(source("http://held", sentinel="count(up)"), transport=held)
        first = asyncio.create_task(evaluate(asker))
        second = asyncio.create_task(evaluate(asker))
        await settled()
        assert len(held.waiting) == 1
        first.cancel()
        await settled()
        await held.answer()
        outcome = await second
        assert isinstance(outcome, Failure)
        assert outcome.kind is FailureKind.BLIND
        await asker.aclose()

    asyncio.run(run())


@pytest.mark.realtime
def test_a_caller_waits_no_longer_than_its_budget() -> None:
    async def use(asker: PrometheusClient) -> None:
        patient = asyncio.create_task(asker.evaluate("patient", AT, budget=4))
        await asyncio.to_thread(server.first_heard.wait, 4)
        outcome = await asker.evaluate("hasty", AT, budget=0.02)
        assert isinstance(outcome, Failure)
        assert (outcome.kind, outcome.message) == (FailureKind.TRANSIENT, "the sentinel did not answer within 0.02s")
        patient.cancel()

    with Scripted(SILENCE) as server:
        using(lambda: client(source(server.url, sentinel="count(up)")), use)
