"""APScheduler's jobs follow the rule groups and the machine's timer, and leave alone what has not changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from evaluator.core.evaluation.evaluation import GroupEvaluation, begin
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.service.wakeups import Wakeups
from tests.service.servers import until


def group(name: str, interval: timedelta) -> GroupEvaluation:
    """A group without rules."""
    return begin(RuleGroup(name, "f", interval, (), "main"), datetime.now(UTC))


@asynccontextmanager
async def started(
    wake: Callable[[], None] = lambda: None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[Wakeups]:
    """Wake-ups at work."""
    wakeups = Wakeups(wake, clock)
    wakeups.start()
    try:
        yield wakeups
    finally:
        wakeups.stop()


async def nothing() -> None:
    """A duty."""


async def test_one_job_for_each_group_on_its_slots() -> None:
    """Those that are gone have none, those whose slots are the same keep theirs, and a new interval is a new rhythm."""
    minute, hour = group("a", timedelta(minutes=1)), group("b", timedelta(hours=1))
    async with started() as wakeups:
        wakeups.follow([minute, hour])
        before = wakeups.due
        assert before == {"group:f;a": minute.next_slot, "group:f;b": hour.next_slot}
        minute.next_slot += 3 * timedelta(minutes=1)
        wakeups.follow([minute, hour])
        assert wakeups.due == before
        quicker = group("b", timedelta(minutes=7))
        wakeups.follow([quicker])
        assert wakeups.due == {"group:f;b": quicker.next_slot}


async def test_the_world_is_woken_at_every_slot() -> None:
    woken: list[datetime] = []
    async with started(lambda: woken.append(datetime.now(UTC))) as wakeups:
        wakeups.follow([group("a", timedelta(milliseconds=20))])
        await until(lambda: len(woken) >= 3)


async def test_one_timer() -> None:
    """The newest counts; when it has come it can be set anew."""
    woken: list[datetime] = []
    async with started(lambda: woken.append(datetime.now(UTC))) as wakeups:
        far = datetime.now(UTC) + timedelta(hours=1)
        wakeups.arm(far)
        assert wakeups.due == {"timer": far}
        near = datetime.now(UTC) + timedelta(milliseconds=20)
        wakeups.arm(near)
        await until(lambda: woken)
        assert woken[0] >= near
        wakeups.arm(far)
        assert wakeups.due == {"timer": far}


async def test_a_timer_is_told_by_the_clock_of_the_world() -> None:
    """What is an hour off by a clock that stands a year behind has not been due for nearly as long."""
    woken: list[datetime] = []
    now = datetime.now(UTC) - timedelta(days=365)
    async with started(lambda: woken.append(now), lambda: now) as wakeups:
        wakeups.arm(now + timedelta(hours=1))
        wakeups.every("soon", timedelta(milliseconds=20), (ticked := asyncio.Event()).set)
        await ticked.wait()
        assert wakeups.due["timer"] > datetime.now(UTC)
    assert woken == []


async def test_a_timer_that_is_due_at_once_is_not_lost() -> None:
    """One that is set while the one before it is still being told of."""
    woken: list[datetime] = []

    def wake() -> None:
        woken.append(datetime.now(UTC))
        if len(woken) < 5:
            wakeups.arm(woken[-1])

    async with started(wake) as wakeups:
        wakeups.arm(datetime.now(UTC))
        await until(lambda: len(woken) == 5)


async def test_duties() -> None:
    """Asking for the same again does not put it off; another interval does; ceasing twice is fine."""
    async with started() as wakeups:
        wakeups.every("heartbeat", timedelta(minutes=1), nothing)
        before = wakeups.due
        wakeups.every("heartbeat", timedelta(minutes=1), nothing)
        assert wakeups.due == before
        wakeups.every("heartbeat", timedelta(minutes=5), nothing)
        assert wakeups.due != before
        wakeups.cease("heartbeat")
        wakeups.cease("heartbeat")
        assert wakeups.due == {}
