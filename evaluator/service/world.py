"""The real world, as the machine's loop sees it.

Events come from queries, deliveries, signals and timers; whatever has arrived by the time the loop asks is handed over
together. What is to be kept is written by one thread, in one transaction, before anything is performed; while the disk
refuses, nothing is performed, and the attempt is repeated until it succeeds or the process is told to stop.

A storm is a thousand deliveries that are answered one by one. Their answers are gathered for a moment while others are under
way, and kept together; else each would have a commit to itself, and those commits would be in the way of what is yet to be
sent. A crash in that moment costs what a crash in the middle of a delivery does: it may be repeated, never lost.

The machine never sees the clock go back: an instant is at least the one before it, so no slot is evaluated twice. While the
clock is behind, time stands still here: at an instant that the datasource has not reached every answer would be empty. A
clock that was set forward, or a machine that slept, is noticed within a nap's length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Protocol

from evaluator.core.effects import Deliver, Effect, Forget, Forward, Note, RunQuery, RunRange, Save
from evaluator.core.events import Delivered, DeliveryFailed, Event, TimerFired
from evaluator.core.records import OutboxRecord
from evaluator.service.clock import Clock
from evaluator.service.wakeups import Wakeups
from evaluator.store.base import Store, StoreError, SupersededError

GATHERED = 0.05  # seconds; the longest that the answer to a delivery waits for others
NAP = 5.0  # seconds; the longest that a changed clock goes unnoticed
BETWEEN_COMMITS = 1.0  # seconds before the disk is asked again


class Witness(Protocol):
    """Who is told what happens: logs and metrics."""

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Events have been handled, and what came of them has been kept."""

    def kept(self, effects: Sequence[Effect], seconds: float, now: datetime) -> None:
        """Effects have been kept, in that many seconds, and are about to be performed."""

    def not_kept(self, error: StoreError, now: datetime) -> None:
        """The store refused; it will be asked again."""


