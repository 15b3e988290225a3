"""Everything about a stretch of time."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from evaluator.core.analytics.cases import Case
from evaluator.core.analytics.summary import Summary, summarize
from evaluator.core.incidents.records import Happening, Resolution
from tests.core.analytics.incidents import MONDAY, after, case, moment

DAY = timedelta(days=1)
ZONES = {"ana": ZoneInfo("UTC")}


def summed(*told: Case) -> Summary:
    """Of a day."""
    return summarize(told, MONDAY, MONDAY + DAY, ZONES)


def test_a_stretch_begins_with_its_first_instant_and_ends_before_its_last() -> None:
    found = summed(case(1), case(2, at=MONDAY - timedelta(microseconds=1)), case(3, at=MONDAY + DAY))
    assert (found.incidents, found.excluded) == (1, 0)


def test_what_was_never_acknowledged_stands_beside_the_mean() -> None:
    """One of three pages was never answered; the fourth incident paged nobody, so nobody could answer."""
    found = summed(case(1, acked="2m"), case(2, acked="4m"), case(3), case(4, paged=None))
    times = found.acknowledge
    assert (times.n, times.never, times.excluded) == (2, 1, 1)
    assert times.mean == timedelta(minutes=3)
    assert [one.number for one in found.unacknowledged] == [3]


def test_what_is_still_open_is_no_time_to_resolve_and_not_forgotten() -> None:
    by_hand = case(3, over="1m", resolution=Resolution.MANUAL)
    stale = case(4, over="1m", resolution=Resolution.STALE)
    found = summed(case(1, over="30m"), case(2), by_hand, stale)
    times = found.resolve
    assert (times.n, times.never, times.excluded, times.median) == (1, 1, 1, timedelta(minutes=30))
    assert (found.incidents, found.excluded) == (3, 1)


def test_who_was_woken_for_what_grew_stale_was_woken() -> None:
    found = summed(case(1, over="1h", resolution=Resolution.STALE))
    assert found.incidents == 0
    assert [(one.person, one.total) for one in found.people] == [("ana", 1)]


def test_levels_climbs_and_flapping_are_counted() -> None:
    told = [moment(1, after("5m"), Happening.LEVEL, level=1)]
    found = summed(case(1, acked="6m", moments=told), case(2, epoch=2, flaps=1))
    assert (found.escalated, found.again, found.by_level) == (1, 1, {0: 1})
    assert [one.number for one in found.flapping] == [2]


def test_nothing_happened() -> None:
    found = summed()
    assert (found.incidents, found.acknowledge.n, found.fatigue.score, found.rules, found.people) == (0, 0, 0, [], [])
