"""People who are chased in earnest, by mail, Slack, short messages and a webhook; and the same once more in virtual time.

A minute of a ladder is as long as the stage says. What a person did, and when a metric moved, is remembered, and `foreseen`
lets it happen once more to a machine whose clock jumps: the same messages must come of it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from evaluator.core.effects import Deliver, Effect, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.events import (
    Delivered,
    Event,
    MaintenanceEnded,
    MaintenanceSet,
    Observation,
    QueryFailed,
    QueryReturned,
    Reloaded,
)
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.records import IncidentRecord, PageKind, PageRecord
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.settings import Settings
from evaluator.core.world import drive
from evaluator.drill.virtual import VirtualWorld
from tests.local_server import Received, Reply
from tests.notify.mail_server import Post
from tests.service.scene import Living
from tests.service.servers import JSON, Datasource, Holding, until, vector

SIGNING_SECRET, TWILIO_TOKEN, TEAM = "8f742231b10e8888abcd99yyyzzz85a5", "12345", "T01"
PEOPLE = ("ana", "bo", "mia", "dan")
OUTSIDE = "http://oncall.example.org"
WHO = Acted | MaintenanceSet | MaintenanceEnded | Reloaded
"""What happens to an evaluator beyond what it asks for."""

CONFIG = """\
external_url: {outside}
global:
  smtp_smarthost: {mail}
  smtp_from: alerts@example.org
  smtp_require_tls: false
  slack_app_token: xoxb-token
  slack_app_url: {services}/slack/chat.postMessage
  twilio_account_sid: AC0
  twilio_auth_token: "{twilio}"
  twilio_from: "+15550000000"
  twilio_api_url: {services}
datasources: [{{name: main, url: "{datasource}", timeout: 10s}}]
rule_files: [rules.yml]
people:
{people}
  eve: {{name: Eve, sms: "+1777", away: [{{from: 2020-01-01, to: 2099-01-01}}]}}
profiles:
  page: [{{at: 0s, via: [slack, sms, email, webhook]}}]
schedules:
{schedules}
  void: {{time_zone: UTC, layers: [{{rotation: [eve], every: 1 week, handoff: "Mon 09:00", start: 2026-01-05}}]}}
components: {{{components}}}
replies:
  slack: {{signing_secret: {signing}, team: {team}}}
  twilio: {{auth_token: "{twilio}"}}
escalations:
{escalations}
route:
  receiver: hook
  group_by: [component]
  group_wait: 0s
  group_interval: 1s
  routes:
{routes}
receivers:
  - name: hook
    webhook_configs: [{{url: "{services}/hook", send_resolved: true}}]
"""
RULES = """\
groups:
- name: g
  interval: {interval}
  rules:
  - {{alert: Down, expr: down == 1, labels: {{severity: critical}}}}
  - {{alert: Slow, expr: slow == 1, labels: {{severity: warning}}}}
"""
PERSON = """\
  {who}-{component}: {{name: {who}, {contacts}}}"""
SCHEDULE = """\
  {component}: {{time_zone: UTC, layers: [{{rotation: [ana-{component}], every: 1 week, start: 2026-01-05}}]}}"""
LEVELS = (
    ("on-call", 0, "[schedule:{0}, 'slack:#{0}']"),
    ("backup", 5, "[component:backup]"),
    ("manager", 15, "[person:mia-{0}]"),
    ("director", 30, "[person:dan-{0}]"),
)


@dataclass
class Metrics:
    """What a datasource knows: since when which series is there, or is not."""

    moves: list[tuple[datetime, str, str, bool]] = field(default_factory=list)

    def move(self, name: str, component: str, there: bool) -> None:
        """From now on."""
        self.moves.append((datetime.now(UTC), name, component, there))

    def at(self, name: str, when: datetime) -> list[str]:
        """The components for which it is there."""
        last = {component: there for at, known, component, there in self.moves if known == name and at <= when}
        return [component for component, there in last.items() if there]


class Scraped(Datasource):
    """A datasource that is asked about instants, and answers what was true then."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    async def answer(self, request: Received) -> Reply:
        """What the expression finds at the time in the form."""
        form = parse_qs(request.body.decode())
        when = datetime.fromtimestamp(float(form["time"][0]), UTC)
        found = {name: self._metrics.at(name, when) for name in ("down", "slow")}
        series = [{"__name__": name, "component": one} for name in found if name in form["query"][0] for one in found[name]]
        return vector(*series)