class RealWorld:
    """Waits for what happens, keeps what the machine says, performs what it asks for.

    ask: gives what is to be awaited for some queries; each is answered once by what it is handed. deliver: performs one
    delivery. Both always answer and never raise. finish: completes an outbox row before it is kept.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        ask: Callable[[Sequence[RunQuery | RunRange], Callable[[Event], None]], Iterable[Coroutine[Any, Any, None]]],
        deliver: Callable[[OutboxRecord], Coroutine[Any, Any, Delivered | DeliveryFailed]],
        finish: Callable[[OutboxRecord], OutboxRecord],
        witness: Witness,
        forward: Callable[[Forward], None] = lambda _: None,
    ) -> None:
        self.wakeups = Wakeups(self.wake, clock)
        self.now = clock()
        self._clock = clock
        self._store = store
        self._ask = ask
        self._deliver = deliver
        self._finish = finish
        self._witness = witness
        self._forward = forward
        self._inbox: list[Event] = []
        self._answers: list[Event] = []
        self._delivering = 0
        self._gathering: asyncio.TimerHandle | None = None
        self._taken: Sequence[Event] = ()
        self._nap: asyncio.TimerHandle | None = None
        self._woken = asyncio.Event()
        self._stop_by: datetime | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._kept_next: list[asyncio.Future[None]] = []
        self._impatient: set[asyncio.Future[None]] = set()
        self._writer = ThreadPoolExecutor(1, "store")

    # -- what happens -------------------------------------------------------------------------------------------------

    def send(self, event: Event) -> None:
        """Something happened."""
        self._inbox.append(event)
        self._woken.set()

    def withdraw(self, event: Event) -> bool:
        """Let this event not have happened, unless it has been handled; says whether that was possible."""
        kept = [one for one in self._inbox if one is not event]
        withdrawn, self._inbox = len(kept) < len(self._inbox), kept
        return withdrawn

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def settled(self, patient: bool = True) -> None:
        """Wait until everything that was sent before has been handled and kept; without patience, or the store has refused."""
        settled = asyncio.get_running_loop().create_future()
        self._waiting.append(settled)
        if not patient:
            self._impatient.add(settled)
            settled.add_done_callback(self._impatient.discard)
        self._woken.set()
        await settled

    @property
    def stopping(self) -> bool:
        """Whether the world is about to end."""
        return self._stop_by is not None

    def stop(self, patience: timedelta) -> None:
        """Begin nothing new; the world ends when what is under way has been answered, or when patience is."""
        self._stop_by = self._tick() + patience
        self._end_nap()
        self._woken.set()

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """Whatever has arrived, and the timer if it has come. Whoever comes back has handled and kept what was taken before."""
        while True:
            if self.stopping:
                self._release()
            now = self._tick()
            if self._taken:
                taken, self._taken = self._taken, ()
                self._witness.happened(taken, now)
                _answer(self._kept_next)
            due = timer is not None and timer <= now and self._stop_by is None
            if self._inbox or due:
                self._taken, self._inbox = self._with_timers(due), []
                self._kept_next, self._waiting = self._waiting, []
                return now, self._taken
            _answer(self._waiting)
            if self._stop_by is not None and (not self._tasks or now >= self._stop_by):
                return None
            await self._wait(timer)

    def _with_timers(self, due: bool) -> list[Event]:
        """What has arrived, and then the timers: what it makes due at once is done in the same step, and kept with it."""
        idle = not self._inbox or isinstance(self._inbox[-1], TimerFired)
        return [*self._inbox, TimerFired()] if due or (self._stop_by is None and not idle) else self._inbox

    async def _wait(self, timer: datetime | None) -> None:
        self._woken.clear()
        if timer is not None and self._stop_by is None:
            asyncio.get_running_loop().call_soon(self.wakeups.arm, timer)  # what was just begun goes first
        if self._nap is None:
            self._nap = asyncio.get_running_loop().call_later(NAP if self._stop_by is None else 0.1, self._nap_is_over)
        await self._woken.wait()

    def _end_nap(self) -> None:
        if self._nap is not None:
            self._nap.cancel()
            self._nap = None

    def _nap_is_over(self) -> None:
        self._nap = None
        self._woken.set()

    @property
    def behind(self) -> timedelta:
        """How far the clock has been set back: for so long nothing is due."""
        return self.now - min(self.now, self._clock())

    def _tick(self) -> datetime:
        self.now = max(self.now, self._clock())
        return self.now

    # -- what is to be done -------------------------------------------------------------------------------------------

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Keep, then perform; once the world is about to end only keep: what was asked for is done by the next one."""
        finished = self._finished(effects)
        changes = [effect for effect in finished if isinstance(effect, Save | Forget | Note)]
        seconds = await self._keep(changes) if changes else 0.0
        if seconds is None:
            return
        for effect in finished:
            if isinstance(effect, Forward):  # also once the world is about to end: queues are emptied then
                self._forward(effect)
        if not self.stopping:
            self._perform(finished)
        self._witness.kept(finished, seconds, now)

    def _perform(self, effects: Sequence[Effect]) -> None:
        """Begin what is asked for; nothing of it goes out before whoever called this has waited for something."""
        for request in self._ask([effect for effect in effects if isinstance(effect, RunQuery | RunRange)], self.send):
            self._begin(request)
        for effect in effects:
            if isinstance(effect, Deliver):
                self._delivering += 1
                self._begin(self._attempt(effect.row))

    def _finished(self, effects: Sequence[Effect]) -> list[Effect]:
        """The effects, outbox rows completed; a row that is kept and delivered is completed once."""
        rows: dict[str, OutboxRecord] = {}

        def finish(row: OutboxRecord) -> OutboxRecord:
            if row.id not in rows:
                rows[row.id] = self._finish(row)
            return rows[row.id]

        finished: list[Effect] = []
        for effect in effects:
            match effect:
                case Save(OutboxRecord() as row):
                    finished.append(Save(finish(row)))
                case Deliver(row):
                    finished.append(Deliver(finish(row)))
                case _:
                    finished.append(effect)
        return finished

    async def _keep(self, changes: Sequence[Save | Forget | Note]) -> float | None:
        """Commit, again and again while the store refuses; gives the seconds it took, or None if we must stop."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await loop.run_in_executor(self._writer, self._store.commit, changes)
            except SupersededError:
                raise
            except StoreError as error:
                self._witness.not_kept(error, self._tick())
                _answer([*self._impatient])
                if self._stop_by is not None:
                    return None
                await asyncio.sleep(BETWEEN_COMMITS)
            else:
                return loop.time() - began

    def _begin(self, request: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(request)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, row: OutboxRecord) -> None:
        try:
            answer = await self._deliver(row)  # by the time it is here, those before it may have been taken
            self._answers.append(answer)
        finally:
            self._delivering -= 1
            self._gather()

    def _gather(self) -> None:
        """Let the answers wait for each other, unless there is nothing to wait for."""
        if not self._delivering:
            self._release()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHERED, self._release)

    def _release(self) -> None:
        """The answers that were gathered have happened."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._answers:
            self._inbox += self._answers
            self._answers = []
            self._woken.set()

    async def aclose(self) -> None:
        """Give up what is still under way, and let the writer go."""
        self._end_nap()
        self._release()
        for task in list(self._tasks):
            task.cancel()
        for waiting in (*self._kept_next, *self._waiting):
            waiting.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.shutdown()


def _answer(waiting: list[asyncio.Future[None]]) -> None:
    """Let those go on who wait, unless they have given up."""
    for one in waiting:
        if not one.done():
            one.set_result(None)
    waiting.clear()
