"""Ladders of four levels in earnest, all at once: what people are told, by real servers, is what virtual time foresees.

A minute takes a few hundredths of a second here, and longer where the machine proves too busy for that. `LADDER_MINUTE=1` takes
a second, a real Prometheus, and some three minutes, and prints how late messages were.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evaluator.core.incidents.records import IncidentState, PageRecord, PageState
from tests.conformance import ruler
from tests.conformance.remote_write import push
from tests.conformance.story import Series
from tests.notify.mail_server import Post, mail_server
from tests.service.chased import (
    LEVELS,
    Message,
    Metrics,
    Person,
    Scraped,
    Services,
    Stage,
    heard,
    lateness,
    messages,
    slack,
)
from tests.service.scene import Living, living
from tests.service.servers import until

MINUTE = float(os.environ.get("LADDER_MINUTE", "0.06"))
pytestmark = [pytest.mark.realtime, pytest.mark.slow]


@asynccontextmanager
async def asked(folder: Path, minute: float, metrics: Metrics) -> AsyncIterator[str]:
    """A datasource; a real one, if there is time."""
    if minute < 1 or shutil.which("prometheus") is None:
        async with Scraped(metrics) as datasource:
            yield datasource.url
        return
    (folder / "prometheus").mkdir()
    with ruler.running(folder / "prometheus", folder / "none.yml") as url:
        scraping = asyncio.create_task(_scrape(url, metrics))
        yield url
        scraping.cancel()
        with suppress(asyncio.CancelledError):
            await scraping


async def _scrape(url: str, metrics: Metrics) -> None:
    while True:
        now = datetime.now(UTC)
        known = {(name, component) for _, name, component, _ in metrics.moves}
        story = [
            Series((("__name__", name), ("component", one)), ((now, float(one in metrics.at(name, now))),))
            for name, one in sorted(known)
        ]
        if story:
            await asyncio.to_thread(push, url, story)
        await asyncio.sleep(0.1)


class Stories:
    """What happens to each component, one after the other and all at the same time."""

    def __init__(self, stage: Stage, evaluator: Living) -> None:
        self.stage, self.evaluator = stage, evaluator
        self.person = Person(stage, evaluator)

    def fires(self, component: str, name: str = "down", there: bool = True) -> None:
        self.stage.metrics.move(name, component, there)

    async def told(self, who: str, component: str, times: int = 1) -> None:
        await heard(self.stage, self.stage.number(who, component), component, times)

    async def is_(self, component: str, state: IncidentState, epoch: int = 1) -> None:
        def so() -> bool:
            record = self.person.incident(component)
            return record is not None and (record.state, record.epoch) == (state, epoch)

        await until(so, 60 + 60 * self.stage.minute)

    async def climbs_again(self, component: str) -> None:
        """Until the first level of the second climb has fired."""
        await self.is_(component, IncidentState.TRIGGERED, 2)
        await until(lambda: (record := self.person.incident(component)) is not None and record.level == 0)

    async def never(self) -> None:
        """Nobody answers, in two climbs."""
        self.fires("never")

        def exhausted() -> bool:
            record = self.person.incident("never")
            return record is not None and record.exhausted_at is not None

        await until(exhausted, 60 + 150 * self.stage.minute)

    async def api(self) -> None:
        self.fires("api-ack")
        await self.told("ana", "api-ack")
        await self.person.act("api-ack", "ack")

    async def link(self) -> None:
        self.fires("link-ack")
        await self.told("bo", "link-ack")
        await until(lambda: any("bo-link-ack@" in one.recipients[0] for one in self.stage.post.taken))
        await self.person.follow_link("link-ack", "bo")

    async def button(self) -> None:
        self.fires("slack-ack")
        await heard(self.stage, slack("mia", "slack-ack"), "slack-ack")
        await self.person.press("slack-ack", "mia")

    async def reply(self) -> None:
        self.fires("sms-ack")
        await self.told("dan", "sms-ack")
        await self.person.text("sms-ack", "dan")

    async def runs_out(self) -> None:
        self.fires("ack-end")
        await self.told("ana", "ack-end")
        await self.person.act("ack-end", "ack")
        await self.climbs_again("ack-end")

    async def put_off(self) -> None:
        self.fires("put-off")
        await self.told("ana", "put-off")
        await self.person.act("put-off", "snooze", duration=self.stage.span(10))
        await self.climbs_again("put-off")

    async def worse(self) -> None:
        self.fires("worse", "slow")
        await self.told("ana", "worse")
        await self.person.act("worse", "ack")
        self.fires("worse")
        await self.climbs_again("worse")

    async def ends(self) -> None:
        self.fires("ends")
        await self.told("bo", "ends")
        self.fires("ends", there=False)
        await self.is_("ends", IncidentState.RESOLVED)

    async def joins(self) -> None:
        self.fires("joins")
        await self.told("ana", "joins")
        await self.person.act("joins", "ack")
        self.fires("joins", "slow")
        await self.told("ana", "joins", 2)

    async def nobody(self) -> None:
        self.fires("nobody")
        await self.told("mia", "nobody")

    async def away(self) -> None:
        self.fires("away")
        await self.told("dan", "away")

    async def maintained(self) -> None:
        self.fires("maintained")
        await self.told("ana", "maintained")
        ident = await self.person.maintain("maintained")
        await self.stage.wait(8)
        await self.person.stop_maintaining(ident)
        await self.told("bo", "maintained")

    async def reloaded(self) -> None:
        """In the middle, others are named; who was named when it began is called."""
        self.fires("reloaded")
        await self.told("ana", "reloaded")
        config = self.stage.folder / "evaluator.yml"
        text = config.read_text()
        ladder = self.stage.ladders["reloaded"]
        config.write_text(text.replace(ladder, ladder.replace("[component:backup]", "[person:dan-reloaded]")))
        await self.evaluator.service.reload()
        await self.told("bo", "reloaded")

    async def play(self) -> None:
        """All of them; then everything ends."""
        stories = (
            self.never, self.api, self.link, self.button, self.reply, self.runs_out, self.put_off, self.worse, self.ends,
            self.joins, self.nobody, self.away, self.maintained, self.reloaded,
        )  # fmt: skip
        await asyncio.gather(*(story() for story in stories))
        for _, name, component, _ in list(self.stage.metrics.moves):
            self.fires(component, name, there=False)
        await until(lambda: all(not record.open for record in self.evaluator.service.machine.incidents.table.values()))
        await until(lambda: not self.evaluator.service.machine.incidents.pages.rows)


def ladders(stage: Stage) -> None:
    """Each acknowledgement at its own level; where somebody is waited for, the level after that is hours away."""
    stage.ladder("never", repeat=f"{{times: 1, every: {stage.span(30)}}}")
    for number, name in enumerate(("api-ack", "link-ack", "slack-ack", "sms-ack"), 1):
        stage.ladder(name, number)
    stage.ladder("ack-end", 1, ack=f"{{timeout: {stage.span(20)}, remind_before: {stage.span(10)}}}")
    stage.ladder("put-off", 1)
    stage.ladder("worse", 1)
    stage.ladder("joins", 1)
    stage.ladder("ends", 2)
    stage.ladder("nobody", 3, [("on-call", 0, "[schedule:void]"), *LEVELS[1:]])
    stage.ladder("away", 4, [*LEVELS[:2], ("manager", 15, "[person:eve]"), LEVELS[3]])
    stage.ladder("maintained", 2, [LEVELS[0], ("backup", 15, "[component:backup]")])
    stage.ladder("reloaded", 2)


@dataclass(frozen=True)
class Night:
    """How it went. told: what was sent. foreseen: what should have been. lag: seconds without a turn, at worst."""

    minute: float
    stage: Stage
    told: dict[Message, PageRecord]
    foreseen: dict[Message, PageRecord]
    lag: float

    @property
    def disturbed(self) -> bool:
        """Whether the machine was too busy for minutes so short."""
        return self.told.keys() != self.foreseen.keys() and self.lag > self.minute


def test_people_are_told_in_earnest_what_virtual_time_foresees(tmp_path: Path) -> None:
    """The same messages are planned, none earlier, and each that was sent has arrived once."""
    night = lived(tmp_path / "short", MINUTE)
    if night.disturbed:
        night = lived(tmp_path / "long", 4 * MINUTE)
    if night.disturbed:
        pytest.skip(f"the machine is too busy: for {night.lag:.2f} s nothing got its turn")
    assert night.told.keys() == night.foreseen.keys()
    late = lateness(night.told, night.foreseen)
    assert late[-1][0] >= timedelta(0), late[-1]
    assert night.stage.arrived() == Counter(page.way for page in night.told.values() if page.state is PageState.SENT)
    if MINUTE >= 1:
        print("\n".join(f"{key}: {after.total_seconds() * 1000:.0f} ms late" for after, key in late))


def lived(folder: Path, minute: float) -> Night:
    """Everything, once."""
    folder.mkdir()
    stage, told, ended, lag = asyncio.run(_lived(folder, minute))
    return Night(minute, stage, told, messages(stage.foreseen(ended + timedelta(minutes=1))), lag)


async def _lived(folder: Path, minute: float) -> tuple[Stage, dict[Message, PageRecord], datetime, float]:
    """What was told, when it was over, and for how long at worst this process was held up."""
    post, metrics = Post(), Metrics()
    async with Services() as services, mail_server(post) as (host, port), asked(folder, minute, metrics) as datasource:
        stage = Stage(folder, minute, services, post, f"{host}:{port}", metrics)
        ladders(stage)
        stage.write(datasource)
        async with living(folder) as evaluator, lagging() as lags:
            stage.watch(evaluator)
            await Stories(stage, evaluator).play()
            return stage, messages(evaluator.service.machine), datetime.now(UTC), max(lags)


@asynccontextmanager
async def lagging() -> AsyncIterator[list[float]]:
    """By how many seconds short naps were too long, so far."""
    loop, lags = asyncio.get_running_loop(), [0.0]

    async def watch() -> None:
        while True:
            begun = loop.time()
            await asyncio.sleep(0.02)
            lags.append(loop.time() - begun - 0.02)

    watching = asyncio.create_task(watch())
    try:
        yield lags
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
