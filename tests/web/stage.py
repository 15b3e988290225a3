"""A stage for the pages: a real machine in virtual time that a test moves, and a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from evaluator.core.effects import Deliver, Note, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.answers import Failure, FailureKind
from evaluator.core.evaluation.rules import AlertingRule, Position, Rule, RuleGroup
from evaluator.core.events import (
    AlertsPosted,
    Delivered,
    DeliveryFailed,
    Event,
    Observation,
    QueryFailed,
    QueryReturned,
    SilenceSet,
    TimerFired,
)
from evaluator.core.incidents.records import IncidentRecord, IncidentState, Moment, PageRecord
from evaluator.core.labels import Labels, Matcher
from evaluator.core.muting.silence import Silence
from evaluator.core.posted.posting import PostedAlert
from evaluator.core.receivers.general import ConsoleSettings
from evaluator.core.records import Annotations, Attempt, Decision, OutboxRecord, Transition
from evaluator.core.routing.routing import Route
from evaluator.core.settings import Datasource, Integration, Receiver, Settings
from evaluator.core.view import UnavailableError
from evaluator.web.pages import pages

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONSOLE = Integration("console", 0, True, ConsoleSettings())
OWN = "http://pages.test"
FROM_HERE = {"Origin": OWN}


def rule(name: str, expr: str = "up == 0", **more: Any) -> AlertingRule:
    """An alerting rule of the group `g`."""
    return AlertingRule(f"rules.yml;g;{name}", name, expr, expr, position=Position("rules.yml", 3, 5), **more)


def group(*rules: Rule, **more: Any) -> RuleGroup:
    """The group `g`, evaluated every 30 s."""
    usual = {"name": "g", "file": "rules.yml", "interval": timedelta(seconds=30), "datasource": "main"}
    return RuleGroup(**{**usual, **more}, rules=rules)


def route(receiver: str = "team", *children: Route, **more: Any) -> Route:
    """The root, grouped by name, without a wait."""
    usual = {"group_by": frozenset({"alertname"}), "group_wait": timedelta(0), "routes": children}
    return Route(receiver, **{**usual, **more})


def settings(**more: Any) -> Settings:
    """A receiver that prints, and a datasource. more: what is not as usual."""
    usual = {
        "path": None,
        "datasources": (Datasource("main", "http://prometheus:9090"),),
        "groups": (),
        "route": route(),
        "receivers": (Receiver("team", (CONSOLE,)),),
    }
    return Settings(**{**usual, **more})


@dataclass
class Stage:
    """What the pages see of an evaluator (`core.view.View`), and what a test does to it."""

    settings: Settings = field(default_factory=settings)
    now: datetime = START
    started_at: datetime = START
    unready: str = ""
    unhealthy: str = ""
    reload_successful: bool = True
    unavailable: str = ""
    rows: list[OutboxRecord] = field(default_factory=list)
    found: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    value: float = 1.0
    failure: Failure | None = None
    notes: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machine = Machine(self.settings, self.now)
        app = Starlette(routes=pages(self))
        transport = httpx.ASGITransport(app=app)
        self.client = httpx.AsyncClient(transport=transport, base_url=OWN, follow_redirects=False)

    # -- what the pages ask for -------------------------------------------------------------------------------------------

    def texts(self, annotations: Annotations, alert: str) -> dict[str, str]:
        """As they are written."""
        return dict(annotations.expanded if annotations.expanded is not None else annotations.templates)

    async def submit(self, event: Event) -> None:
        """Handle it, unless the store refuses."""
        if self.unavailable:
            raise UnavailableError(self.unavailable)
        self.happen(event)

    async def changed(self, since: int) -> int | None:
        """Once, and then it is all over."""
        return 1 if since < 1 else None

    async def transitions(self, limit: int, fingerprint: str | None = None) -> Sequence[Transition]:
        """Newest first."""
        noted = self._noted(Transition)
        return [one for one in noted if fingerprint in (None, one.labels.fingerprint)][:limit]

    async def decisions(self, group: str | None, limit: int) -> Sequence[Decision]:
        """Newest first."""
        return [one for one in self._noted(Decision) if one.group == group][:limit]

    async def attempts(self, group: str | None, limit: int) -> Sequence[Attempt]:
        """Newest first."""
        return [one for one in self._noted(Attempt) if one.group == group][:limit]

    async def transitions_between(self, since: datetime, until: datetime, limit: int) -> Sequence[Transition]:
        """Newest first."""
        return [one for one in self._noted(Transition) if since <= one.at < until][:limit]

    async def incident(self, number: int) -> IncidentRecord | None:
        """As the machine has it."""
        return self.machine.incidents.table.get(number)

    async def incidents(
        self, states: Collection[IncidentState], until: datetime | None, limit: int
    ) -> Sequence[IncidentRecord]:
        """Newest first."""
        found = [one for one in self.machine.incidents.table.values() if one.state in states]
        return sorted((one for one in found if until is None or one.opened_at < until), key=lambda one: -one.number)[:limit]

    async def moments(self, number: int) -> Sequence[Moment]:
        """From the beginning."""
        return [one for one in reversed(self._noted(Moment)) if one.incident == number]

    async def pages(self, number: int) -> Sequence[PageRecord]:
        """In the order in which they were planned."""
        return self.machine.incidents.pages_of(number)

    def _noted(self, kind: type[Any]) -> list[Any]:
        return [note for note in reversed(self.notes) if isinstance(note, kind)]

    # -- what happens -----------------------------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Let the machine handle an event, and remember what it asks for."""
        for effect in self.machine.handle(event, self.now):
            match effect:
                case Deliver(row):
                    self.rows.append(row)
                case RunQuery():
                    self._answer(effect)
                case Note():
                    self.notes.append(effect.record)
                case _:
                    continue

    def pass_time(self, **span: float) -> None:
        """Let the clock go on, and fire what is due at its end."""
        self.now += timedelta(**span)
        for _ in range(3):  # answers make alerts, alerts make flushes that are due at once
            self.happen(TimerFired())

    def post(self, *alerts: Mapping[str, str], annotations: Mapping[str, str] | None = None, url: str = "") -> None:
        """Somebody posts alerts that fire, and their groups are flushed."""
        texts = tuple((annotations or {}).items())
        end = self.now + timedelta(days=30)
        posted = tuple(PostedAlert(Labels(labels), texts, self.now, end, url) for labels in alerts)
        self.happen(AlertsPosted(posted))
        self.happen(TimerFired())

    def deliver(self) -> None:
        """Everything that is on its way is accepted."""
        rows, self.rows = self.rows, []
        for row in rows:
            self.happen(Delivered(row.id))

    def refuse(self, error: str) -> None:
        """Everything that is on its way is refused for now."""
        rows, self.rows = self.rows, []
        for row in rows:
            self.happen(DeliveryFailed(row.id, error))

    def evaluate(self, found: Mapping[str, Sequence[Mapping[str, str]]], value: float = 1.0) -> None:
        """From the next slot on each rule named finds these label sets, the others nothing."""
        self.found, self.value, self.failure = found, value, None
        self.pass_time(seconds=30)

    def fail(self, kind: FailureKind, message: str) -> None:
        """From the next slot on every query fails."""
        self.failure = Failure(kind, message)
        self.pass_time(seconds=30)

    def _answer(self, query: RunQuery) -> None:
        if self.failure is not None:
            self.happen(QueryFailed(query.rule, query.slot, self.failure))
            return
        rule = self.machine.rule(query.rule)
        assert rule is not None
        named = {"alertname": rule.rule.name, **rule.rule.labels}
        series = [Labels(one) for one in self.found.get(rule.rule.name, ())]
        observed = {Labels({**one, **named}): Observation(one, self.value) for one in series}
        self.happen(QueryReturned(query.rule, query.slot, observed, seconds=0.012))

    def silence(self, *matchers: Matcher, **more: Any) -> Silence:
        """Somebody sets a silence of two hours."""
        ends_at = self.now + timedelta(hours=2)
        usual = {"starts_at": self.now, "ends_at": ends_at, "created_by": "ada", "comment": "planned work"}
        known = {one.id for one in self.machine.muting.silences.listing(self.now)}
        self.happen(SilenceSet(Silence((matchers,), **{**usual, **more})))
        return next(one for one in self.machine.muting.silences.listing(self.now) if one.id not in known)

    # -- the browser ------------------------------------------------------------------------------------------------------

    async def get(self, path: str = "/", status: int = 200) -> str:
        """A page's text."""
        answer = await self.client.get(path)
        assert answer.status_code == status
        return answer.text

    async def post_form(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> httpx.Response:
        """Send a form, from one of the pages unless `headers` say otherwise."""
        return await self.client.post(path, data=fields, headers=FROM_HERE if headers is None else headers)
