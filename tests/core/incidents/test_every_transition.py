"""Each transition of the incident machine by itself: from which state, by what, to which state, and with which clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.incident import clock_at
from evaluator.core.incidents.policy import AckTerms, Reaction, Repeat
from evaluator.core.incidents.records import Hold, IncidentState, Resolution
from evaluator.core.labels import Labels
from tests.core.incidents.ladder import Ladder, config, ladder, level
from tests.core.incidents.test_ladder import maintenance, severities
from tests.core.playbook import failure, moment, series

TRIGGERED, ACKED, SNOOZED, RESOLVED = IncidentState
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def stands(play: Ladder) -> tuple[IncidentState, int, int]:
    """State, climb, and the level that was told last."""
    return play.incident.state, play.incident.epoch, play.incident.level


def clock(play: Ladder, at: str) -> timedelta:
    """What the escalation clock shows."""
    return clock_at(play.incident, moment(at))


def test_01_the_first_alert_opens_and_the_first_level_is_told_with_it() -> None:
    play = Ladder().fires("0s").run("0s")
    assert stands(play) == (TRIGGERED, 1, 0)
    assert play.incident.opened_at == play.incident.level_at


def test_02_the_next_level_is_told_when_the_clock_shows_its_time() -> None:
    play = Ladder().fires("0s").run("4m59s")
    assert stands(play) == (TRIGGERED, 1, 0)
    assert stands(play.run("5m")) == (TRIGGERED, 1, 1)


def test_03_after_the_last_level_the_ladder_is_climbed_again_while_repeats_are_left() -> None:
    play = Ladder(config(ladder(repeat=Repeat(1, 10 * MINUTE)))).fires("0s").run("40m")
    assert (stands(play), clock(play, "40m")) == ((TRIGGERED, 2, 0), timedelta(0))


def test_04_when_no_repeat_is_left_it_is_exhausted_and_that_is_said_once_a_day() -> None:
    play = Ladder(config(ladder(repeat=Repeat(0, 10 * MINUTE)), interval="10m")).fires("0s").run("40m")
    assert (stands(play), play.incident.exhausted_at) == ((TRIGGERED, 1, 3), moment("40m"))
    play.run("1d40m")
    assert play.incident.exhausted_at == moment("1d40m")
    assert sum("exhausted" in line for line in play.story()) == 1


@pytest.mark.parametrize("before", [(), (("30s", Action.SNOOZE),)])
def test_05_an_acknowledgement_stops_the_clock_and_takes_back_what_is_not_sent(before: tuple[tuple[str, Action], ...]) -> None:
    play = Ladder().fires("0s")
    for when, action in before:
        play.acts(when, action, duration=HOUR)
    play.acts("1m", Action.ACK).run("50m")
    assert stands(play) == (ACKED, 1, 0)
    assert (play.incident.owner, clock(play, "50m")) == ("ana", 30 * timedelta(seconds=1) if before else MINUTE)
    assert len(play.pages()) == 1


def test_06_the_first_of_two_who_have_to_acknowledge_is_counted() -> None:
    play = Ladder(config(ladder(ack=AckTerms(by=2)))).fires("0s").acts("1m", Action.ACK).run("2m")
    assert (stands(play), play.incident.ackers) == ((TRIGGERED, 1, 0), ("ana",))
    assert clock(play, "2m") == 2 * MINUTE


def test_07_escalating_moves_the_clock_to_the_next_level_if_that_is_the_one_that_was_seen() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ESCALATE, level=0).acts("1m30s", Action.ESCALATE, level=0).run("2m")
    assert (stands(play), clock(play, "2m")) == ((TRIGGERED, 1, 1), 6 * MINUTE)


def test_08_escalating_what_is_acknowledged_goes_on_from_its_level() -> None:
    play = Ladder().fires("0s").acts("6m", Action.ACK).acts("8m", Action.ESCALATE).run("9m")
    assert (stands(play), clock(play, "9m")) == ((TRIGGERED, 1, 2), 16 * MINUTE)


@pytest.mark.parametrize("before", [(), (("30s", Action.ACK),)])
def test_09_what_is_put_off_waits_for_its_time(before: tuple[tuple[str, Action], ...]) -> None:
    play = Ladder().fires("0s")
    for when, action in before:
        play.acts(when, action)
    play.acts("1m", Action.SNOOZE, duration=HOUR).run("50m")
    assert (stands(play), play.incident.snoozed_until) == ((SNOOZED, 1, 0), moment("1h1m"))


def test_09_nobody_puts_it_off_for_longer_than_the_policy_allows() -> None:
    play = Ladder().fires("0s").acts("1m", Action.SNOOZE, duration=25 * HOUR).run("2m")
    assert stands(play) == (TRIGGERED, 1, 0)


@pytest.mark.parametrize(("terms", "unack", "at"), [({}, "10m", "10m"), ({"timeout": 20 * MINUTE}, None, "21m")])
def test_10_an_acknowledgement_that_is_over_begins_the_ladder_anew(
    terms: dict[str, timedelta], unack: str | None, at: str
) -> None:
    play = Ladder(config(ladder(ack=AckTerms(**terms)))).fires("0s").acts("1m", Action.ACK)
    if unack is not None:
        play.acts(unack, Action.UNACK)
    play.run(at)
    assert (stands(play), clock(play, at)) == ((TRIGGERED, 2, 0), timedelta(0))


def test_11_a_reminder_changes_nothing_but_that_it_was_sent() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK).run("51m")
    assert (stands(play), play.incident.reminded) == ((ACKED, 1, 0), True)
    assert play.pages()[-1] == "51m ana: reminder on-call"


@pytest.mark.parametrize("action", [Action.NOTE, Action.ACK])
def test_12_whoever_says_more_is_still_on_it(action: Action) -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK).acts("31m", action, text="on it").run("32m")
    assert (stands(play), play.incident.acked_until) == ((ACKED, 1, 0), moment("1h31m"))


@pytest.mark.parametrize(("action", "more"), [(Action.ACK, {}), (Action.SNOOZE, {"duration": HOUR})])
def test_13_what_becomes_worse_is_nobodys_again_and_takes_the_ladder_for_what_it_is(
    action: Action, more: dict[str, timedelta]
) -> None:
    play = severities().fires("0s", "Slow", severity="warning").acts("1m", action, **more).fires("5m").run("5m")
    assert (stands(play), play.incident.policy.name, play.incident.severity) == ((TRIGGERED, 2, 0), "ladder", "critical")


@pytest.mark.parametrize(
    ("reaction", "found"),
    [(Reaction.SILENT, (ACKED, 1)), (Reaction.NOTIFY_OWNER, (ACKED, 1)), (Reaction.REOPEN, (TRIGGERED, 2))],
)
def test_14_an_alert_that_joins_does_what_the_policy_says(reaction: Reaction, found: tuple[IncidentState, int]) -> None:
    play = Ladder(config(ladder(on_new_alert=reaction))).fires("0s", instance="a").acts("1m", Action.ACK)
    both = series("Down", component="api", severity="critical", instance="a")
    both |= series("Down", component="api", severity="critical", instance="b")
    play.at("3m", "Down", both).run("4m")
    assert (stands(play)[:2], len(play.incident.alerts)) == (found, 2)


def test_15_a_snooze_that_is_over_asks_first_and_begins_the_ladder_anew() -> None:
    play = Ladder().fires("0s").acts("1m", Action.SNOOZE, duration=10 * MINUTE).run("11m")
    assert (stands(play), clock(play, "11m")) == ((TRIGGERED, 2, 0), timedelta(0))


@pytest.mark.parametrize(("before", "state"), [((), TRIGGERED), ((("30s", Action.ACK),), ACKED)])
def test_16_assigning_changes_the_owner_and_nothing_else(before: tuple[tuple[str, Action], ...], state: IncidentState) -> None:
    play = Ladder().fires("0s")
    for when, action in before:
        play.acts(when, action)
    play.acts("1m", Action.ASSIGN, to="mia").run("2m")
    assert (stands(play), play.incident.owner) == ((state, 1, 0), "mia")
    assert play.pages()[-1] == "1m mia: notice on-call"


def test_17_a_hold_stops_the_clock_and_its_end_lets_it_go_on_after_a_question() -> None:
    play = Ladder().fires("0s").happens("2m", maintenance("2m", "20m")).run("10m")
    assert (play.incident.holds, clock(play, "10m")) == ((Hold.MAINTENANCE,), 2 * MINUTE)
    play.run("21m")
    assert (play.incident.holds, clock(play, "21m"), play.incident.recheck) == ((), 3 * MINUTE, True)
    assert stands(play.run("23m")) == (TRIGGERED, 1, 1)


def test_18_an_incident_is_over_with_its_last_alert() -> None:
    play = Ladder().fires("0s").ends("3m").run("1h")
    assert (stands(play), play.incident.resolution) == ((RESOLVED, 1, 0), Resolution.CONDITION)
    assert play.pages() == ["0s ana: page on-call", "3m ana: resolved on-call"]


def test_19_whoever_resolves_it_by_hand_ends_it_although_it_fires() -> None:
    play = Ladder().fires("0s").acts("1m", Action.RESOLVE).run("4h")
    assert (stands(play), play.incident.resolution) == ((RESOLVED, 1, 0), Resolution.MANUAL)
    play.run("4h1m")
    assert (stands(play), play.incident.number, play.incident.previous) == ((TRIGGERED, 1, 0), 2, 1)


def test_20_what_fires_again_soon_is_the_same_incident_in_another_climb() -> None:
    play = Ladder().fires("0s").ends("3m").fires("9m").run("9m")
    assert (stands(play), play.incident.number, play.incident.flaps) == ((TRIGGERED, 2, 0), 1, 1)


def test_21_a_rule_that_cannot_be_asked_resolves_nothing_and_stops_no_ladder() -> None:
    play = Ladder().fires("0s")
    play.at("2m", "Down", failure()).run("16m")
    assert stands(play) == (TRIGGERED, 1, 2)
    assert play.notices()[-1][1].confirmed_at == moment("1m")


def test_22_what_cannot_be_asked_for_days_is_given_up_and_not_counted() -> None:
    play = Ladder(config(ladder(auto_close=timedelta(days=1)), interval="10m")).fires("0s")
    play.at("20m", "Down", failure()).run("1d20m")
    record = play.machine.incidents.table[1]
    assert (record.state, record.resolution) == (RESOLVED, Resolution.STALE)


def test_23_a_policy_that_is_gone_stays_with_the_incident_and_that_is_said() -> None:
    other = config(ladder(level("only", "0s", "person:dan"), name="other"))
    play = Ladder().fires("0s").reload("2m", other).run("6m")
    assert (stands(play), play.incident.policy.name) == ((TRIGGERED, 1, 1), "ladder")
    assert any("is no longer in the configuration" in line for line in play.story())


def test_every_incident_is_known_by_labels_without_its_severity() -> None:
    play = Ladder().fires("0s").run("0s")
    assert play.incident.labels == Labels({"alertname": "Down", "component": "api"})
