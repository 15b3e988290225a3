"""What alerts do by themselves: changes of mind, chatter, and what never ends."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.analytics.alerts import Restless, restless, still
from evaluator.core.analytics.flapping import turn_score
from evaluator.core.labels import Labels
from evaluator.core.records import State, Transition
from tests.core.analytics.incidents import MONDAY, after

DAY = timedelta(days=1)
DISK, NET = Labels({"alertname": "Disk"}), Labels({"alertname": "Net", "host": "a"})


def turns(labels: Labels, *instants: str, rule: str = "rule") -> list[Transition]:
    """It fires from the first instant on, is over with the second, and so on."""
    found = []
    for number, text in enumerate(instants):
        at, firing = after(text), number % 2 == 0
        states = (State.PENDING, State.FIRING) if firing else (State.FIRING, State.INACTIVE)
        found.append(Transition(at, rule, labels, *states, at, 1.0))
    return found


def of(*changes: Transition) -> Restless:
    """Of a day, whatever order they come in."""
    return restless(reversed(changes), (), MONDAY, MONDAY + DAY)


def test_an_alert_that_changes_its_mind_every_minute_flaps_and_has_its_score() -> None:
    minutes = [f"{minute}m" for minute in range(14)]
    found = of(*turns(DISK, *minutes), *turns(NET, "1h", "5h"))
    (worst,) = found.flapping
    assert (worst.labels, worst.began, worst.turns) == (DISK, 7, 14)
    assert worst.score == turn_score([after(text) for text in minutes], after(minutes[-1])) > 30


def test_the_worst_alert_counts_for_its_rule() -> None:
    found = of(*turns(DISK, *(f"{minute}m" for minute in range(14))), *turns(NET, "1h", "5h"))
    (rule,) = found.rules
    assert (rule.rule, rule.alerts, rule.began, rule.turns, rule.per_day) == ("rule", 2, 8, 16, 16.0)
    assert rule.score == found.flapping[0].score


def test_changes_that_are_far_apart_are_no_flapping() -> None:
    assert of(*turns(DISK, *(f"{hour}h" for hour in range(20)))).flapping == []


def test_pending_that_comes_to_nothing_is_no_change_of_mind() -> None:
    one = Transition(MONDAY, "rule", DISK, None, State.PENDING, MONDAY, 1.0)
    assert of(one).rules == []


def test_three_beginnings_within_a_minute_are_chatter() -> None:
    found = of(*turns(DISK, "0s", "10s", "30s", "40s", "1m"), *turns(NET, "0s", "10s", "30s", "40s", "1m1s"))
    assert [(one.labels, one.began) for one in found.chattering] == [(DISK, 3)]


def test_what_has_fired_for_more_than_a_day_is_stale_and_the_longest_comes_first() -> None:
    firing = [still("a", DISK, MONDAY), still("b", NET, MONDAY - DAY), still("c", NET, MONDAY + timedelta(seconds=1))]
    found = restless((), firing, MONDAY, MONDAY + DAY + timedelta(seconds=1))
    assert [one.rule for one in found.stale] == ["b", "a"]
