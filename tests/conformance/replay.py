"""The evaluator at the very slots at which Prometheus evaluated, afterwards, asking the same Prometheus.

The machine lives in a world whose clock jumps from slot to slot; the queries are real ones, with the slot as their time. As
the past does not change, both rulers have seen the same, and neither latency nor phase needs to be corrected for.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from evaluator.api.app import make_app
from evaluator.core.effects import Effect, RunQuery
from evaluator.core.evaluation import evaluation
from evaluator.core.evaluation.rules import RuleGroup
from evaluator.core.events import Event, TimerFired
from evaluator.core.settings import Settings
from evaluator.core.world import drive
from evaluator.service.asking import Asking
from evaluator.service.run import Service
from evaluator.store.memory import MemoryStore
from tests.conformance.trace import Rules, Trace

Look = Callable[[datetime], Awaitable[None]]


def replay(settings: Settings, slots: Mapping[str, Sequence[datetime]]) -> Trace:
    """What `/api/v1/rules` shows after each of these slots, by the name of the group."""
    return asyncio.run(_replay(settings, slots))


async def _replay(settings: Settings, slots: Mapping[str, Sequence[datetime]]) -> Trace:
    patient = [replace(group, interval=timedelta(minutes=1)) for group in settings.groups]  # the past does not pass
    asking = Asking(replace(settings, groups=tuple(patient)))
    try:
        groups = settings.groups
        traces = await asyncio.gather(*(_group(settings, group, slots[group.name], asking) for group in groups))
        return {group.name: trace for group, trace in zip(groups, traces, strict=True)}
    finally:
        await asking.aclose()


async def _group(settings: Settings, group: RuleGroup, slots: Sequence[datetime], asking: Asking) -> dict[datetime, Rules]:
    seen = [slots[0]]
    alone = replace(settings, groups=(group,))
    with pytest.MonkeyPatch.context() as patch:
        phase = (slots[0] - evaluation.EPOCH) % group.interval
        patch.setattr(evaluation, "slot_offset", lambda group: phase)  # Prometheus hashes the group's name in another way
        service = Service(alone, lambda: alone, MemoryStore(), io.StringIO(), clock=lambda: seen[-1])
    shown: dict[datetime, Rules] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app(service)), base_url="http://evaluator") as client:

        async def look(slot: datetime) -> None:
            seen.append(slot)
            answer = await client.get("/api/v1/rules")
            shown[slot] = answer.json()["data"]["groups"][0]["rules"]

        await drive(service.machine, SlotWorld(slots, asking, look))
    return shown


class SlotWorld:
    """A world in which nothing happens but slots and answers. look: called after each slot, when all has been answered."""

    def __init__(self, slots: Sequence[datetime], asking: Asking, look: Look) -> None:
        self._slots = iter(slots)
        self._asking = asking
        self._look = look
        self._slot: datetime | None = None
        self._open: list[RunQuery] = []

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """The answers that are due, else the next slot."""
        if self._slot is not None and self._open:
            asked, self._open = self._open, []
            answers: list[Event] = []
            await asyncio.gather(*self._asking.ask(asked, answers.append))
            return self._slot, answers
        if self._slot is not None:
            await self._look(self._slot)
        self._slot = next(self._slots, None)
        return None if self._slot is None else (self._slot, [TimerFired()])

    async def commit(self, effects: Sequence[Effect], now: datetime) -> None:
        """Only queries are performed: what is told to whom is no matter here."""
        self._open += [effect for effect in effects if isinstance(effect, RunQuery)]
