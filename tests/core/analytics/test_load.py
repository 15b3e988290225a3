"""Who was disturbed, by what, and how tiring that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.fatigue import fatigue
from evaluator.core.analytics.interruptions import Part, interruptions, part_of
from evaluator.core.analytics.noise import loads, noise
from tests.core.analytics.incidents import MONDAY, case

MADRID, UTC_ZONE = ZoneInfo("Europe/Madrid"), ZoneInfo("UTC")
ZONES = {"ana": UTC_ZONE, "bo": MADRID}
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "clock", "part"),
    [
        (2, "09:00", Part.BUSINESS),
        (2, "17:59", Part.BUSINESS),
        (2, "18:00", Part.EVENING),
        (2, "07:00", Part.EVENING),
        (2, "22:59", Part.EVENING),
        (2, "23:00", Part.SLEEP),
        (3, "06:59", Part.SLEEP),
        (7, "12:00", Part.WEEKEND),
        (8, "22:00", Part.WEEKEND),
        (8, "03:00", Part.SLEEP),
    ],
)
def test_parts_of_the_week(day: int, clock: str, part: Part) -> None:
    """The 2nd is a Monday. Whoever is woken on a Sunday is woken."""
    hour, minute = map(int, clock.split(":"))
    assert part_of(datetime(2026, 3, day, hour, minute, tzinfo=UTC), UTC_ZONE) is part


def test_the_night_is_that_of_the_person() -> None:
    """22:30 UTC on the day after clocks changed is half past midnight in Madrid, and on the day before half past eleven."""
    assert part_of(datetime(2026, 3, 27, 21, 30, tzinfo=UTC), MADRID) is Part.EVENING
    assert part_of(datetime(2026, 3, 30, 21, 30, tzinfo=UTC), MADRID) is Part.SLEEP


def test_pages_within_five_minutes_are_one_interruption() -> None:
    """Counted from the page that interrupted, so a long trickle interrupts again and again."""
    told = [case(number, f"{at}m") for number, at in enumerate((0, 2, 4, 5, 9, 10))]
    (ana,) = interruptions(told, ZONES)
    assert (ana.pages, ana.total) == (6, 3)
    assert ana.parts == {Part.BUSINESS: 3}
    assert ana.hours == {(0, 10): 3}


def test_channels_are_nobody_and_those_who_bear_most_come_first() -> None:
    told = [case(1, whom=("bo", "slack:#ops")), case(2, "1h", whom=("bo",)), case(3, whom=("ana",))]
    assert [(one.person, one.total) for one in interruptions(told, ZONES)] == [("bo", 2), ("ana", 1)]


def test_noise_is_a_share_of_what_was_judged() -> None:
    told = [case(1, noise="useful"), case(2, noise="duplicate"), case(3, over="2m"), case(4, noise="poor_details")]
    found = noise(told)
    assert (found.labelled, found.noisy, found.transient) == (3, 2, 1)
    assert (found.share, found.coverage) == (2 / 3, 3 / 4)
    assert found.precision is None


def test_nobody_is_told_how_precise_a_rule_is_before_ten_have_judged() -> None:
    judged = [case(number, noise="useful") for number in range(10)]
    assert noise(judged[:9]).precision is None
    low, high = noise(judged).precision or (0, 0)
    assert (round(low, 2), high) == (0.72, 1.0)
    assert noise([]).share is None


def test_rules_by_what_they_cost() -> None:
    told = [case(1, rule="Slow"), case(2, rule="Down", whom=("ana", "bo")), case(3, rule="Down"), case(4, None, rule="Quiet")]
    found = loads(told)
    assert [(load.rule, load.incidents, load.pages, load.share) for load in found] == [
        ("Down", 2, 3, 0.75),
        ("Slow", 1, 1, 0.25),
        ("Quiet", 1, 0, 0.0),
    ]


def tired(told: list[Case], length: timedelta = DAY) -> tuple[float, ...]:
    """The parts of the score."""
    found = fatigue(told, interruptions(told, ZONES), length)
    assert found.score == pytest.approx(found.load + found.sleep + found.noise + found.concentration + found.flapping)
    return (found.load, found.sleep, found.noise, found.concentration, found.flapping)


def test_a_quiet_week_tires_nobody() -> None:
    assert tired([]) == (0, 0, 0, 0, 0)


def test_two_pages_in_each_shift_are_all_that_anybody_can_bear() -> None:
    """A day has two shifts: one page is a quarter of what is bearable, four are all, eight are no more."""
    for pages, points in ((1, 7.5), (4, 30), (8, 30)):
        assert tired([case(number, f"{number}h") for number in range(pages)])[0] == points


def test_parts_of_the_score_by_hand() -> None:
    """Two of four interruptions at night, one of two labels says noise, one of four incidents began again."""
    night = MONDAY + timedelta(hours=14)
    told = [
        case(1, noise="useful"),
        case(2, "1h", noise="duplicate"),
        case(3, at=night, flaps=2),
        case(4, "1h", at=night),
    ]
    assert tired(told) == (30, 12.5, 10, 0, 2.5)


def test_ten_rules_are_no_concentration_and_eleven_may_be() -> None:
    told = [case(number, f"{number}h", rule=f"rule {number}") for number in range(10)]
    assert tired(told)[3] == 0
    assert tired([*told, case(10, "10h", rule="rule 10")])[3] == pytest.approx(15 * 10 / 11)
