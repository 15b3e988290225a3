"""The one loop there is, and what it needs of a world.

Production, drills and backtests differ in the world that they pass: the real one waits for clocks, servers and people, the
virtual one jumps. Events that arrived together are handled together and kept in one transaction, and nothing that the
machine asks for is performed before what it knows is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from evaluator.core.effects import Effect
from evaluator.core.engine import Machine
from evaluator.core.events import Event


class World(Protocol):
    """Where events come from and effects go to."""

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """Wait until something has happened or `timer` has come; None when the world ends.

        The instant that comes with the events is never before that of an earlier call.
        """
        ...

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Keep what is to be kept, in one transaction; then begin to perform the rest, without waiting for it."""
        ...


async def drive(machine: Machine, world: World) -> None:
    """Let the machine live in the world until the world ends."""
    while (arrival := await world.next_events(machine.next_timer)) is not None:
        now, events = arrival
        effects = [effect for event in events for effect in machine.handle(event, now)]
        if effects:
            await world.commit(effects, now)
