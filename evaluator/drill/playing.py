"""Plays a scenario in virtual time: the machine that runs at night, on a clock that jumps.

How receivers answer and what queries find holds from its instant on. Of what else happens at one instant timers come first,
then what the scenario does in the order of the file, then what it looks at. Slots of rule groups are at whole intervals from
the beginning, so that what a rule does can be said exactly; in earnest every group has a phase of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.effects import Deliver, Effect, Forget, Note, RunQuery, Save
from evaluator.core.engine import Machine
from evaluator.core.evaluation.evaluation import EPOCH
from evaluator.core.events import AlertsPosted, Event, Reloaded, SilenceExpired, SilenceSet
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silences import SilenceError
from evaluator.core.posted.posting import SOURCE, PostedAlert
from evaluator.core.records import Attempt, Decision
from evaluator.core.routing.leaving import with_leaving
from evaluator.core.settings import Settings
from evaluator.core.world import drive
from evaluator.drill.audience import Audience
from evaluator.drill.played import Mishap, Played, Shown, Untold
from evaluator.drill.scenario import (
    Action,
    Answering,
    Deed,
    ExpireSilence,
    Finding,
    GivenAlert,
    Kill,
    Post,
    Reload,
    Scenario,
    SetSilence,
    Show,
    ShownAlert,
    Start,
    Stop,
)
from evaluator.drill.virtual import VirtualWorld
from evaluator.store.memory import MemoryStore

PATIENCE = timedelta(seconds=10)
"""How long a process that is told to end waits for what is in flight."""


def play(scenario: Scenario) -> Played:
    """What comes of the scenario."""
    return asyncio.run(_Stage(scenario).play())


class _Stage:
    """One life of the machine after the other, with one store and one audience."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._settings = self._phased(scenario.configuration.settings)
        self._audience = Audience(scenario)
        self._store = MemoryStore()
        self._silences: dict[str, str] = {}
        self._untold: list[Untold] = []
        self._shown: list[Shown] = []
        self._mishaps: list[Mishap] = []
        self._begin(scenario.start)

    async def play(self) -> Played:
        """Everything in its time, to the end."""
        steps: list[Action | Show] = sorted([*self._scenario.actions, *self._scenario.shows], key=lambda step: step.at)
        for step in steps:
            await self._live(self._scenario.start + step.at)
            if isinstance(step, Show):
                self._look(step)
            else:
                await self._do(step.deed, self._scenario.start + step.at)
        await self._live(self._scenario.start + self._scenario.until)
        return Played(tuple(self._audience.told), tuple(self._untold), tuple(self._shown), tuple(self._mishaps))

    # -- lives --------------------------------------------------------------------------------------------------------

    def _begin(self, now: datetime) -> None:
        self._machine: Machine | None = Machine(self._settings, now)
        self._world = VirtualWorld(now, now, self._reply, self._watch)

    async def _live(self, until: datetime) -> None:
        if self._machine is not None:
            self._world.until = until
            await drive(self._machine, self._world)

    async def _revive(self, now: datetime) -> None:
        self._begin(now)
        assert self._machine is not None
        await self._world.commit(self._machine.restore(self._store.load(), now), now)

    async def _stop(self, now: datetime) -> None:
        """Begin nothing new, and wait a while for what is in flight."""
        assert self._machine is not None
        self._world.until = now + PATIENCE
        while (arrival := await self._world.next_events(None)) is not None:
            at, events = arrival
            self._watch([effect for event in events for effect in self._machine.handle(event, at)], at)
        self._machine = None

    def _phased(self, settings: Settings) -> Settings:
        start = self._scenario.start - EPOCH
        return replace(settings, groups=tuple(replace(one, phase=start % one.interval) for one in settings.groups))

    # -- the machine's world ------------------------------------------------------------------------------------------

    def _reply(self, effect: RunQuery | Deliver, now: datetime) -> tuple[timedelta, Event]:
        return self._audience.reply(effect, self._settings, now)

    def _watch(self, effects: Sequence[Effect], now: datetime) -> None:
        self._store.commit([effect for effect in effects if isinstance(effect, Save | Forget | Note)])
        for effect in effects:
            match effect:
                case Note(Decision(sent=False) as decision):
                    why = f"{decision.reason} ({'; '.join(decision.mutes)})" if decision.mutes else decision.reason
                    self._untold.append(Untold(now - self._scenario.start, decision.integration, why))
                case Note(Attempt(integration=integration, error=error)) if error:
                    self._untold.append(Untold(now - self._scenario.start, integration, error))

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _do(self, deed: Deed, now: datetime) -> None:
        match deed:
            case Answering() | Finding():
                pass  # the audience knows its part
            case Reload():
                self._reload(deed, now)
            case Kill():
                self._machine = None
            case Stop():
                await self._stop(now)
            case Start():
                await self._revive(now)
            case Post(alerts):
                self._world.send(now, AlertsPosted(tuple(map(self._posted, alerts))))
            case ExpireSilence(name):
                self._world.send(now, SilenceExpired(self._silences[name]))
            case SetSilence():
                self._silence(deed, now)

    def _reload(self, deed: Reload, now: datetime) -> None:
        """What is written while nobody runs is read at the next start."""
        self._settings = self._phased(deed.configuration.settings)
        if self._machine is not None:
            groups = self._machine.dispatch.groups.values()
            self._settings = with_leaving(self._settings, self._machine.settings, groups)
            self._world.send(now, Reloaded(self._settings))

    def _posted(self, alert: GivenAlert) -> PostedAlert:
        starts, ends = (None if at is None else self._scenario.start + at for at in (alert.starts, alert.ends))
        return PostedAlert(alert.labels, alert.annotations, starts, ends)

    def _silence(self, deed: SetSilence, now: datetime) -> None:
        assert self._machine is not None
        wanted = Silence(
            (deed.matchers,),
            self._scenario.start + deed.starts,
            self._scenario.start + deed.ends,
            deed.created_by,
            deed.comment,
            id=self._silences.get(deed.name, ""),
        )
        change = self._machine.muting.silences.foresee(wanted, now)
        if isinstance(change, SilenceError):
            self._mishaps.append(Mishap(now - self._scenario.start, f'silence "{deed.name}" is refused: {change}'))
            return
        self._silences[deed.name] = change.silence.id
        self._world.send(now, SilenceSet(wanted))

    # -- looking ------------------------------------------------------------------------------------------------------

    def _look(self, show: Show) -> None:
        machine, now = self._machine, self._scenario.start + show.at
        alerts = [_shown(alert, machine, now) for alert in machine.alerts if _lasts(alert, now)] if machine else []
        self._shown.append(Shown(show, tuple(alerts)))


def _lasts(alert: Alert, now: datetime) -> bool:
    return alert.firing and (alert.sources != {SOURCE} or alert.expires_at is None or alert.expires_at >= now)


def _shown(alert: Alert, machine: Machine, now: datetime) -> ShownAlert:
    """As the API shows it: inhibited when it is for all routes that it takes."""
    routes = machine.settings.route.match(alert.labels)
    inhibited = all(machine.muting.inhibitor(alert, route) is not None for route in routes)
    return ShownAlert(alert.labels, bool(machine.muting.silences.muting(alert.labels, now)), inhibited)
