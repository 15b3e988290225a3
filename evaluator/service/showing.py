"""What a running evaluator shows, and what may be asked of it: the other side of `api.view.View`.

What the machine knows is read from the machine, what it has forgotten from the store, in a thread of its own. What people want
is handed in as an event, and is done once it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from evaluator.core.analytics.report import Report
from evaluator.core.analytics.summary import Summary
from evaluator.core.engine import Machine
from evaluator.core.events import Event
from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageRecord
from evaluator.core.records import Annotations, Attempt, Decision, Transition
from evaluator.core.settings import Settings
from evaluator.core.view import UnavailableError
from evaluator.replies.keys import own_key
from evaluator.service.analytics import gather, present, report
from evaluator.service.chronicle import Chronicle
from evaluator.service.clock import Clock
from evaluator.service.metrics import Metrics
from evaluator.service.texts import finished
from evaluator.service.world import RealWorld
from evaluator.store.base import Store, StoreError

MOST_MOMENTS = 10_000
"""Lines of a timeline, and messages about an incident, that are looked at."""

CLOCK_PATIENCE = timedelta(minutes=1)
"""How far the clock may be set back without anybody hearing of it; it has caught up as soon."""

Asked = ParamSpec("Asked")
H = TypeVar("H")


class Shown:
    """See the module. There is no world before the service runs."""

    def __init__(self, machine: Machine, store: Store, clock: Clock, started_at: datetime) -> None:
        self.machine = machine
        self.store = store
        self.started_at = started_at
        self.metrics = Metrics(lambda: machine, clock)
        self._clock = clock
        self._chronicle = Chronicle(machine, self.metrics)
        self._world: RealWorld | None = None
        self._evaluated = False

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self.machine.settings

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self._clock()

    @property
    def unready(self) -> str:
        """Why the service is not ready; empty when it is: state loaded, and every group of the start evaluated once."""
        groups = self.machine.groups.values()
        waiting = [one.group.key for one in groups if one.rules and one.finished_at is None]
        self._evaluated = self._evaluated or not waiting  # what a reload brings is awaited by those who brought it
        if not self._evaluated:
            return f"{len(waiting)} of {len(groups)} rule groups have not been evaluated yet, {waiting[0]} first"
        return self.unhealthy

    @property
    def unhealthy(self) -> str:
        """Why the service does not work; empty when it does."""
        behind = self._world.behind if self._world is not None else timedelta(0)
        if behind > CLOCK_PATIENCE:
            return f"the clock was set back, and nothing is evaluated for {behind} from now; restart, and it is at once"
        return self._chronicle.refused

    def texts(self, annotations: Annotations, alert: str) -> dict[str, str]:
        """Annotations as they read now. alert: its name, which errors of templates mention."""
        return dict(finished(annotations, alert, self.settings, self.now))

    def scrape(self) -> bytes:
        """The metrics, in Prometheus' text format."""
        return self.metrics.text()

    def turned_away(self, method: str) -> None:
        """Count a request that was refused because too many are being answered."""
        self.metrics.counts.turned_away[(method.lower(),)] += 1

    @cached_property
    def own_key(self) -> bytes:
        """The key of its own that links are signed with where none is configured. Raises OSError when it cannot be kept."""
        return own_key(self.settings.storage)

    def answered(self, way: str, fate: str) -> None:
        """Count what has become of an answer."""
        self.metrics.counts.replies[(way, fate)] += 1

    @property
    def reload_successful(self) -> bool:
        """Whether the last reload was taken over; true before the first."""
        return self.metrics.reload_successful

    async def changed(self, since: int) -> int | None:
        """Wait for anything that people can see to change; gives the number of the newest change, None once it is all over."""
        return await self._chronicle.changes.after(since)

    async def transitions(self, limit: int, fingerprint: str | None = None) -> Sequence[Transition]:
        """The newest state changes of alerts, or of one, newest first. Raises UnavailableError."""
        return await _read(self.store.history, Transition, fingerprint=fingerprint, limit=limit)

    async def decisions(self, group: str | None, limit: int) -> Sequence[Decision]:
        """The newest flush decisions, newest first. Raises UnavailableError."""
        return await _read(self.store.history, Decision, group=group, limit=limit)

    async def attempts(self, group: str | None, limit: int) -> Sequence[Attempt]:
        """The newest attempts at deliveries, newest first. Raises UnavailableError."""
        return await _read(self.store.history, Attempt, group=group, limit=limit)

    async def transitions_between(self, since: datetime, until: datetime, limit: int) -> Sequence[Transition]:
        """State changes of alerts between two instants, newest first. Raises UnavailableError."""
        return await _read(self.store.history, Transition, since=since, until=until, limit=limit)

    async def incident(self, number: int) -> IncidentRecord | None:
        """An incident, as long as it is kept. Raises UnavailableError."""
        return self.machine.incidents.table.get(number) or await _read(self.store.incident, number)

    async def incidents(
        self, states: Collection[IncidentState], until: datetime | None, limit: int
    ) -> Sequence[IncidentRecord]:
        """Incidents in these states that opened before `until`, newest first. Raises UnavailableError."""
        return await _read(self.store.incidents, states=states, until=until, limit=limit)

    async def moments(self, number: int) -> Sequence[Moment]:
        """The timeline of an incident, from its beginning. Raises UnavailableError."""
        return (await _read(self.store.history, Moment, incident=number, limit=MOST_MOMENTS))[::-1]

    async def pages(self, number: int) -> Sequence[PageRecord]:
        """The messages about an incident, in the order in which they were planned. Raises UnavailableError."""
        known = self.machine.incidents.pages_of(number)
        return known or (await _read(self.store.pages, incident=number, limit=MOST_MOMENTS))[::-1]

    async def analytics(self, start: datetime, stop: datetime) -> Summary:
        """Figures about the incidents opened from `start` until just before `stop`. Raises UnavailableError."""
        return await _read(gather, self.store, present(self.machine, self.now), start, stop)

    async def report(self, start: datetime, stop: datetime, zone: ZoneInfo) -> Report:
        """The same for people, with what is ahead, on the clock of `zone`. Raises UnavailableError."""
        return report(await self.analytics(start, stop), self.machine, self.now, zone)

    async def submit(self, event: Event) -> None:
        """Let the machine handle `event`; returns once what came of it has been kept. Raises UnavailableError.

        Nothing is taken in while the store refuses: whoever asks had better ask again, or somebody else. Whoever waits when it
        begins to refuse hears of that at once: what they asked for is withdrawn, or if that is too late, done when it can be.
        """
        world = self._world
        if world is None or world.stopping:
            raise UnavailableError("the evaluator is not running")
        if self._chronicle.refused:
            raise UnavailableError(self._chronicle.refused)
        world.send(event)
        await world.settled(patient=False)
        if self._chronicle.refused:
            raise UnavailableError(self._chronicle.refused, later=not world.withdraw(event))


async def _read(history: Callable[Asked, H], *args: Asked.args, **kwargs: Asked.kwargs) -> H:
    try:
        return await asyncio.to_thread(history, *args, **kwargs)
    except StoreError as error:
        raise UnavailableError(str(error)) from error