@dataclass(frozen=True)
class Told:
    """A message that has arrived. at: by the wall's clock. whom: a contact or a channel."""

    at: datetime
    whom: str
    text: str
    body: Any = None


class Services(Holding):
    """Slack's and Twilio's interfaces, and webhooks, at one address. told: what was sent. edits: of Slack's messages."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Told] = []
        self.edits: list[Told] = []
        self._count = 0

    async def answer(self, request: Received) -> Reply:
        """As the service does whose address it is."""
        self._count += 1
        now = datetime.now(UTC)
        if request.target.startswith("/2010-04-01/"):
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            self.told.append(Told(now, form["To"], form["Body"]))
            return _json({"sid": f"SM{self._count}", "status": "queued"}, 201)
        body = json.loads(request.body)
        if request.target.startswith("/slack/"):
            ts = body.get("ts", f"1.{self._count:06}")
            kept = self.edits if request.target.endswith("chat.update") else self.told
            kept.append(Told(now, body["channel"], json.dumps(body), body))
            return _json({"ok": True, "channel": body["channel"], "ts": ts})
        self.told.append(Told(now, request.target, json.dumps(body), body))
        return _json({})

    def to(self, whom: str, about: str) -> list[Told]:
        """What somebody was sent about a component."""
        return [one for one in self.told if one.whom == whom and about in one.text]


def _component(machine: Machine, event: Event) -> str:
    """Of the incident that somebody has done something about."""
    return machine.incidents.table[event.incident].component if isinstance(event, Acted) else ""


def slack(who: str, component: str) -> str:
    """Somebody's id in Slack."""
    return f"U{who}{component}".upper().replace("-", "")


def _json(body: Any, status: int = 200) -> Reply:
    return Reply(status, JSON, json.dumps(body).encode())


