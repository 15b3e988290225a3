"""Plays a scenario in real time, to any server that speaks Alertmanager's API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import httpx

from evaluator.core.evaluation.evaluation import EPOCH
from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.timestamps import rfc3339
from evaluator.drill.played import Played, Shown
from evaluator.drill.scenario import (
    Action,
    Answering,
    ExpireSilence,
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
from evaluator.drill.scenario_file import read_scenario
from evaluator.drill.verdict import Tolerance, Verdict, judge
from tests.conformance.config_text import config_text
from tests.conformance.sinks import Sinks

TOLERANCE = Tolerance(early=timedelta(milliseconds=100), late=timedelta(milliseconds=700), alerts=timedelta(milliseconds=300))
BUSY = 0.15
"""Seconds by which we may be late ourselves before what others do in time cannot be told."""


@cache
def scenarios() -> dict[str, Scenario]:
    """The scenario files, by their names."""
    paths = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yml"))
    return {path.stem: scenario for path in paths if (scenario := read_scenario(path, {}).scenario) is not None}


class Server(Protocol):
    """What is played to."""

    @property
    def url(self) -> str:
        """Where it listens; empty while it does not."""

    @property
    def running(self) -> bool:
        """Whether it has not ended."""

    def configure(self, text: str) -> None:
        """Write the configuration."""

    async def start(self) -> None:
        """Start it."""

    async def kill(self) -> None:
        """End it at once; nothing happens when it has ended."""

    async def stop(self) -> None:
        """Let it end in good order."""

    def log(self) -> str:
        """What it has said."""


class MissedError(Exception):
    """A deed was refused because it came too late."""


@dataclass
class Performance:
    """One play. late: seconds by which this process was late itself, at worst. missed: why it was given up half-way."""

    scenario: Scenario
    server: Server
    late: float = 0.0
    missed: str = ""
    played: Played = field(default_factory=Played)
    beginning: datetime = EPOCH
    silences: dict[str, str] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(trust_env=False, timeout=60)
        self._sinks = Sinks(lambda: datetime.now(UTC) - self.beginning)

    def verdict(self, theirs: bool) -> Verdict:
        """Whether it was told what is wanted. theirs: by Alertmanager."""
        wants = self.scenario.theirs if theirs else self.scenario.wants
        return judge(wants, self.played, self.scenario.until, TOLERANCE)

    def passed(self, theirs: bool) -> bool:
        """Whether it was played to its end and told what is wanted."""
        return not self.missed and self.verdict(theirs).passed

    @property
    def disturbed(self) -> bool:
        """Whether this process was so late that it says nothing about others."""
        return self.late > BUSY

    async def play(self, curtain: asyncio.Barrier, delay: float) -> None:
        """Start the server, wait for all others, and then a little, so that not all ticks come at once; play."""
        async with self._client, self._sinks:
            self.server.configure(config_text(self.scenario.configuration, self._sinks.url_of))
            await self.server.start()
            try:
                await self._ready()
                await curtain.wait()
                await asyncio.sleep(delay)
                await self._play()
            except MissedError as error:
                self.missed = str(error)
            finally:
                await self.server.kill()

    async def _play(self) -> None:
        self.beginning = self._sinks.beginning = datetime.now(UTC)
        steps: Sequence[Action | Show] = sorted([*self.scenario.actions, *self.scenario.shows], key=lambda step: step.at)
        for step in steps:
            await self._until(step.at)
            if isinstance(step, Show):
                self.shown.append(Shown(step, await self._look()))
            else:
                await self._do(step)
        await self._until(self.scenario.until + TOLERANCE.late)
        self.played = Played(tuple(sorted(self._sinks.told, key=lambda told: told.at)), (), tuple(self.shown))

    async def _until(self, at: timedelta) -> None:
        """Wait, in naps, which show when this process does not get its turn."""
        while (left := (self.beginning + at - datetime.now(UTC)).total_seconds()) > 0:
            nap = min(left, 0.1)
            before = asyncio.get_running_loop().time()
            await asyncio.sleep(nap)
            self.late = max(self.late, asyncio.get_running_loop().time() - before - nap)

    async def _ready(self) -> None:
        async with asyncio.timeout(120):
            while True:
                try:
                    if self.server.url and (await self._client.get(f"{self.server.url}/api/v2/status")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass  # it does not listen yet
                assert self.server.running, self.server.log()[-2000:]
                await asyncio.sleep(0.05)

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _do(self, action: Action) -> None:
        match action.deed:
            case Post(alerts):
                await self._ask("POST", "/api/v2/alerts", [self._alert(alert) for alert in alerts])
            case SetSilence() as wanted:
                answer = await self._ask("POST", "/api/v2/silences", self._silence(wanted))
                self.silences[wanted.name] = answer.json()["silenceID"]
            case ExpireSilence(name):
                await self._ask("DELETE", f"/api/v2/silence/{self.silences[name]}")
            case Reload(configuration):
                self.server.configure(config_text(configuration, self._sinks.url_of))
                await self._ask("POST", "/-/reload")
            case Answering() as answering:
                self._sinks.answering[answering.integration] = answering
            case Kill():
                await self.server.kill()
            case Stop():
                await self.server.stop()
            case Start():
                await self.server.start()
                await self._ready()

    async def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        before = asyncio.get_running_loop().time()
        answer = await self._client.request(method, self.server.url + path, **({} if body is None else {"json": body}))
        self.late = max(self.late, asyncio.get_running_loop().time() - before)
        if answer.status_code != 200 and self.disturbed:
            raise MissedError(answer.text)
        assert answer.status_code == 200, answer.text
        return answer

    def _at(self, offset: timedelta) -> str:
        return rfc3339(self.beginning + offset)

    def _alert(self, alert: GivenAlert) -> dict[str, Any]:
        times = {"startsAt": alert.starts, "endsAt": alert.ends}
        given = {key: self._at(at) for key, at in times.items() if at is not None}
        return {"labels": alert.labels.as_dict(), "annotations": dict(alert.annotations), **given}

    def _silence(self, wanted: SetSilence) -> dict[str, Any]:
        return {
            "id": self.silences.get(wanted.name, ""),
            "matchers": [_matcher(matcher) for matcher in wanted.matchers],
            "startsAt": self._at(wanted.starts),
            "endsAt": self._at(wanted.ends),
            "createdBy": wanted.created_by,
            "comment": wanted.comment,
        }

    async def _look(self) -> tuple[ShownAlert, ...]:
        alerts = (await self._ask("GET", "/api/v2/alerts")).json()
        return tuple(_shown(alert["labels"], alert["status"]) for alert in alerts)


def _matcher(matcher: Matcher) -> dict[str, Any]:
    equal = matcher.op in (MatchOp.EQUAL, MatchOp.REGEX)
    regex = matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX)
    return {"name": matcher.name, "value": matcher.value, "isRegex": regex, "isEqual": equal}


def _shown(labels: dict[str, str], status: dict[str, Any]) -> ShownAlert:
    return ShownAlert(Labels(labels), bool(status["silencedBy"]), bool(status["inhibitedBy"]))


async def perform(performances: Sequence[Performance], spread: float = 0.9) -> None:
    """Play all of them at the same time. spread: seconds over which their beginnings lie, so that not all ticks come at once.

    Where this process was late for one it was late for all: the servers live on the same machine.
    """
    if not performances:
        return
    curtain = asyncio.Barrier(len(performances))
    async with asyncio.TaskGroup() as group:
        for number, performance in enumerate(performances):
            group.create_task(performance.play(curtain, number * spread / len(performances)))
    late = max(performance.late for performance in performances)
    for performance in performances:
        performance.late = late
