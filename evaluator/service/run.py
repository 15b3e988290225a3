"""The service: start, reload, shut down, in the right order.

Start: open the store, take back what is kept, let the machine live. Reload: read and check everything first; only when all
of it is good does anything change, and what is equal to before stays untouched. Stop: begin nothing new, finish what is in
flight for a bounded time, keep its outcome, close.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from time import monotonic
from typing import ParamSpec, TextIO, TypeVar
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from evaluator.api.view import UnavailableError
from evaluator.core.analytics.report import Report
from evaluator.core.analytics.summary import Summary
from evaluator.core.effects import Effect, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.events import Delivered, DeliveryFailed, Event, QueryReturned, Reloaded, TimerFired
from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageRecord
from evaluator.core.records import Annotations, Attempt, Decision, OutboxRecord, Transition
from evaluator.core.settings import Settings
from evaluator.core.world import drive
from evaluator.notify.delivery import Deliverer
from evaluator.replies.keys import own_key
from evaluator.service import garbage, heartbeat, listening
from evaluator.service.analytics import gather, present, report
from evaluator.service.asking import Asking
from evaluator.service.calendars import Calendars
from evaluator.service.changes import Changes
from evaluator.service.chases import with_chases
from evaluator.service.clock import Clock, wall_clock
from evaluator.service.failure_log import FailureLog
from evaluator.service.forwarding import Forwarding
from evaluator.service.logs import Scribe, log
from evaluator.service.looking_back import LookingBack
from evaluator.service.metrics import Metrics
from evaluator.service.reporting import Reporting
from evaluator.service.texts import NotificationTextsOf, finished, linking, with_texts
from evaluator.service.world import RealWorld
from evaluator.store.base import Store, StoreError

PATIENCE = timedelta(seconds=10)
"""How long a shutdown waits for what is in flight."""

PRUNE_EVERY = timedelta(hours=1)

TIRE_EVERY = timedelta(minutes=5)
TIRING = timedelta(days=7)
"""How often, and from how far back, the fatigue of the metrics is looked up."""

MOST_MOMENTS = 10_000
"""Lines of a timeline, and messages about an incident, that are looked at."""

CLOCK_PATIENCE = timedelta(minutes=1)
"""How far the clock may be set back without anybody hearing of it; it has caught up as soon."""


class ReloadError(Exception):
    """The new configuration cannot be used; nothing has changed. The text lists every problem, one in each line."""


Reload = Callable[[], Settings]
"""Reads the configuration anew; raises ReloadError."""

MakeApp = Callable[["Service"], Starlette]

Asked = ParamSpec("Asked")
H = TypeVar("H")


class Service:
    """One running evaluator.

    settings: checked. read: gives them anew for a reload. store: opened; the service closes it. stdout: where the console
    receiver prints. It is also what the HTTP surface sees of the evaluator (`api.view.View`).
    """

    def __init__(self, settings: Settings, read: Reload, store: Store, stdout: TextIO, clock: Clock = wall_clock) -> None:
        self.started_at = clock()
        self.machine = Machine(settings, self.started_at)
        self.store = store
        self.metrics = Metrics(lambda: self.machine, clock)
        self._read = read
        self._clock = clock
        self._asking = Asking(settings)
        texts = self._texts_of(settings)
        self._deliverer = Deliverer(
            settings.told,
            texts,
            external_url=settings.external_url,
            stdout=stdout,
            clock=clock,
            compatibility=settings.compatibility,
        )
        self._looking_back = LookingBack(settings, lambda: texts.templates)
        self._forwarding = Forwarding(settings, self.metrics.counts, self._tell, clock)
        self._calendars = Calendars(self._tell, clock)
        self._reporting = Reporting(store, lambda start, stop, wanted: self.report(start, stop, wanted.zone), stdout, clock)
        self.metrics.queued = lambda: self._forwarding.forwarder.waiting
        self._reloading = asyncio.Lock()
        self._world: RealWorld | None = None
        self._evaluated = False
        self._failures = FailureLog()
        self._changes = Changes()
        self._scribe = Scribe()
        self._refused = ""
        self._errands: set[asyncio.Task[None]] = set()

    # -- what others see ----------------------------------------------------------------------------------------------

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
        return self._refused

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
        return await self._changes.after(since)

    async def transitions(self, limit: int) -> Sequence[Transition]:
        """The newest state changes of alerts, newest first. Raises UnavailableError."""
        return await _read(self.store.history, Transition, limit=limit)

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

        Nothing is taken in while the store refuses: whoever asks had better ask again, or somebody else.
        """
        world = self._world
        if world is None or world.stopping:
            raise UnavailableError("the evaluator is not running")
        if self._refused:
            raise UnavailableError(self._refused)
        world.send(event)
        await world.settled()
        if self._refused:
            raise UnavailableError(self._refused)

    # -- the life of it -----------------------------------------------------------------------------------------------

    async def run(self, app: MakeApp | None = None, listener: socket.socket | None = None) -> None:
        """Live until a signal or `stop`. listener: where `app` is served."""
        forward = self._forwarding.forward
        world = RealWorld(self._clock, self.store, self._asking.ask, self._deliver, self._finish, self, forward)
        self._world = world
        self._watch_signals()
        served = listening.server(app(self)) if app and listener else None
        serving = asyncio.create_task(served.serve(sockets=[listener])) if served and listener else None
        try:
            await self._restore(world)
            world.wakeups.start()
            self._follow()
            await self._calendars.begin(self.machine.overrides.of)
            self.metrics.reloaded_at = self.started_at
            log.info("started", rules=sum(len(one.rules) for one in self.settings.groups), **_addresses(listener))
            await drive(self.machine, world)
        finally:
            world.wakeups.stop()
            await world.aclose()
            self._changes.end()
            if served and serving:
                served.should_exit = True
                await serving
            await self._calendars.aclose()
            await self._reporting.aclose()
            await self._asking.aclose()
            await self._deliverer.aclose()
            await self._looking_back.aclose()
            await self._forwarding.aclose(PATIENCE)
            self._scribe.write()
            self.store.close()
            log.info("stopped")

    def stop(self) -> None:
        """Shut down: the first call lets what is in flight finish, a second one does not."""
        if self._world is not None:
            patience = PATIENCE if not self._world.stopping else timedelta(0)
            if not patience:
                self._forwarding.forwarder.give_up()
            log.info("stopping", patience_seconds=patience.total_seconds())
            self._world.stop(patience)

    async def reload(self) -> None:
        """Take over the configuration as it is on disk now. Raises ReloadError, and then nothing has changed."""
        async with self._reloading:
            try:
                settings = await asyncio.to_thread(self._read)
                await self._adopt(settings)
            except (ReloadError, OSError, ValueError, httpx.InvalidURL) as error:
                self.metrics.reload_successful = False
                log.error("reload refused, the configuration in force stays", problem=str(error))
                raise ReloadError(str(error)) from error
            self.metrics.reload_successful, self.metrics.reloaded_at = True, self.now
            log.info("reloaded", groups=len(settings.groups), receivers=len(settings.receivers))

    async def _adopt(self, settings: Settings) -> None:
        assert self._world is not None
        former = self.settings
        if settings == former and not settings.compatibility:
            return
        for name in ("storage", "listen"):
            if getattr(settings, name) != getattr(former, name):
                log.warning("takes effect at the next start", setting=name)
        texts = self._texts_of(settings)
        await self._asking.reload(settings)
        await self._deliverer.reload(
            settings.told, texts, external_url=settings.external_url, compatibility=settings.compatibility
        )
        await self._looking_back.reload(settings, lambda: texts.templates)
        await self._forwarding.reload(settings)
        self._world.send(Reloaded(settings))
        await self._world.settled()
        self._follow()

    async def _restore(self, world: RealWorld) -> None:
        began, now = monotonic(), world.now
        with garbage.staying():
            kept = self.store.load()
            effects = self.machine.restore(kept, now)
        self.metrics.counts.restore = monotonic() - began
        self.metrics.incidents.restored(self.machine.incidents)
        await world.commit(effects, now)
        self._reporting.catch_up(self.settings, kept.seen_at)

    def _texts_of(self, settings: Settings) -> NotificationTextsOf:
        if not settings.duty.people:
            return NotificationTextsOf(settings)
        return NotificationTextsOf(settings, linking(settings, lambda: self.own_key))

    def _tell(self, event: Event) -> None:
        if self._world is not None:
            self._world.send(event)

    async def _deliver(self, row: OutboxRecord) -> Delivered | DeliveryFailed:
        began = monotonic()
        seen = await self._looking_back.seen(row)
        outcome = await self._deliverer.deliver(with_chases(seen, self.machine.incidents.table.values()))
        self.metrics.attempted(row, monotonic() - began)
        return outcome

    def _finish(self, row: OutboxRecord) -> OutboxRecord:
        return with_texts(row, self.settings)

    def _follow(self) -> None:
        """Let the scheduler follow the configuration in force."""
        assert self._world is not None
        wakeups = self._world.wakeups
        wakeups.follow(self.machine.groups.values())
        self._calendars.follow(self.settings, wakeups)
        self._reporting.follow(self.settings, wakeups)
        wakeups.every("fatigue", TIRE_EVERY, self._tire)
        wakeups.every("retention", PRUNE_EVERY, self._prune)
        beats = self.settings.heartbeat
        if beats is None:
            wakeups.cease("heartbeat")
        else:
            wakeups.every("heartbeat", beats.every, self._beat)

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _reload_soon(self) -> None:
        errand = asyncio.create_task(self._reload_quietly())
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _reload_quietly(self) -> None:
        try:
            await self.reload()
        except ReloadError:
            return  # said in the log

    async def _prune(self) -> None:
        before, incidents_before = self.now - self.settings.retention, self.now - self.settings.incident_retention
        try:
            dropped = await asyncio.to_thread(self.store.prune, before, incidents_before)
        except StoreError as error:
            log.warning("history not pruned", error=str(error))
            return
        if dropped:
            log.info("history pruned", records=dropped, before=before.isoformat(timespec="seconds"))

    async def _tire(self) -> None:
        """Look up how well people were served, for the metrics."""
        if self.settings.ladders.escalations:
            with suppress(UnavailableError):
                self.metrics.incidents.summary = await self.analytics(self.now - TIRING, self.now)

    async def _beat(self) -> None:
        beats = self.settings.heartbeat
        wrong = self.unhealthy or heartbeat.ailment(self.machine, self.now)
        if wrong:
            log.warning("heartbeat withheld", why=wrong)
        elif beats is not None:
            await heartbeat.beat(beats)

    # -- the world's witness ------------------------------------------------------------------------------------------

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Count, and log."""
        self.metrics.happened(events, now)
        self._failures.happened(events, self.machine)
        if not all(isinstance(event, QueryReturned | TimerFired) for event in events):
            self._changes.happened()

    def kept(self, effects: Sequence[Effect], seconds: float, now: datetime) -> None:
        """Count, and log."""
        self._refused = ""
        self.metrics.kept(effects, seconds)
        self._scribe.kept(effects)
        if not all(isinstance(effect, RunQuery) for effect in effects):
            self._changes.happened()

    def not_kept(self, error: StoreError, now: datetime) -> None:
        """Say so: nothing is acted on until it is."""
        self.metrics.counts.commits_refused += 1
        if not self._refused:
            log.critical("cannot keep state, so nothing is evaluated or sent until that works", error=str(error))
        self._refused = f"the store refuses: {error}"


def _addresses(listener: socket.socket | None) -> dict[str, str]:
    """Where the pages and the API are served, for the log."""
    if listener is None:
        return {}
    host, port = listener.getsockname()[:2]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return {"pages": f"{base}/", "api": f"{base}/api/v1/rules"}


async def _read(history: Callable[Asked, H], *args: Asked.args, **kwargs: Asked.kwargs) -> H:
    try:
        return await asyncio.to_thread(history, *args, **kwargs)
    except StoreError as error:
        raise UnavailableError(str(error)) from error
