"""Whether somebody was there: coverage of schedules, floods of pages, and rules that never speak."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.analytics.coverage import coverage
from evaluator.core.analytics.dead import DEAD, dead_rules
from evaluator.core.analytics.interruptions import floods
from evaluator.core.effects import Forget, Save
from evaluator.core.evaluation.firings import Firings
from evaluator.core.journal import Journal
from evaluator.core.oncall.oncall import Away, Override, Schedule
from evaluator.core.records import FiringRecord
from tests.core.analytics.incidents import MONDAY
from tests.core.incidents.ladder import always
from tests.core.playbook import rule

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def share(schedule: Schedule, away: tuple[Away, ...] = (), reachable: tuple[str, ...] = ("ana",)) -> float | None:
    """Of a day."""
    (one,) = coverage([schedule], MONDAY, MONDAY + DAY, {"ana": away}, lambda name: (), reachable)
    return one.share


def test_coverage_is_the_share_of_promised_time_in_which_somebody_reachable_is_on_call() -> None:
    assert share(always("ana")) == 1.0
    assert share(always("ana"), (Away(MONDAY, MONDAY + 6 * HOUR),)) == 0.75
    assert share(always("ana"), reachable=()) == 0.0


def test_what_people_changed_by_hand_counts() -> None:
    taken_off = Override(MONDAY, MONDAY + 12 * HOUR, "ana", "")
    (one,) = coverage([always("ana")], MONDAY, MONDAY + DAY, {}, lambda name: (taken_off,), ("ana",))
    assert (one.required, one.covered, one.share) == (DAY, 12 * HOUR, 0.5)


def test_eleven_pages_in_ten_minutes_are_a_flood_until_there_are_fewer_than_five() -> None:
    many = [MONDAY + number * 30 * timedelta(seconds=1) for number in range(20)]
    assert floods(many) == [many[10]]
    again = [at + HOUR for at in many]
    assert floods([*many, *again]) == [many[10], again[10]]
    assert floods([*many, *(at + 12 * MINUTE for at in many)]) == [many[10]]


@pytest.mark.parametrize("pages", [10, 9, 0])
def test_ten_pages_are_no_flood(pages: int) -> None:
    assert floods([MONDAY] * pages) == []


def test_a_rule_that_has_been_there_for_half_a_year_and_has_not_fired_is_dead() -> None:
    rules = [rule("Old"), rule("New"), rule("Fires"), rule("Once")]
    known = {
        "Old": FiringRecord("Old", MONDAY - DEAD),
        "New": FiringRecord("New", MONDAY - DAY),
        "Fires": FiringRecord("Fires", MONDAY - 2 * DEAD, MONDAY - DAY),
        "Once": FiringRecord("Once", MONDAY - 3 * DEAD, MONDAY - 2 * DEAD),
    }
    found = dead_rules(rules, known, MONDAY)
    assert [(one.name, one.ever) for one in found.rules] == [("Once", True), ("Old", False)]
    assert found.young == 1


def test_a_firing_is_remembered_to_the_day_and_for_as_long_as_the_rule_is_there() -> None:
    firings = Firings(Journal())
    firings.know(["a", "b"], MONDAY)
    firings.fired("a", MONDAY + HOUR)
    firings.fired("a", MONDAY + 2 * HOUR)
    firings.fired("gone", MONDAY)
    assert firings.table == {"a": FiringRecord("a", MONDAY, MONDAY + HOUR), "b": FiringRecord("b", MONDAY)}
    firings.know(["a"], MONDAY + DAY)
    firings.fired("a", MONDAY + 2 * DAY)
    assert firings.table == {"a": FiringRecord("a", MONDAY, MONDAY + 2 * DAY)}


def test_firings_are_kept_along_with_something_else() -> None:
    """A start, and a rule that is new, are not worth a commit of their own."""
    journal = Journal()
    firings = Firings(journal)
    firings.know(["a"], MONDAY)
    firings.ride_along()
    assert journal.close() == []
    journal.save(FiringRecord("other", MONDAY))
    firings.ride_along()
    assert Save(FiringRecord("a", MONDAY)) in journal.close()
    firings.know([], MONDAY)
    journal.save(FiringRecord("other", MONDAY))
    firings.ride_along()
    assert Forget(FiringRecord, ("a",)) in journal.close()
