"""A machine in virtual time with people who are chased, and the doors by which they answer.

office = Office()
office.fires("Down")
answer = await office.press(office.link(Purpose.ACK))
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from evaluator.core.durations import parse_duration
from evaluator.core.effects import Deliver, Effect, Note, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.events import Delivered, Event, Observation, QueryReturned, TimerFired
from evaluator.core.http import Secret
from evaluator.core.incidents.records import IncidentRecord, Moment, Notice
from evaluator.core.labels import Labels
from evaluator.core.oncall.people import Person
from evaluator.core.replies import (
    LinkSettings,
    MailReplies,
    PagerdutyReplies,
    Replies,
    SlackReplies,
    TelegramReplies,
    TwilioReplies,
)
from evaluator.core.settings import Settings
from evaluator.core.view import UnavailableError
from evaluator.replies.desk import Desk
from evaluator.replies.routes import reply_routes
from evaluator.replies.tokens import Purpose
from tests.core.incidents.ladder import config, duty
from tests.core.playbook import T0, series

BASE = "https://oncall.example.org"
SLACK_SECRET, TEAM = "8f742231b10e8888abcd99yyyzzz85a5", "T01"
PAGERDUTY_SECRET, FORMER_SECRET = "whsec-new", "whsec-old"
TWILIO_TOKEN, TELEGRAM_TOKEN = "12345", "not-a-bot-token"
MAIL_SECRET, MAIL_SERVER = "postman", "mx.example.org"
MADRID = ZoneInfo("Europe/Madrid")

PEOPLE = (
    Person(
        "ana",
        "Ana Ruiz",
        MADRID,
        contacts={"slack": "U01ANA", "sms": "+34 600 000 001", "telegram": "100200300", "email": "Ana@example.org"},
    ),
    Person("bo", "Bo Lind", MADRID, contacts={"slack": "U02BO", "sms": "+46700000002", "email": "bo@example.org"}),
    Person("mia", "Mia Chen", MADRID, contacts={"slack": "U03MIA", "sms": "+34600000003"}),
    Person("dan", "Dan Okoye", MADRID, contacts={"sms": "+34600000003"}),
)
REPLIES = Replies(
    SlackReplies(Secret(SLACK_SECRET), TEAM),
    PagerdutyReplies(Secret(PAGERDUTY_SECRET), Secret(FORMER_SECRET), {"PBO": "bo"}),
    TwilioReplies(Secret(TWILIO_TOKEN)),
    TelegramReplies(Secret(TELEGRAM_TOKEN)),
    MailReplies("oncall@in.example.org", Secret(MAIL_SECRET), MAIL_SERVER),
)


def furnished(settings: Settings | None = None, **more: Any) -> Settings:
    """A configuration with a ladder, contacts and every door open. more: fields of the settings."""
    base = settings or config(duty=duty(PEOPLE))
    usual: dict[str, Any] = {"links": LinkSettings(base_url=BASE), "replies": REPLIES}
    return replace(base, **{**usual, **more})


class Office:
    """What answers see of an evaluator (`desk.Answerable`); its clock stands until `wait`."""

    started_at = T0
    reload_successful = True
    unready = unhealthy = ""
    own_key = bytes(range(32))

    def __init__(self, settings: Settings | None = None) -> None:
        self.now = T0
        self.machine = Machine(settings or furnished(), T0)
        self.series: dict[str, Mapping[Labels, Observation]] = {}
        self.effects: list[Effect] = []
        self.fates: list[tuple[str, str]] = []
        self.broken = ""
        self.gate: asyncio.Event | None = None
        self.desk = Desk(self)  # type: ignore[arg-type]
        self.client = self.visitor()

    def visitor(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """Somebody else with a browser."""
        app = Starlette(routes=reply_routes(self))  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app, client=(address, 123))
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"User-Agent": "test"})

    @property
    def settings(self) -> Settings:
        """Of the machine."""
        return self.machine.settings

    def answered(self, way: str, fate: str) -> None:
        """Remember it."""
        self.fates.append((way, fate))

    async def submit(self, event: Event) -> None:
        """Let it happen, when the gate opens, and unless the store is broken."""
        if self.gate is not None:
            await self.gate.wait()
        if self.broken:
            raise UnavailableError(self.broken)
        self.happen(event)

    def happen(self, event: Event) -> None:
        """An event and everything that follows from it at the same instant; every delivery is accepted."""
        waiting = [event]
        while waiting:
            for effect in self.machine.handle(waiting.pop(0), self.now):
                self.effects.append(effect)
                if isinstance(effect, Deliver):
                    waiting.append(Delivered(effect.row.id))
                elif isinstance(effect, RunQuery):
                    waiting.append(QueryReturned(effect.rule, effect.slot, self.series.get(effect.rule, {})))

    def wait(self, span: str) -> Office:
        """Let time pass."""
        until = self.now + parse_duration(span)
        while (timer := self.machine.next_timer) is not None and timer <= until:
            self.now = max(self.now, timer)
            self.happen(TimerFired())
        self.now = until
        return self

    def fires(self, *names: str) -> Office:
        """These rules find something from now on; a minute passes, so that people know of it."""
        for name in names:
            self.series[name] = series(name, component="api", severity="critical")
        return self.wait("1m")

    def ends(self, *names: str) -> Office:
        """These rules find nothing from now on."""
        for name in names:
            self.series.pop(name, None)
        return self.wait("1m")

    # -- looking ------------------------------------------------------------------------------------------------------

    def incident(self, number: int = 1) -> IncidentRecord:
        """One of the incidents."""
        return self.machine.incidents.table[number]

    def notice(self, whom: str = "ana", number: int = 1) -> Notice:
        """The newest message to somebody about an incident."""
        notices = [effect.row.notification.incident for effect in self.effects if isinstance(effect, Deliver)]
        return [one for one in notices if one is not None and (one.whom, one.number) == (whom, number)][-1]

    def page(self, whom: str = "ana", number: int = 1) -> str:
        """Id of the newest message to somebody."""
        return self.notice(whom, number).page

    def moments(self) -> list[Moment]:
        """What people did: the lines of timelines that name somebody."""
        notes = [effect.record for effect in self.effects if isinstance(effect, Note)]
        return [one for one in notes if isinstance(one, Moment) and one.by]

    def story(self) -> list[str]:
        """The same, in words: `acked ana link`."""
        return [f"{one.what} {one.by} {one.via}" for one in self.moments()]

    # -- links --------------------------------------------------------------------------------------------------------

    def link(self, purpose: Purpose, whom: str = "ana", number: int = 1) -> str:
        """The link in a message that is sent now."""
        return self.desk.links.link_for(self.notice(whom, number), purpose, self.now)

    async def look(self, link: str, **more: Any) -> httpx.Response:
        """Open a link."""
        return await self.client.get(link, **more)

    async def press(self, link: str, fields: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """Press its button."""
        return await self.client.post(link, data=dict(fields or {}), **more)


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
