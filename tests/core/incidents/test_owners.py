"""Components that people own, and components that a rotation owns."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import Component, Ladders, Level, Target, TargetKind
from evaluator.core.incidents.reach import Directory
from evaluator.core.oncall.oncall import Away, Override, Schedule
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.oncall.rotations import Layer, Unit
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from tests.core.incidents.ladder import Ladder

ZONE = ZoneInfo("UTC")
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
ROTATION = Schedule("platform", ZONE, (Layer(("pat", "kim"), 1, Unit.WEEK, date(2026, 3, 2), time(0)),))
PEOPLE = tuple(
    Person(key, key, ZONE, away=(Away(MONDAY, MONDAY + WEEK),) if key == "ana" else ()) for key in ("ana", "pat", "kim")
)
CONTACTS = tuple(
    Receiver(f"person:{person.key}", (Integration("console", 0, True, ConsoleSettings(), way="sms"),)) for person in PEOPLE
)
LADDERS = Ladders(
    components={
        "api": Component("api", owner="ana", backup="schedule:platform"),
        "ledger": Component("ledger", owner="schedule:platform", backup="ana"),
        "gone": Component("gone", owner="schedule:nothing"),
    },
    contacts=CONTACTS,
)


def told(component: str, role: str, at: datetime, made: tuple[Override, ...] = ()) -> tuple[str, ...]:
    """Whom a level tells that names this role."""
    directory = Directory(Duty(PEOPLE, (ROTATION,)), LADDERS, (), lambda name: made if name == "platform" else ())
    level = Level("owner", timedelta(0), (Target(TargetKind.COMPONENT, role),))
    return directory.reach(level, component, at).people


@pytest.mark.parametrize(
    ("component", "role", "at", "expected"),
    [
        ("ledger", "owner", MONDAY, ("pat",)),
        ("ledger", "owner", MONDAY + WEEK, ("kim",)),
        ("api", "backup", MONDAY, ("pat",)),
        ("api", "owner", MONDAY, ()),
        ("api", "owner", MONDAY + WEEK, ("ana",)),
        ("gone", "owner", MONDAY, ()),
        ("unknown", "owner", MONDAY, ()),
    ],
)
def test_an_owner_is_a_person_or_whoever_is_on_call_then(
    component: str, role: str, at: datetime, expected: tuple[str, ...]
) -> None:
    assert told(component, role, at) == expected


def test_overrides_that_people_made_count_for_owners_too() -> None:
    assert told("ledger", "owner", MONDAY, (Override(MONDAY, MONDAY + WEEK, "pat", "kim"),)) == ("kim",)


def test_messages_call_people_by_their_names_and_programs_by_their_keys() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ASSIGN, "ana", to="bo").run("2m")
    notice = play.notices()[-1][1]
    assert (notice.whom, notice.owner, notice.component_owner) == ("bo", "bo", "ana")
    assert [notice.called(key) for key in ("bo", "ana", "somebody")] == ["Bo", "Ana", "somebody"]
