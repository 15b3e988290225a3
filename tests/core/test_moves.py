"""Who moves when a rotation changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.oncall.moves import Move, moves
from evaluator.core.oncall.oncall import Away, Schedule, on_call
from evaluator.core.oncall.people import Duty, Person
from evaluator.core.oncall.rotations import Layer, Unit

ZONE = ZoneInfo("Europe/Madrid")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def duty(*rotation: str, away: tuple[Away, ...] = (), name: str = "primary") -> Duty:
    """A schedule of weeks from Monday at nine."""
    people = tuple(Person(key, key, ZONE, away=away if key == "ana" else ()) for key in ("ana", "bo", "mia"))
    layer = Layer(rotation, 1, Unit.WEEK, date(2026, 1, 5), datetime(2026, 1, 5, 9).time(), 0)  # noqa: DTZ001
    return Duty(people, (Schedule(name, ZONE, (layer,)),))


def told(before: Duty, after: Duty, weeks: int = 4) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """The day of the year on which each move begins, and who is replaced by whom."""
    found = moves(before, after, START, START + weeks * WEEK)
    return [(move.start.timetuple().tm_yday, move.before, move.after) for move in found]


def test_nothing_moves_when_nothing_changes() -> None:
    assert told(duty("ana", "bo"), duty("ana", "bo")) == []


def test_whoever_is_added_moves_those_that_come_after() -> None:
    """The eighth week and those that follow: ana, bo, ana, bo becomes mia, ana, bo, mia."""
    assert told(duty("ana", "bo"), duty("ana", "bo", "mia")) == [
        (61, ("ana",), ("mia",)),
        (68, ("bo",), ("ana",)),
        (75, ("ana",), ("bo",)),
        (82, ("bo",), ("mia",)),
    ]


def test_an_absence_moves_somebody_for_as_long_as_it_lasts() -> None:
    away = (Away(START + timedelta(days=1), START + timedelta(days=2)),)
    (move,) = moves(duty("ana", "bo"), duty("ana", "bo", away=away), START, START + WEEK)
    assert move == Move("primary", away[0].start, away[0].end, ("ana",), ())


def test_a_schedule_that_comes_or_goes_is_a_move_too() -> None:
    assert told(Duty(), duty("ana"), weeks=1) == [(61, (), ("ana",))]
    assert told(duty("ana"), Duty(), weeks=1) == [(61, ("ana",), ())]
    assert {move.schedule for move in moves(duty("ana"), duty("ana", name="other"), START, START + WEEK)} == {
        "primary",
        "other",
    }


rotations = st.lists(st.sampled_from(["ana", "bo", "mia"]), min_size=1, max_size=4).map(lambda names: duty(*names))


@given(rotations, rotations, st.integers(0, 8 * 7 * 24))
def test_moves_are_exactly_when_others_are_on_call(before: Duty, after: Duty, hours: int) -> None:
    """At any hour of eight weeks."""
    at = START + timedelta(hours=hours)
    old, new = (on_call(one.schedules[0], at, one.absences).people for one in (before, after))
    found = [move for move in moves(before, after, START, START + 9 * WEEK) if move.start <= at < move.end]
    assert [(move.before, move.after) for move in found] == ([] if old == new else [(old, new)])


@given(rotations, rotations)
def test_the_way_back_is_the_same_way(before: Duty, after: Duty) -> None:
    back = [replace(move, before=move.after, after=move.before) for move in moves(after, before, START, START + 8 * WEEK)]
    assert list(moves(before, after, START, START + 8 * WEEK)) == back