@dataclass
class Stage:
    """An evaluator among services. minute: how long one of the ladder's is."""

    folder: Path
    minute: float
    services: Services
    post: Post
    mail: str
    metrics: Metrics = field(default_factory=Metrics)
    ladders: dict[str, str] = field(default_factory=dict)
    happened: list[tuple[datetime, Event, str]] = field(default_factory=list)
    answers: dict[tuple[str, datetime], tuple[datetime, Event]] = field(default_factory=dict)
    began: datetime | None = None
    first: Settings | None = None

    def span(self, minutes: float) -> str:
        """As a duration."""
        return f"{round(minutes * self.minute * 1000)}ms"

    def ladder(
        self,
        component: str,
        reached: int = 4,
        levels: Sequence[tuple[str, float, str]] = LEVELS,
        **terms: str,
    ) -> None:
        """A ladder for one component; of its levels only the first so many come in any time that somebody waits for."""
        at = [self.span(minutes) if number < reached else f"{number}h" for number, (_, minutes, _) in enumerate(levels)]
        steps = [
            f"      - {{at: {when}, name: {name}, notify: {whom.format(component)}, profile: page}}"
            for when, (name, _, whom) in zip(at, levels, strict=True)
        ]
        more = [f"    {name}: {value}" for name, value in {"catch_up": "{min_gap: 10ms}", **terms}.items()]
        self.ladders[component] = "\n".join([f"  {component}:", "    levels:", *steps, *more])

    def number(self, who: str, component: str) -> str:
        """Of somebody's telephone."""
        return f"+34600{list(self.ladders).index(component):03}{PEOPLE.index(who):03}"

    def contacts(self, who: str, component: str) -> str:
        """How somebody is reached: everybody has a telephone."""
        more = {
            "ana": f"slack: {slack(who, component)}, email: {who}-{component}@example.org",
            "bo": f"email: {who}-{component}@example.org",
            "mia": f"slack: {slack(who, component)}",
            "dan": f'webhook: "{self.services.url}/{who}-{component}"',
        }
        return f'sms: "{self.number(who, component)}", {more[who]}'

    def write(self, datasource: str) -> None:
        """The configuration and its rules."""
        names = list(self.ladders)
        everybody = [
            PERSON.format(who=who, component=name, contacts=self.contacts(who, name)) for name in names for who in PEOPLE
        ]
        routes = "\n".join(f"    - {{matchers: [component={name}], escalation: {name}}}" for name in names)
        text = CONFIG.format(
            outside=OUTSIDE,
            mail=self.mail,
            services=self.services.url,
            datasource=datasource,
            twilio=TWILIO_TOKEN,
            signing=SIGNING_SECRET,
            team=TEAM,
            people="\n".join(everybody),
            schedules="\n".join(SCHEDULE.format(component=name) for name in names),
            components=", ".join(f"{name}: {{owner: ana-{name}, backup: bo-{name}}}" for name in names),
            escalations="\n".join(self.ladders.values()),
            routes=routes,
        )
        (self.folder / "evaluator.yml").write_text(text)
        (self.folder / "rules.yml").write_text(RULES.format(interval=f"{max(200, round(2000 * self.minute))}ms"))

    def watch(self, evaluator: Living) -> None:
        """Remember what happens to the evaluator from now on."""
        machine = evaluator.service.machine
        self.began, self.first, handle = evaluator.service.started_at, machine.settings, machine.handle

        def remembered(event: Event, now: datetime) -> list[Effect]:
            if isinstance(event, WHO):
                self.happened.append((now, event, _component(machine, event)))
            if isinstance(event, QueryReturned | QueryFailed):
                self.answers[event.rule, event.slot] = now, event
            return handle(event, now)

        setattr(machine, "handle", remembered)  # noqa: B010

    def arrived(self) -> Counter[str]:
        """How many messages have come by which way, but for those of the route's receiver."""
        ways = Counter(_way(one) for one in self.services.told if one.whom != "/hook")
        return ways + Counter(email=len(self.post.taken))

    async def wait(self, minutes: float) -> None:
        """Until so many minutes of the ladder are over."""
        await asyncio.sleep(minutes * self.minute)

    def foreseen(self, until_: datetime) -> Machine:
        """What comes of the same in virtual time."""
        assert self.began is not None
        assert self.first is not None
        machine = Machine(self.first, self.began)
        world = VirtualWorld(self.began, until_, self._reply)
        meant = {id(event): component for _, event, component in self.happened}
        handle = machine.handle

        def renumbered(event: Event, now: datetime) -> list[Effect]:
            """What begins together may have other numbers there than here."""
            if isinstance(event, Acted):
                numbers = [record.number for record in machine.incidents.table.values() if record.component == meant[id(event)]]
                event = replace(event, incident=numbers[-1])
            return handle(event, now)

        setattr(machine, "handle", renumbered)  # noqa: B010
        for at, event, _ in self.happened:
            world.send(at, event)
        asyncio.run(drive(machine, world))
        return machine

    def _reply(self, effect: RunQuery | Deliver, now: datetime) -> tuple[timedelta, Event]:
        if isinstance(effect, Deliver):
            slack = "slack" in effect.row.integration
            return timedelta(0), Delivered(effect.row.id, (("channel", "C"), ("ts", "1")) if slack else ())
        if (answer := self.answers.get((effect.rule, effect.slot))) is not None:  # that of a slot, as late as it was
            return max(timedelta(0), answer[0] - now), answer[1]
        name, severity = ("down", "critical") if "Down" in effect.rule else ("slow", "warning")
        observed = {
            Labels({ALERT_NAME: name.title(), "severity": severity, "component": one}): Observation(
                Labels({"component": one}), 1.0
            )
            for one in self.metrics.at(name, effect.at)
        }
        return timedelta(0), QueryReturned(effect.rule, effect.slot, observed)


Message = tuple[str, int, int, str, str, PageKind]
"""Of which component's incident, its climb and level, to whom by which way, and of what kind."""


def messages(machine: Machine) -> dict[Message, PageRecord]:
    """What was planned; changes of messages, of which several may become one, are left out."""
    incidents = machine.incidents
    return {
        (record.component, page.epoch, page.level, page.whom, page.way, page.kind): page
        for number, record in incidents.table.items()
        for page in incidents.pages_of(number)
        if page.kind is not PageKind.UPDATE
    }


def _way(told: Told) -> str:
    return "sms" if told.whom.startswith("+") else "webhook" if told.whom.startswith("/") else "slack"


