"""Pages that arrive where notifications do: they count there, and the first about each incident never waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.effects import Deliver
from evaluator.core.events import DeliveryFailed
from evaluator.core.incidents.policy import ProfileStep
from evaluator.core.incidents.records import PageKind
from evaluator.core.labels import Labels
from evaluator.core.notifying.pacing import LONGEST_HOLD
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.oncall.people import Person
from evaluator.core.receivers import Destination, Integration, Receiver
from evaluator.core.records import OutboxRecord
from evaluator.core.settings import ConsoleSettings
from tests.core.incidents.ladder import PEOPLE, UTC_ZONE, Ladder, config, duty, ladder, ladders, level
from tests.core.playbook import NOTHING, moment, route, series

HOOK = Destination("hook", "hook")
LIMIT = RateLimit(6, timedelta(minutes=1), burst=2)
ANA, OPS = "person:ana/webhook", "ops/console[0]"


def one(limit: RateLimit | None, way: str = "", where: Destination | None = HOOK) -> Integration:
    return Integration("console", 0, True, ConsoleSettings(), limit, way, where)


def play(size: int, until: str = "20m", receiver_is_there: bool = True) -> Ladder:
    """So many incidents at once, each told to ana and, as a notification, to ops; both are told through one webhook."""
    root = replace(route(by=["instance"], wait="0s"), escalation="ladder")
    contacts = tuple(Receiver(f"person:{key}", (one(None, "webhook", HOOK if key == "ana" else None),)) for key in PEOPLE)
    ways = {"page": (ProfileStep(timedelta(0), ("webhook",)),)}
    reached = ladders(ladder(level("on-call", "0s", "person:ana")), contacts=contacts, profiles=ways)
    people = [Person(key, key, UTC_ZONE, contacts={"webhook": key}) for key in PEOPLE]
    ops = Receiver("ops", (one(LIMIT, where=HOOK if receiver_is_there else None),))
    found = Ladder(replace(config(root=root, duty=duty(people)), ladders=reached, receivers=(ops,)))
    firing: dict[Labels, object] = {}
    for number in range(size):
        firing.update(series("Down", component="api", severity="critical", instance=str(number)))
    found.at("0s", "Down", firing)  # type: ignore[arg-type]
    found.at(until, "Down", NOTHING)
    return found


def sent(found: Ladder, integration: str, kind: PageKind | None = None) -> list[timedelta]:
    """When something went out by an integration."""
    rows = [(at - moment("0s"), effect.row) for at, effect in found.effects if isinstance(effect, Deliver)]
    return [at for at, row in rows if row.integration == integration and (kind is None or _kind(row) is kind)]


def _kind(row: OutboxRecord) -> PageKind | None:
    return row.notification.incident.kind if row.notification.incident is not None else None


def _rate(times: Iterable[timedelta]) -> bool:
    """Whether the bucket allows all of these."""
    ordered = sorted(times)
    return all(
        last - first + 1 <= LIMIT.burst + (ordered[last] - ordered[first]) / LIMIT.gap
        for first in range(len(ordered))
        for last in range(first, len(ordered))
    )


def test_the_first_page_of_each_incident_goes_at_once_and_notifications_wait_for_it() -> None:
    found = play(5).run("10m")
    assert sent(found, ANA, PageKind.PAGE) == [timedelta(0)] * 5
    assert sent(found, OPS)[-1] > 3 * LIMIT.gap
    assert found.machine.dispatch.outbox == []


def test_what_pages_take_in_advance_has_an_end() -> None:
    """However many pages there are, notifications wait for a minute and not for a quarter of an hour."""
    found = play(15).run("10m")
    assert sent(found, OPS)[-1] <= LIMIT.per + LIMIT.gap


def test_ends_wait_for_their_turn_beside_notifications_and_none_is_lost() -> None:
    found = play(8).run("2h")
    ends = sent(found, ANA, PageKind.RESOLVED)
    assert len(ends) == 8
    assert _rate([*ends, *(at for at in sent(found, OPS) if at >= timedelta(minutes=20))])
    assert found.machine.dispatch.outbox == []


def test_a_person_who_is_told_where_nothing_else_is_does_not_wait() -> None:
    found = play(8, receiver_is_there=False).run("2h")
    assert sent(found, ANA, PageKind.RESOLVED) == [timedelta(minutes=20)] * 8


def test_a_page_is_tried_again_within_minutes_whatever_the_service_asks_for() -> None:
    found = play(1)
    day = DeliveryFailed("", "429 Too Many Requests", retry_after=86_400.0)
    attempts: set[datetime] = set()

    def refuse(effect: Deliver, now: datetime) -> object:
        if effect.row.integration == ANA:
            attempts.add(now)
        return replace(day, outbox=effect.row.id)

    found._delivery = refuse  # type: ignore[assignment,method-assign]
    found.run("11m")
    assert [at - moment("0s") for at in sorted(attempts)] == [0 * LONGEST_HOLD, LONGEST_HOLD, 2 * LONGEST_HOLD]
