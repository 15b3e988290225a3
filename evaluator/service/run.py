"""The service: start, reload, shut down, in the right order.

Start: open the store, take back what is kept, let the machine live. Reload: read and check everything first; only when all
of it is good does anything change, and what is equal to before stays untouched. Stop: begin nothing new, finish what is in
flight for a bounded time, keep its outcome, close.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TextIO

import httpx
from starlette.applications import Starlette

from evaluator.api.view import UnavailableError
from evaluator.core.engine import Machine
from evaluator.core.events import Delivered, DeliveryFailed, Event, Reloaded
from evaluator.core.records import OutboxRecord
from evaluator.core.routing.leaving import with_leaving
from evaluator.core.settings import Settings
from evaluator.core.world import drive
from evaluator.notify.delivery import Deliverer
from evaluator.service import garbage, heartbeat, listening
from evaluator.service.asking import Asking
from evaluator.service.calendars import Calendars
from evaluator.service.chases import with_chases
from evaluator.service.clock import Clock, wall_clock
from evaluator.service.forwarding import Forwarding
from evaluator.service.logs import log
from evaluator.service.looking_back import LookingBack
from evaluator.service.reporting import Reporting
from evaluator.service.showing import Shown
from evaluator.service.texts import NotificationTextsOf, linking, with_texts
from evaluator.service.world import RealWorld
from evaluator.store.base import Store, StoreError

PATIENCE = timedelta(seconds=10)
"""How long a shutdown waits for what is in flight."""

PRUNE_EVERY = timedelta(hours=1)

TIRE_EVERY = timedelta(minutes=5)
TIRING = timedelta(days=7)
"""How often, and from how far back, the fatigue of the metrics is looked up."""


class ReloadError(Exception):
    """The new configuration cannot be used; nothing has changed. The text lists every problem, one in each line."""


Reload = Callable[[], Settings]
"""Reads the configuration anew; raises ReloadError."""

MakeApp = Callable[["Service"], Starlette]


class Service(Shown):
    """One running evaluator, which is also what the HTTP surface sees of it.

    settings: checked. read: gives them anew for a reload. store: opened; the service closes it. stdout: where the console
    receiver prints.
    """

    def __init__(self, settings: Settings, read: Reload, store: Store, stdout: TextIO, clock: Clock = wall_clock) -> None:
        started_at = clock()
        super().__init__(Machine(settings, started_at), store, clock, started_at)
        self._read = read
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
        self._errands: set[asyncio.Task[None]] = set()

    async def run(self, app: MakeApp | None = None, listener: socket.socket | None = None) -> None:
        """Live until a signal or `stop`. listener: where `app` is served."""
        forward = self._forwarding.forward
        world = RealWorld(self._clock, self.store, self._asking.ask, self._deliver, self._finish, self._chronicle, forward)
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
            self._chronicle.changes.end()
            if served and serving:
                served.should_exit = True
                await serving
            await self._close()

    async def _close(self) -> None:
        await self._calendars.aclose()
        await self._reporting.aclose()
        await self._asking.aclose()
        await self._deliverer.aclose()
        await self._looking_back.aclose()
        await self._forwarding.aclose(PATIENCE)
        self._chronicle.write()
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
        settings = with_leaving(settings, former, self.machine.dispatch.groups.values())
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


def _addresses(listener: socket.socket | None) -> dict[str, str]:
    """Where the pages and the API are served, for the log."""
    if listener is None:
        return {}
    host, port = listener.getsockname()[:2]
    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return {"pages": f"{base}/", "api": f"{base}/api/v1/rules"}
