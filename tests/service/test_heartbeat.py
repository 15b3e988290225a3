"""The heartbeat beats only while evaluations and deliveries complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.core.effects import Deliver, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.evaluation.answers import Failure, FailureKind
from evaluator.core.events import DeliveryFailed, Forwarded, ForwardingFailed, QueryFailed, QueryReturned, Reloaded, TimerFired
from evaluator.core.settings import Alertmanager
from evaluator.service.heartbeat import ailment
from tests.core.playbook import T0, group, route, rule, series, settings
from tests.local_server import LocalServer, Reply
from tests.service.scene import living, write_config, write_rules
from tests.service.servers import Datasource, Webhook, refusal, until, vector

MINUTE = timedelta(minutes=1)
SETTINGS = settings(group(rule("Down"), interval="1m"), root=route(wait="0s"))


def test_forwarding_that_nobody_accepts_for_ten_minutes_is_an_ailment() -> None:
    """One Alertmanager that accepts is enough."""
    two = tuple(Alertmanager(f"http://{name}") for name in "ab")
    machine = Machine(replace(SETTINGS, groups=(), alertmanagers=two), T0)
    machine.handle(ForwardingFailed("http://a", "refused"), T0)
    assert ailment(machine, T0 + 11 * MINUTE) == ""
    machine.handle(ForwardingFailed("http://b", "refused"), T0 + MINUTE)
    assert ailment(machine, T0 + 11 * MINUTE) == ""
    assert ailment(machine, T0 + 12 * MINUTE) == "no Alertmanager has accepted alerts since 2026-01-01T00:01:00+00:00"
    machine.handle(Forwarded("http://a"), T0 + 12 * MINUTE)
    assert ailment(machine, T0 + 13 * MINUTE) == ""


def asked(machine: Machine, at: object) -> RunQuery:
    """Let the group's slot begin; gives its query."""
    (query,) = (effect for effect in machine.handle(TimerFired(), at) if isinstance(effect, RunQuery))  # type: ignore[arg-type]
    return query


def test_a_group_that_waits_for_its_first_slot_is_well() -> None:
    """At the start, and after a reload that brings one long after it."""
    machine = Machine(SETTINGS, T0)
    assert ailment(machine, T0) == ""
    later = T0 + timedelta(hours=5)
    machine = Machine(settings(), T0)
    machine.handle(Reloaded(SETTINGS), later)
    assert ailment(machine, later + MINUTE) == ""


def test_evaluations_that_do_not_complete() -> None:
    """Nobody answers, or nobody even asks."""
    machine = Machine(SETTINGS, T0)
    assert "has completed no evaluation for 3 intervals" in ailment(machine, T0 + 4 * MINUTE)
    query = asked(machine, machine.groups["test.rules.yml;g"].next_slot)
    assert ailment(machine, query.slot + 2 * MINUTE) == ""
    assert "has completed no evaluation for 3 intervals" in ailment(machine, query.slot + 4 * MINUTE)


def test_evaluations_that_fail() -> None:
    """Three in a row of all rules of a group; one that works again heals it."""
    machine = Machine(SETTINGS, T0)
    for _ in range(3):
        query = asked(machine, machine.groups["test.rules.yml;g"].next_slot)
        assert ailment(machine, query.slot) == ""
        machine.handle(QueryFailed("Down", query.slot, Failure(FailureKind.TRANSIENT, "no route to host")), query.slot)
    assert ailment(machine, query.slot) == "no rule of group test.rules.yml;g can be evaluated: no route to host"
    query = asked(machine, machine.groups["test.rules.yml;g"].next_slot)
    machine.handle(QueryReturned("Down", query.slot, {}), query.slot)
    assert ailment(machine, query.slot) == ""


def test_a_notification_that_nobody_accepts() -> None:
    """For ten minutes."""
    slow = replace(SETTINGS, groups=(group(rule("Down"), interval="1h"),))
    machine = Machine(slow, T0)
    query = asked(machine, machine.groups["test.rules.yml;g"].next_slot)
    machine.handle(QueryReturned("Down", query.slot, series("Down")), query.slot)
    (row,) = (one.row for one in machine.handle(TimerFired(), query.slot) if isinstance(one, Deliver))
    machine.handle(DeliveryFailed(row.id, "no"), query.slot)
    assert ailment(machine, query.slot + 10 * MINUTE) == ""
    assert "a notification to ops/console[0] has waited since" in ailment(machine, query.slot + 11 * MINUTE)


@pytest.mark.realtime
async def test_it_beats_and_stops_and_beats(tmp_path: Path) -> None:
    """While the datasource answers; a URL that refuses it harms nothing."""
    async with Datasource() as datasource, Webhook() as webhook, LocalServer(Reply(500), Reply()) as outside:
        write_config(tmp_path, datasource.url, webhook.url, more=f"heartbeat: {{url: '{outside.url}', every: 100ms}}\n")
        write_rules(tmp_path, "Down: down", interval="200ms")
        datasource.answers = {"down": vector({"job": "a"})}
        async with living(tmp_path) as evaluator:
            service = evaluator.service
            await until(lambda: len(outside.requests) >= 3)
            datasource.instead = refusal(401, "", "token expired")
            await until(lambda: ailment(service.machine, service.now))
            await datasource.keeps_asked("down", 1)
            beats = len(outside.requests)
            await datasource.keeps_asked("down", 3)
            assert len(outside.requests) == beats
            datasource.instead = None
            await until(lambda: len(outside.requests) > beats)
