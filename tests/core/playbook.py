"""Timelines for the machine: what the queries return, and what happens then, in virtual time.

    play = Playbook(settings(group(rule("Down", hold="2m")), root=route(wait="30s")))
    play.at("0s", "Down", series("Down", instance="a")).run("10m")
    assert play.log[0] == "0s Down{instance=a} pending"

Slots are at whole intervals of the play's clock: groups here have no offset (see `conftest`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evaluator.core import records
from evaluator.core.durations import format_duration, parse_duration
from evaluator.core.effects import Deliver, Effect, Forget, Note, RunQuery, Save
from evaluator.core.evaluation.answers import Failure, FailureKind
from evaluator.core.evaluation.rules import AlertingRule, RuleGroup
from evaluator.core.events import Delivered, DeliveryFailed, Event, Observation, QueryFailed, QueryReturned, Reloaded
from evaluator.core.incidents.records import IncidentRecord, MaintenanceRecord, PageRecord
from evaluator.core.labels import Labels
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.windows import Window
from evaluator.core.oncall.overrides import OverrideRecord
from evaluator.core.records import Attempt, Decision, Kept, OutboxRecord, Pairs, Transition
from evaluator.core.routing.routing import Route
from evaluator.core.settings import ConsoleSettings, Integration, Receiver, Settings
from evaluator.core.world import drive
from evaluator.drill.virtual import VirtualWorld
from tests.core.referee import Referee

TAKEN, LOST = "no answer, and it arrived", "no answer, and it did not arrive"
T0 = datetime(2026, 1, 1, tzinfo=UTC)
ANSWERS = (Delivered, DeliveryFailed, QueryReturned, QueryFailed, Reloaded)
"""What a crash swallows, or brings back by itself."""
NOTHING: dict[Labels, Observation] = {}


def rule(name: str, hold: str = "0s", keep: str = "0s", **labels: str) -> AlertingRule:
    """An alerting rule whose key is its name."""
    more = Labels(labels)
    annotations = (("summary", "{{ $value }}"),)
    return AlertingRule(
        name, name, f"expr_{name}", f"expr_{name}", parse_duration(hold), parse_duration(keep), more, annotations
    )


def group(
    *rules: AlertingRule, name: str = "g", interval: str = "1m", limit: int = 0, datasource: str = "default"
) -> RuleGroup:
    """A rule group of these rules."""
    return RuleGroup(name, "test.rules.yml", parse_duration(interval), rules, datasource, limit=limit)


def route(
    receiver: str = "ops", by: Iterable[str] | None = (), wait: str = "30s", interval: str = "5m", repeat: str = "4h"
) -> Route:
    """A root route."""
    names = None if by is None else frozenset(by)
    return Route(
        receiver,
        group_by=names,
        group_wait=parse_duration(wait),
        group_interval=parse_duration(interval),
        repeat_interval=parse_duration(repeat),
    )


def receiver(name: str = "ops", integrations: int = 1, send_resolved: bool = True) -> Receiver:
    """A receiver with console integrations."""
    return Receiver(name, tuple(Integration("console", n, send_resolved, ConsoleSettings()) for n in range(integrations)))


def settings(*groups: RuleGroup, root: Route | None = None, receivers: Sequence[Receiver] = (), **more: object) -> Settings:
    """A configuration of these groups."""
    base = Settings(None, (), groups, root or route(), tuple(receivers) or (receiver(),), external_url="http://e")
    return replace(base, **more)  # type: ignore[arg-type]


def series(alertname: str, value: float = 1.0, **labels: str) -> dict[Labels, Observation]:
    """One series of an answer, as the edge would hand it over."""
    return {Labels({**labels, "alertname": alertname}): Observation(Labels(labels), value)}


def failure(kind: FailureKind = FailureKind.TRANSIENT, message: str = "connection refused") -> Failure:
    """A query that failed."""
    return Failure(kind, message)


class StoppableWorld(VirtualWorld):
    """A virtual world that ends after so many events, wherever in an instant that is. steps: events that are left."""

    steps: int | None = None

    def pending(self) -> list[tuple[datetime, Event]]:
        """What has not happened yet, in its order."""
        return [(at, event) for at, _, event in sorted(self._arrivals, key=lambda one: one[:2])]

    async def next_events(self, timer: datetime | None) -> tuple[datetime, Sequence[Event]] | None:
        """As in the virtual world, while there are steps."""
        if self.steps == 0:
            return None
        arrival = await super().next_events(timer)
        if self.steps is not None and arrival is not None:
            self.steps -= 1
        return arrival


class Playbook:
    """A machine, a script for its datasources and receivers, and a log of what happened, in the order of time."""

    def __init__(self, config: Settings) -> None:
        self.settings = config
        self.machine = Referee(config, T0)
        self.world = StoppableWorld(T0, T0, self._reply, self._watch)
        self.log: list[str] = []
        self.effects: list[tuple[datetime, Effect]] = []
        self.kept: dict[tuple[type, tuple[str, ...]], object] = {}
        self._script: dict[str, list[tuple[datetime, dict[Labels, Observation] | Failure, bool]]] = {}
        self._receivers: dict[str, list[tuple[datetime, DeliveryFailed | None]]] = {}
        self._reloads: list[tuple[datetime, Settings]] = []
        self.accepted: list[tuple[datetime, OutboxRecord]] = []
        self.firings: dict[str, records.FiringRecord] = {}
        self.seen_at: datetime | None = None
        self.takes = timedelta(0)
        self.takes_until: str | None = None
        self.receipts: Callable[[OutboxRecord], Pairs] = lambda row: ()

    # -- the script ---------------------------------------------------------------------------------------------------

    def at(self, when: str, rule: str, answer: dict[Labels, Observation] | Failure, partial: bool = False) -> Playbook:
        """From `when` on, queries of `rule` give `answer`."""
        self._script.setdefault(rule, []).append((moment(when), answer, partial))
        return self

    def receiver_fails(
        self, when: str, integration: str, permanent: bool = False, retry_after: float | None = None
    ) -> Playbook:
        """From `when` on, deliveries to `integration` are refused."""
        event = DeliveryFailed("", "503 from the server", permanent, retry_after)
        self._receivers.setdefault(integration, []).append((moment(when), event))
        return self

    def receiver_is_mute(self, when: str, integration: str, takes: bool) -> Playbook:
        """From `when` on, deliveries to `integration` get no answer. takes: they arrive all the same."""
        event = DeliveryFailed("", TAKEN if takes else LOST, unknown=True)
        self._receivers.setdefault(integration, []).append((moment(when), event))
        return self

    def receiver_works(self, when: str, integration: str) -> Playbook:
        """From `when` on, deliveries to `integration` are accepted."""
        self._receivers.setdefault(integration, []).append((moment(when), None))
        return self

    def reload(self, when: str, config: Settings) -> Playbook:
        """A new configuration arrives; while we are down, it is the one that is found at the next start."""
        self._reloads.append((moment(when), config))
        self.world.send(moment(when), Reloaded(config))
        return self

    def happens(self, when: str, event: Event) -> Playbook:
        """Something happens: an alert is posted, a silence is set."""
        self.world.send(moment(when), event)
        return self

    def run(self, until: str, steps: int | None = None) -> Playbook:
        """Go on until this instant, inclusive, or for so many steps."""
        self.world.until, self.world.steps = moment(until), steps
        at_once(drive(self.machine, self.world))
        return self

    def crash(
        self, config: Settings | None = None, after: str = "0s", arrive: bool = False, catch_up: bool = False
    ) -> Playbook:
        """Kill and start again: only what was kept is there, and what happens while nobody listens is lost.

        arrive: requests that are on their way arrive; otherwise they never do. catch_up: the slots that come meanwhile are
        evaluated afterwards; otherwise nobody knows that there was anybody before.
        """
        if not arrive:
            self.accepted = [(at, row) for at, row in self.accepted if row.id not in self.machine.flying]
        now = (self.world.until if self.world.steps is None else self.world.now) + parse_duration(after)
        if config is not None:
            self._reloads.append((now, config))
        current, expected = self._configured(now), self.world.pending()
        self.machine = Referee(current, now)
        self.world = StoppableWorld(now, now, self._reply, self._watch)
        for when, later in self._reloads:
            if when > now:
                self.world.send(when, Reloaded(later))
        for when, event in expected:
            if when >= now and not isinstance(event, ANSWERS):
                self.world.send(when, event)
        kept = replace(self.snapshot(), seen_at=self.seen_at if catch_up else None)
        at_once(self.world.commit(self.machine.restore(kept, now), now))
        return self

    def _configured(self, now: datetime) -> Settings:
        known = [(when, config) for when, config in self._reloads if when <= now]
        return max(known, key=lambda one: one[0])[1] if known else self.settings

    def snapshot(self) -> Kept:
        """What a store would give back."""

        def of(kind: type) -> tuple[object, ...]:
            return tuple(record for (one, _), record in self.kept.items() if one is kind)

        return Kept(
            of(records.RuleAlertRecord),  # type: ignore[arg-type]
            of(records.AlertRecord),  # type: ignore[arg-type]
            of(records.GroupRecord),  # type: ignore[arg-type]
            of(records.LedgerRecord),  # type: ignore[arg-type]
            of(records.OutboxRecord),  # type: ignore[arg-type]
            of(Silence),  # type: ignore[arg-type]
            of(Window),  # type: ignore[arg-type]
            of(IncidentRecord),  # type: ignore[arg-type]
            of(PageRecord),  # type: ignore[arg-type]
            of(MaintenanceRecord),  # type: ignore[arg-type]
            of(OverrideRecord),  # type: ignore[arg-type]
            tuple(self.firings.values()),
        )

    # -- the world ----------------------------------------------------------------------------------------------------

    def _reply(self, effect: RunQuery | Deliver, now: datetime) -> tuple[timedelta, Event]:
        if isinstance(effect, Deliver):
            prompt = self.takes_until is not None and now >= moment(self.takes_until)
            return timedelta(0) if prompt else self.takes, self._delivery(effect, now)
        script = reversed(self._script.get(effect.rule, ()))
        answer, partial = next((said for since, *said in script if since <= effect.slot), (NOTHING, False))
        if isinstance(answer, Failure):
            return timedelta(0), QueryFailed(effect.rule, effect.slot, answer)
        return timedelta(0), QueryReturned(effect.rule, effect.slot, answer, partial)

    def _delivery(self, effect: Deliver, now: datetime) -> Event:
        current = [event for since, event in self._receivers.get(effect.row.integration, []) if since <= now]
        if current and current[-1] is not None:
            if current[-1].error == TAKEN:
                self.accepted.append((now, effect.row))
            return replace(current[-1], outbox=effect.row.id)
        self.accepted.append((now, effect.row))
        return Delivered(effect.row.id, self.receipts(effect.row))

    def _watch(self, effects: Sequence[Effect], now: datetime) -> None:
        for effect in effects:
            self.effects.append((now, effect))
            match effect:
                case RunQuery():
                    pass
                case Save(records.Presence(at)):
                    self.seen_at = at
                case Save(records.FiringRecord() as record):
                    self.firings[record.rule] = record
                case Save(record):
                    self.kept[type(record), record.key] = record
                case Forget(records.FiringRecord, (rule,)):
                    self.firings.pop(rule, None)
                case Forget(kind, key):
                    self.kept.pop((kind, key), None)
                case Note(Transition() as change):
                    why = f" ({change.why})" if change.why else ""
                    self.log.append(f"{offset(now)} {name(change.labels)} {change.after or 'gone'}{why}")
                case Deliver(row):
                    told = [f"{name(one.labels)} {'firing' if one.firing else 'resolved'}" for one in row.notification.alerts]
                    self.log.append(f"{offset(now)} -> {row.integration}: {row.notification.reason}: {', '.join(told)}")

    # -- looking ------------------------------------------------------------------------------------------------------

    def told(self, integration: str = "ops/console[0]") -> list[str]:
        """What was sent to an integration: `30s first notification: Down firing`."""
        mark = f" -> {integration}: "
        return [line.replace(mark, " ") for line in self.log if mark in line]

    def decisions(self) -> list[Decision]:
        """Every decision that was noted."""
        return [effect.record for _, effect in self.effects if isinstance(effect, Note) and isinstance(effect.record, Decision)]

    def attempts(self) -> list[Attempt]:
        """Every attempt at a delivery."""
        return [effect.record for _, effect in self.effects if isinstance(effect, Note) and isinstance(effect.record, Attempt)]


def at_once(life: Coroutine[Any, Any, None]) -> None:
    """Live it without an event loop: nobody waits for anything in a virtual world."""
    with suppress(StopIteration):
        life.send(None)
        raise AssertionError("somebody waits")


def moment(text: str) -> datetime:
    """`1m30s` after the start."""
    return T0 + parse_duration(text)


def offset(at: datetime) -> str:
    """How long after the start."""
    return format_duration(at - T0)


def name(labels: Labels) -> str:
    """`Down{instance=a}`; external and severity labels are left out."""
    rest = ",".join(f"{key}={value}" for key, value in labels.items() if key not in ("alertname", "severity"))
    return labels["alertname"] + (f"{{{rest}}}" if rest else "")
