"""The real world's promises to the machine: kept before performed, never back in time, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evaluator.core.effects import Deliver, Effect, Note, RunQuery
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryReturned, SilenceExpired, TimerFired
from evaluator.core.labels import NO_LABELS
from evaluator.core.records import Decision, Notification, OutboxRecord
from evaluator.service import world as worlds
from evaluator.service.world import RealWorld
from evaluator.store.base import Change, StoreError, SupersededError
from evaluator.store.memory import MemoryStore

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOTE = Note(Decision(T0, "g", "", "", "ops/console[0]", "first notification", True, 1, 0))
QUERY = RunQuery("rule", "g", "main", T0, T0)
TOLD = Notification("ops", "ops/console[0]", "{}", NO_LABELS, "first notification", (), T0)
DELIVER = Deliver(OutboxRecord("id", "g", "ops", "ops/console[0]", TOLD, T0))


class Moody(MemoryStore):
    """A store that refuses for as long as it has errors left. committed: what it took, in order."""

    def __init__(self, *errors: StoreError) -> None:
        super().__init__()
        self.errors = list(errors)
        self.committed: list[Change] = []

    def commit(self, effects: Sequence[Change]) -> None:
        """Refuse, or keep."""
        if self.errors:
            raise self.errors.pop(0)
        self.committed.extend(effects)
        super().commit(effects)


class Scene:
    """A world over a clock that stands still unless it is moved. order: what was refused, kept and performed."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = T0
        self.order: list[str] = []
        self.refused = asyncio.Event()
        self.answer = asyncio.Event()
        self.answer.set()
        self.world = RealWorld(lambda: self.clock, store or MemoryStore(), self.ask, self.deliver, lambda row: row, self)

    def ask(self, effects: Sequence[RunQuery], tell: Callable[[Event], None]) -> list[Coroutine[Any, Any, None]]:
        """Answer when it is time to."""

        async def answer(effect: RunQuery) -> None:
            self.order.append("asked")
            await self.answer.wait()
            tell(QueryReturned(effect.rule, effect.slot, {}))

        return [answer(effect) for effect in effects]

    async def deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
        """Accept."""
        self.order.append("delivered")
        return Delivered(row.id)

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Nothing to note."""

    def kept(self, effects: Sequence[Effect], seconds: float, now: datetime) -> None:
        """Note it."""
        self.order.append("kept")

    def not_kept(self, error: StoreError, now: datetime) -> None:
        """Note it."""
        self.order.append("refused")
        self.refused.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naps and pauses that a test can wait for."""
    monkeypatch.setattr(worlds, "NAP", 0.01)
    monkeypatch.setattr(worlds, "BETWEEN_COMMITS", 0.01)


async def test_performed_only_when_kept() -> None:
    """A disk that is full twice is asked three times; then the query and the delivery go out, and their answers come."""
    store = Moody(StoreError("the disk is full"), StoreError("the disk is full"))
    scene = Scene(store)
    await scene.world.commit([NOTE, QUERY, DELIVER], T0)
    assert store.committed == [NOTE]
    arrival = await scene.world.next_events(None)
    assert arrival == (T0, [QueryReturned("rule", T0, {}), Delivered("id"), TimerFired()])
    assert scene.order == ["refused", "refused", "kept", "asked", "delivered"]
    await scene.world.aclose()


async def test_who_cannot_wait_hears_that_the_store_refuses() -> None:
    """The others wait until it takes what it refused."""
    scene = Scene(Moody(*[StoreError("the disk is full")] * 50))
    scene.world.send(TimerFired())
    hurried, patient = (asyncio.create_task(scene.world.settled(one)) for one in (False, True))
    await asyncio.sleep(0)
    await scene.world.next_events(None)
    commit = asyncio.create_task(scene.world.commit([NOTE], T0))
    await hurried
    assert not commit.done()
    assert not patient.done()
    await commit
    scene.world.stop(timedelta(0))
    assert await scene.world.next_events(None) is None
    await patient
    await scene.world.aclose()


async def test_withdrawn_until_it_is_handled() -> None:
    """What nobody has looked at yet did not happen."""
    scene = Scene()
    first, second = SilenceExpired("a"), SilenceExpired("b")
    scene.world.send(first)
    scene.world.send(second)
    assert scene.world.withdraw(second)
    assert await scene.world.next_events(None) == (T0, [first, TimerFired()])
    assert not scene.world.withdraw(first)
    await scene.world.aclose()


async def test_nothing_is_performed_when_it_ends_before_it_is_kept() -> None:
    """What could not be kept is as if it had not been decided."""
    store = Moody(*[StoreError("the disk is full")] * 1000)
    scene = Scene(store)
    commit = asyncio.create_task(scene.world.commit([NOTE, DELIVER], T0))
    await scene.refused.wait()
    scene.world.stop(timedelta(0))
    await commit
    assert store.committed == []
    assert set(scene.order) == {"refused"}
    await scene.world.aclose()


async def test_another_writer_ends_it() -> None:
    """There is no use in asking again, and no right to act."""
    scene = Scene(Moody(SupersededError("another process writes to it now")))
    with pytest.raises(SupersededError):
        await scene.world.commit([NOTE, DELIVER], T0)
    assert scene.order == []
    await scene.world.aclose()


