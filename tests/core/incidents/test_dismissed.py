"""Resolved by hand although it fires: in no incident until it has ended once, or has gone on for hours."""

from __future__ import annotations

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.records import IncidentState, Resolution
from evaluator.core.labels import Labels
from tests.core.incidents.ladder import Ladder
from tests.core.playbook import series

FIRST = "0s ana: page on-call"
OVER = "2m ana: resolved on-call"


def told_by_hand(*later: tuple[str, str]) -> Ladder:
    """`Down` of one instance fires for good and is resolved by hand at 2m; afterwards so many instances fire, by time."""
    play = Ladder().fires("0s", instance="a").acts("2m", Action.RESOLVE)
    for when, instances in later:
        found = {}
        for instance in instances:
            found.update(series("Down", component="api", severity="critical", instance=instance))
        play.at(when, "Down", found)
    return play


def instances(play: Ladder, number: int) -> list[str]:
    """Of the alerts that an incident counts as its own."""
    record = play.machine.incidents.table[number]
    names = {alert.fingerprint: alert.labels for alert in play.machine.incidents.alerts_of(record)}
    return sorted(names.get(one, Labels()).get("instance", "gone") for one in record.alerts)


def test_another_alert_begins_the_incident_again_without_what_was_resolved() -> None:
    play = told_by_hand(("5m", "ab")).run("6m")
    assert play.pages() == [FIRST, OVER, "5m ana: page on-call"]
    assert instances(play, 1) == ["b"]
    assert not [line for line in play.story() if "joined" in line]


def test_the_incident_is_over_with_the_other_alert_and_what_was_resolved_begins_none() -> None:
    play = told_by_hand(("5m", "ab"), ("7m", "a")).run("3h")
    assert play.pages() == [FIRST, OVER, "5m ana: page on-call", "7m ana: resolved on-call"]
    assert play.incident.resolution is Resolution.CONDITION


def test_a_later_incident_about_another_alert_does_not_take_it_in_either() -> None:
    play = told_by_hand(("30m", "ab")).run("31m")
    assert (play.incident.number, play.incident.previous, instances(play, 2)) == (2, 1, ["b"])


def test_after_hours_it_joins_an_incident_that_is_open() -> None:
    play = told_by_hand(("3h55m", "ab")).acts("3h56m", Action.ACK, incident=2).run("4h3m")
    assert instances(play, 2) == ["a", "b"]
    assert play.story()[-1].startswith("4h2m paged")
    assert "4h2m joined Down" in play.story()


def test_what_has_ended_once_counts_again() -> None:
    play = told_by_hand(("5m", "ab"), ("7m", "b"), ("9m", "ab")).run("10m")
    assert instances(play, 1) == ["a", "b"]


def test_a_restart_knows_what_was_resolved_by_hand() -> None:
    play = told_by_hand(("5m", "ab")).run("6m").crash().run("20m")
    assert instances(play, 1) == ["b"]
    assert play.incident.state is IncidentState.TRIGGERED


def test_a_level_is_not_told_because_only_what_was_resolved_by_hand_still_fires() -> None:
    """The rule is asked again before the second level; only alerts of the incident count as an answer."""
    play = told_by_hand(("5m", "ab")).run("9m30s")
    play.at("9m40s", "Down", series("Down", component="api", severity="critical", instance="a"))
    play.run("11m")
    assert play.pages()[3:] == ["10m ana: resolved on-call"]