class Person:
    """Somebody who answers, by all ways that there are."""

    def __init__(self, stage: Stage, evaluator: Living) -> None:
        self._stage = stage
        self._evaluator = evaluator

    def incident(self, component: str) -> IncidentRecord | None:
        """The newest one of a component."""
        table = self._evaluator.service.machine.incidents.table
        found = [record for record in table.values() if record.component == component]
        return found[-1] if found else None

    async def act(self, component: str, action: str, **more: Any) -> None:
        """By the API, whoever is on call."""
        record = self.incident(component)
        assert record is not None
        await self._post(f"/api/evaluator/v1/incidents/{record.number}/{action}", json={"by": f"ana-{component}", **more})

    async def follow_link(self, component: str, who: str) -> None:
        """Press the button of the page that a mail leads to; asked whether it was meant, say so."""
        mails = [message_from_bytes(one.content, policy=policy.default) for one in self._stage.post.taken]
        mail = next(one for one in mails if f"{who}-{component}@" in str(one["To"]))
        body = mail.get_body(("plain", "html"))
        assert body is not None
        link = re.search(rf"{OUTSIDE}(/links/[^\s\"<>)]+)", body.get_content())
        assert link is not None, body.get_content()
        async with self._client() as client:
            looked = await client.get(link[1])
            assert looked.status_code == 200
            record = self.incident(component)
            asked = await client.post(link[1])
            again = re.search(r'name="confirm" value="([^"]*)"', asked.text)
            assert again is not None, asked.text
            assert record == self.incident(component), "looking, and a press that is asked about, change nothing"
            (await client.post(link[1], data={"confirm": again[1]})).raise_for_status()

    async def press(self, component: str, who: str, action: str = "ack") -> None:
        """A button of the newest message in Slack, signed."""
        user = slack(who, component)
        message = self._stage.services.to(user, component)[-1].body
        blocks = [block for attachment in message["attachments"] for block in attachment.get("blocks", ())]
        buttons = [one for block in blocks for one in block.get("elements", ())]
        button = next(one for one in buttons if one["action_id"].endswith(action))
        pressed = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "name": "x"},
            "actions": [{"action_id": button["action_id"], "value": button["value"], "type": "button"}],
        }
        body, stamp = urlencode({"payload": json.dumps(pressed)}).encode(), str(int(time.time()))
        made = hmac.new(SIGNING_SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256").hexdigest()
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        await self._post("/replies/slack", content=body, headers={**headers, **form})

    async def text(self, component: str, who: str, word: str = "a") -> None:
        """A short message, signed as Twilio signs it."""
        record = self.incident(component)
        assert record is not None
        form = {
            "From": self._stage.number(who, component),
            "Body": f"{record.number}{word}",
            "MessageSid": f"SM{component}",
            "To": "+1555",
        }
        said = f"{OUTSIDE}/replies/twilio" + "".join(f"{name}{form[name]}" for name in sorted(form))
        made = b64encode(hmac.new(TWILIO_TOKEN.encode(), said.encode(), "sha1").digest()).decode()
        await self._post("/replies/twilio", data=form, headers={"X-Twilio-Signature": made})

    async def maintain(self, component: str) -> str:
        """Begin maintenance; gives its id."""
        wish = {"by": "ana", "reason": "disk", "component": component, "duration": "1h"}
        return str((await self._post("/api/evaluator/v1/maintenance", json=wish)).json()["id"])

    async def stop_maintaining(self, ident: str) -> None:
        """End it."""
        async with self._client() as client:
            (await client.delete(f"/api/evaluator/v1/maintenance/{ident}", params={"by": "ana"})).raise_for_status()

    async def _post(self, path: str, **more: Any) -> httpx.Response:
        async with self._client() as client:
            answer = await client.post(path, **more)
            assert answer.is_success, answer.text
            return answer

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._evaluator.url, trust_env=False, timeout=20)


async def heard(stage: Stage, whom: str, about: str, times: int = 1) -> None:
    """Wait until somebody was sent something about a component."""
    await until(lambda: len(stage.services.to(whom, about)) >= times, 60 + 60 * stage.minute)


def lateness(real: Mapping[Message, PageRecord], foreseen: Mapping[Message, PageRecord]) -> list[tuple[timedelta, Message]]:
    """The latest first: how much later than in virtual time each message was planned."""
    return sorted(((real[key].created_at - foreseen[key].created_at, key) for key in real), reverse=True)