async def test_time_does_not_go_back() -> None:
    """While the clock is behind the world stands still, says by how much, and goes on when the clock has caught up."""
    scene = Scene()
    scene.clock = T0 + timedelta(seconds=10)
    scene.world.send(TimerFired())
    assert await scene.world.next_events(None) == (T0 + timedelta(seconds=10), [TimerFired()])
    scene.clock = T0 - timedelta(hours=1)
    scene.world.send(TimerFired())
    assert await scene.world.next_events(None) == (T0 + timedelta(seconds=10), [TimerFired()])
    assert scene.world.behind == timedelta(hours=1, seconds=10)
    due = T0 + timedelta(seconds=20)
    waiting = asyncio.create_task(scene.world.next_events(due))
    await asyncio.sleep(0.03)
    assert not waiting.done()
    scene.clock = due
    assert await waiting == (due, [TimerFired()])
    assert scene.world.behind == timedelta(0)
    await scene.world.aclose()


async def test_a_clock_set_forward_is_noticed() -> None:
    """Within a nap, though no scheduler wakes the world."""
    scene = Scene()
    waiting = asyncio.create_task(scene.world.next_events(T0 + timedelta(hours=1)))
    await asyncio.sleep(0)
    scene.clock = T0 + timedelta(hours=8)
    assert await waiting == (T0 + timedelta(hours=8), [TimerFired()])
    await scene.world.aclose()


async def test_the_end_waits_for_what_is_in_flight() -> None:
    """Its answer is handed over; timers no longer count, and nothing new is performed."""
    scene = Scene()
    scene.answer.clear()
    await scene.world.commit([QUERY], T0)
    scene.world.stop(timedelta(seconds=10))
    waiting = asyncio.create_task(scene.world.next_events(T0))
    await asyncio.sleep(0)
    scene.answer.set()
    assert await waiting == (T0, [QueryReturned("rule", T0, {})])
    await scene.world.commit([DELIVER], T0)
    assert await scene.world.next_events(T0) is None
    assert scene.order == ["kept", "asked", "kept"]
    await scene.world.aclose()


async def test_patience_ends() -> None:
    """What never answers does not keep the process alive."""
    scene = Scene()
    scene.answer.clear()
    await scene.world.commit([QUERY], T0)
    scene.world.stop(timedelta(seconds=10))
    waiting = asyncio.create_task(scene.world.next_events(None))
    await asyncio.sleep(0)
    assert not waiting.done()
    scene.clock = T0 + timedelta(seconds=10)
    assert await waiting is None
    await scene.world.aclose()


async def test_whoever_sent_something_is_answered_though_more_keeps_arriving() -> None:
    """Once what was sent before has been handled and kept; who asks later waits for the next step."""
    scene = Scene()
    scene.world.send(TimerFired())
    first = asyncio.create_task(scene.world.settled())
    await asyncio.sleep(0)
    await scene.world.next_events(None)
    scene.world.send(TimerFired())
    second = asyncio.create_task(scene.world.settled())
    await asyncio.sleep(0)
    assert not first.done()
    await scene.world.next_events(None)
    await first
    assert not second.done()
    scene.world.stop(timedelta(0))
    assert await scene.world.next_events(None) is None
    await second
    await scene.world.aclose()


class Slow(Scene):
    """Every delivery is answered at once but that of row `slow`, which waits for `answer`."""

    async def deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
        """Accept."""
        if row.id == "slow":
            await self.answer.wait()
        return Delivered(row.id)

    async def storm(self) -> asyncio.Task[tuple[datetime, Sequence[Event]] | None]:
        """Three deliveries, the first of them slow; gives what is waiting for the answers."""
        self.answer.clear()
        await self.world.commit([Deliver(replace(DELIVER.row, id=name)) for name in ("slow", "a", "b")], T0)
        return asyncio.create_task(self.world.next_events(None))


async def test_answers_to_deliveries_wait_for_those_that_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that they are kept together; what else happens does not wait with them."""
    monkeypatch.setattr(worlds, "GATHERED", 3600.0)
    scene = Slow()
    waiting = await scene.storm()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    scene.world.send(QueryReturned("rule", T0, {}))
    assert await waiting == (T0, [QueryReturned("rule", T0, {}), TimerFired()])
    scene.answer.set()
    told = [Delivered("a"), Delivered("b"), Delivered("slow")]
    assert await scene.world.next_events(None) == (T0, [*told, TimerFired()])
    await scene.world.aclose()


async def test_a_receiver_that_takes_its_time_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "GATHERED", 0.001)
    scene = Slow()
    waiting = await scene.storm()
    assert await waiting == (T0, [Delivered("a"), Delivered("b"), TimerFired()])
    scene.answer.set()
    assert await scene.world.next_events(None) == (T0, [Delivered("slow"), TimerFired()])
    await scene.world.aclose()


async def test_what_was_gathered_is_kept_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if what it waited for never answers."""
    monkeypatch.setattr(worlds, "GATHERED", 3600.0)
    scene = Slow()
    waiting = await scene.storm()
    await asyncio.sleep(0.01)
    scene.world.stop(timedelta(0))
    assert await waiting == (T0, [Delivered("a"), Delivered("b")])
    assert await scene.world.next_events(None) is None
    await scene.world.aclose()


async def test_every_delivery_is_answered_once_however_long_each_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A storm over a receiver that answers in any order, now and then in the middle of a commit."""
    monkeypatch.setattr(worlds, "GATHERED", 0.002)

    class Uneven(Scene):
        async def deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
            for _ in range(int(row.id) * 7 % 13):
                await asyncio.sleep(0.001)
            return Delivered(row.id)

    scene, answered = Uneven(), list[str]()
    await scene.world.commit([Deliver(replace(DELIVER.row, id=str(number))) for number in range(100)], T0)
    async with asyncio.timeout(5):
        while len(answered) < 100:
            arrival = await scene.world.next_events(None)
            assert arrival is not None
            answered += [event.outbox for event in arrival[1] if isinstance(event, Delivered)]
            await scene.world.commit([NOTE], T0)
    assert sorted(answered, key=int) == [str(number) for number in range(100)]
    await scene.world.aclose()
