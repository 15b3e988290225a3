"""A ladder of four levels, from the first page to the last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.events import MaintenanceEnded, MaintenanceSet, SilenceSet
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import AckTerms, IfNobody, OnResolve, ProfileStep, Reaction, Repeat
from evaluator.core.incidents.records import Happening, Hold, IncidentState, MaintenanceRecord, Resolution
from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence
from evaluator.core.oncall.oncall import Away
from evaluator.core.oncall.people import Person
from tests.core.incidents.ladder import (
    SLACK,
    SMS,
    UTC_ZONE,
    Ladder,
    always,
    config,
    contact,
    duty,
    ladder,
    ladders,
    level,
)
from tests.core.playbook import T0, failure, moment, route

NEVER = [
    "1m ana: page on-call",
    "6m bo: page backup",
    "16m mia: page manager",
    "31m dan: page director",
]
TEN = timedelta(minutes=10)


# -- up the ladder ----------------------------------------------------------------------------------------------------


def test_every_level_is_told_when_it_is_due() -> None:
    assert Ladder().fires("1m").run("1h").pages() == NEVER


def test_when_nobody_is_left_that_is_said_to_the_owner_and_again_every_day() -> None:
    play = Ladder(config(interval="10m")).fires("10m").run("49h11m")
    assert play.pages()[4:] == ["1h10m ana: notice director", "1d1h10m ana: notice director", "2d1h10m ana: notice director"]
    assert sum("exhausted" in line for line in play.story()) == 1


def test_the_ladder_is_climbed_again() -> None:
    play = Ladder(config(ladder(repeat=Repeat(1, TEN)))).fires("0s").run("1h25m")
    assert play.pages() == [
        "0s ana: page on-call",
        "5m bo: page backup",
        "15m mia: page manager",
        "30m dan: page director",
        "40m ana: page on-call",
        "45m bo: page backup",
        "55m mia: page manager",
        "1h10m dan: page director",
        "1h20m ana: notice director",
    ]
    assert play.incident.epoch == 2
    assert play.incident.exhausted_at == moment("1h20m")


def test_who_was_told_is_told_that_it_is_over_and_nobody_else() -> None:
    play = Ladder().fires("1m").ends("8m").run("1h")
    assert play.pages() == [*NEVER[:2], "8m ana: resolved backup", "8m bo: resolved backup"]
    assert play.incident.resolution is Resolution.CONDITION


@pytest.mark.parametrize(
    ("wanted", "told"),
    [(OnResolve.NONE, []), (OnResolve.NOTIFIED, ["ana"]), (OnResolve.ALL, ["ana", "bo", "mia", "dan"])],
)
def test_who_hears_of_the_end(wanted: OnResolve, told: list[str]) -> None:
    play = Ladder(config(ladder(on_resolve=wanted))).fires("1m").ends("3m").run("1h")
    assert play.pages() == ["1m ana: page on-call", *(f"3m {one}: resolved on-call" for one in told)]


# -- nobody ------------------------------------------------------------------------------------------------------------


def test_a_level_that_reaches_nobody_does_not_eat_its_delay() -> None:
    """The next one fires at once, and the clock goes on from there."""
    play = Ladder(config(duty=duty(schedule=always()))).fires("0s").run("26m")
    assert play.pages() == ["0s bo: page backup", "10m mia: page manager", "25m dan: page director"]
    assert "0s skipped on-call: schedule:primary is nobody" in play.story()
    assert [one.level for one in play.moments() if one.what is Happening.LEVEL] == [1, 2, 3]


def test_a_policy_may_rather_wait() -> None:
    play = Ladder(config(ladder(if_nobody=IfNobody.WAIT), duty=duty(schedule=always()))).fires("0s").run("6m")
    assert play.pages() == ["5m bo: page backup"]


def test_whoever_is_away_is_not_called() -> None:
    away = Person("mia", "Mia", UTC_ZONE, contacts={SMS: "+1"}, away=(Away(T0, T0 + timedelta(days=1)),))
    play = Ladder(config(duty=duty([away]))).fires("0s").run("31m")
    assert play.pages() == ["0s ana: page on-call", "5m bo: page backup", "15m dan: page director"]


def test_a_person_without_a_usable_contact_is_nobody() -> None:
    contacts = (contact("ana", SMS), contact("bo", SLACK), contact("mia", SMS))
    wanted = replace(ladders(), contacts=contacts)
    play = Ladder(config(ladders=wanted)).fires("0s").run("20m")
    assert play.pages() == ["0s ana: page on-call", "5m mia: page manager"]
    assert "5m skipped backup: bo has no contact that can be used" in play.story()


def test_a_level_whose_pages_are_all_refused_for_good_is_an_empty_one() -> None:
    play = Ladder().fires("0s")
    play.receiver_fails("0s", "person:ana/sms", permanent=True).run("1m")
    assert play.pages() == ["0s ana: page on-call", "0s bo: page backup"]


def test_a_page_that_is_not_accepted_is_tried_again_until_somebody_acknowledges() -> None:
    play = Ladder().fires("0s")
    play.receiver_fails("0s", "person:ana/sms").receiver_works("2m", "person:ana/sms")
    play.receiver_fails("2m30s", "person:bo/sms")
    play.acts("6m", Action.ACK, "ana").run("50m")
    tries = {whom: [at for at, notice in play.notices() if notice.whom == whom] for whom in ("ana", "bo")}
    assert len(tries["ana"]) > 3
    assert timedelta(minutes=2) <= tries["ana"][-1] < timedelta(minutes=4)
    assert timedelta(minutes=5) == tries["bo"][0] <= tries["bo"][-1] <= timedelta(minutes=6)


# -- acknowledging -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "told"), [("2m", 1), ("7m", 2), ("20m", 3), ("35m", 4)])
def test_an_acknowledgement_stops_the_ladder(when: str, told: int) -> None:
    play = Ladder().fires("1m").acts(when, Action.ACK, "ana").run("50m")
    assert play.pages() == NEVER[:told]
    assert (play.incident.state, play.incident.owner) == (IncidentState.ACKED, "ana")


def test_an_acknowledgement_runs_out_after_a_reminder() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").run("1h7m")
    assert play.pages() == [
        "0s ana: page on-call",
        "51m ana: reminder on-call",
        "1h1m ana: page on-call",
        "1h6m bo: page backup",
    ]
    assert play.incident.epoch == 2


def test_a_note_of_the_owner_keeps_the_acknowledgement_alive() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("40m", Action.NOTE, "ana", text="on it").run("1h35m")
    assert play.pages() == ["0s ana: page on-call", "1h30m ana: reminder on-call"]


def test_a_second_acknowledgement_keeps_it_alive_and_the_owner() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("50m", Action.ACK, "bo").run("1h35m")
    assert play.pages() == ["0s ana: page on-call"]
    assert (play.incident.owner, play.incident.ackers) == ("ana", ("ana", "bo"))


def test_an_acknowledgement_may_last_as_long_as_is_said() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", duration=timedelta(hours=4)).run("3h")
    assert play.pages() == ["0s ana: page on-call"]


def test_an_acknowledgement_by_a_link_alone_is_weak() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", via="link").run("17m")
    assert play.pages() == ["0s ana: page on-call", "6m ana: reminder on-call", "16m ana: page on-call"]


def test_a_link_that_is_followed_again_later_is_somebody() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", via="link").acts("3m", Action.ACK, "ana", via="link").run("30m")
    assert play.pages() == ["0s ana: page on-call"]


def test_two_people_have_to_acknowledge() -> None:
    """Until then only who has is left alone."""
    step = (ProfileStep(timedelta(0), (SMS,)), ProfileStep(timedelta(minutes=3), (SMS,)))
    wanted = ladders(ladder(ack=AckTerms(by=2)), profiles={"page": step})
    play = Ladder(config(ladders=wanted)).fires("0s").acts("1m", Action.ACK, "ana").acts("9m", Action.ACK, "bo").run("40m")
    assert play.pages() == ["0s ana: page on-call", "5m bo: page backup", "8m bo: page backup"]
    assert play.incident.state is IncidentState.ACKED


def test_taking_an_acknowledgement_back_starts_the_ladder_again() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("20m", Action.UNACK, "ana").run("26m")
    assert play.pages() == ["0s ana: page on-call", "20m ana: page on-call", "25m bo: page backup"]


# -- other things that people do ---------------------------------------------------------------------------------------


def test_a_snooze_ends_with_a_question_and_the_ladder() -> None:
    play = Ladder().fires("0s").acts("1m", Action.SNOOZE, "ana", duration=timedelta(hours=1)).run("1h7m")
    assert play.pages() == ["0s ana: page on-call", "1h1m ana: page on-call", "1h6m bo: page backup"]


def test_what_ends_while_it_is_snoozed_wakes_nobody() -> None:
    play = Ladder().fires("0s").ends("30m").acts("1m", Action.SNOOZE, "ana", duration=timedelta(hours=1)).run("2h")
    assert play.pages() == ["0s ana: page on-call", "30m ana: resolved on-call"]


def test_escalating_by_hand_fires_the_next_level_at_once_and_the_clock_goes_on_from_it() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ESCALATE, "ana", level=0).run("27m")
    assert play.pages() == ["0s ana: page on-call", "1m bo: page backup", "11m mia: page manager", "26m dan: page director"]


def test_pressing_escalate_twice_escalates_once() -> None:
    play = Ladder().fires("0s")
    play.acts("1m", Action.ESCALATE, "ana", level=0).acts("1m", Action.ESCALATE, "ana", level=0).run("2m")
    assert play.pages() == ["0s ana: page on-call", "1m bo: page backup"]


def test_whoever_has_acknowledged_can_still_escalate() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("2m", Action.ESCALATE, "ana").run("13m")
    assert play.pages() == ["0s ana: page on-call", "2m bo: page backup", "12m mia: page manager"]


def test_assigning_tells_whom_it_is_assigned_to_and_the_ladder_goes_on() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ASSIGN, "ana", to="dan").run("6m")
    assert play.pages() == ["0s ana: page on-call", "1m dan: notice on-call", "5m bo: page backup"]


def test_what_is_resolved_by_hand_is_over_until_it_has_ended_once() -> None:
    play = Ladder().fires("0s").ends("30m").fires("50m").acts("2m", Action.RESOLVE, "ana").run("51m")
    assert play.pages() == ["0s ana: page on-call", "2m ana: resolved on-call", "50m ana: page on-call"]
    assert (play.incident.number, play.incident.previous) == (2, 1)


def test_what_is_resolved_by_hand_and_fires_on_for_hours_is_an_incident_again() -> None:
    play = Ladder().fires("0s").acts("2m", Action.RESOLVE, "ana").run("4h3m")
    assert play.pages() == ["0s ana: page on-call", "2m ana: resolved on-call", "4h2m ana: page on-call"]


# -- what alerts do ----------------------------------------------------------------------------------------------------


def test_what_fires_again_soon_is_the_same_incident() -> None:
    play = Ladder().fires("0s").ends("4m").fires("8m").run("14m")
    assert play.pages() == [
        "0s ana: page on-call",
        "4m ana: resolved on-call",
        "8m ana: page on-call",
        "13m bo: page backup",
    ]
    assert (play.incident.number, play.incident.flaps, play.incident.epoch) == (1, 1, 2)


def test_what_fires_again_later_is_another_incident() -> None:
    play = Ladder().fires("0s").ends("4m").fires("30m").run("31m")
    assert (play.incident.number, play.incident.previous) == (2, 1)


def severities(**terms: object) -> Ladder:
    """Warnings climb another ladder than what is critical; both are one incident."""
    root = replace(
        route(by=["component"], wait="0s"),
        routes=(
            replace(
                route(by=["component"], wait="0s"),
                key='{}/{severity="critical"}',
                id='{}/{severity="critical"}',
                matchers=(Matcher("severity", "critical"),),
                escalation="ladder",
            ),
            replace(
                route(by=["component"], wait="0s"),
                key='{}/{severity="warning"}',
                id='{}/{severity="warning"}',
                matchers=(Matcher("severity", "warning"),),
                escalation="daytime",
            ),
        ),
    )
    day = ladder(level("day", "0s", "component:owner"), name="daytime")
    return Ladder(config(ladder(**terms), day, root=root))


def test_a_warning_that_becomes_critical_reopens_what_somebody_has_acknowledged() -> None:
    play = severities().fires("0s", "Slow", "warning").acts("1m", Action.ACK, "bo").fires("10m").run("16m")
    assert play.pages() == ["0s ana: page day", "10m ana: page on-call", "15m bo: page backup"]
    assert (play.incident.number, play.incident.severity, play.incident.policy.name) == (1, "critical", "ladder")


def test_a_severity_that_rises_may_only_be_said() -> None:
    play = severities(on_severity_increase=Reaction.NOTIFY_OWNER)
    play.fires("0s", "Slow", "warning").acts("1m", Action.ACK, "bo").fires("10m").run("16m")
    assert play.pages() == ["0s ana: page day", "10m bo: notice on-call"]


def test_a_severity_that_falls_and_rises_again_disturbs_nobody() -> None:
    play = severities().fires("0s", "Slow", "warning").fires("0s").acts("3m", Action.ACK, "bo")
    play.ends("10m").fires("20m").run("40m")
    assert [line for line in play.pages() if "m ana" in line or "m mia" in line] == []


@pytest.mark.parametrize(
    ("reaction", "told"),
    [
        (Reaction.SILENT, []),
        (Reaction.NOTIFY_OWNER, ["10m ana: notice on-call"]),
        (Reaction.REOPEN, ["10m ana: page on-call", "15m bo: page backup"]),
    ],
)
def test_another_alert_joins_what_somebody_works_on(reaction: Reaction, told: list[str]) -> None:
    root = replace(route(by=["component"], wait="0s"), escalation="ladder")
    play = Ladder(config(ladder(on_new_alert=reaction), root=root)).fires("0s", "Slow").acts("1m", Action.ACK, "ana")
    play.fires("10m").run("16m")
    assert play.pages() == ["0s ana: page on-call", *told]


# -- holding -----------------------------------------------------------------------------------------------------------


def maintenance(start: str, end: str) -> MaintenanceSet:
    """Somebody works on everything."""
    return MaintenanceSet(MaintenanceRecord("m", (), moment(start), moment(end), "ana", "database"))


def test_maintenance_stops_the_clock_and_its_end_lets_it_go_on() -> None:
    play = Ladder().fires("0s")
    play.happens("3m", maintenance("3m", "20m"))
    play.run("33m")
    assert play.pages() == ["0s ana: page on-call", "22m bo: page backup", "32m mia: page manager"]
    assert [line for line in play.story() if "maintenance" in line] == ["3m held maintenance", "20m resumed maintenance"]


def test_what_begins_during_maintenance_is_seen_and_nobody_is_called_before_its_end() -> None:
    play = Ladder().fires("5m")
    play.happens("0s", maintenance("1m", "30m"))
    play.happens("20m", MaintenanceEnded("m"))
    play.run("10m")
    assert (play.incident.state, play.incident.holds) == (IncidentState.TRIGGERED, (Hold.MAINTENANCE,))
    play.run("26m")
    assert play.pages() == ["20m ana: page on-call", "25m bo: page backup"]


def test_a_silence_holds_the_ladder_at_once() -> None:
    play = Ladder().fires("0s")
    silence = Silence(((Matcher("alertname", "Down"),),), moment("2m"), moment("30m"), "ana", "x")
    play.happens("2m", SilenceSet(silence, "s"))
    play.run("34m")
    assert play.pages() == ["0s ana: page on-call", "33m bo: page backup"]


# -- asking again ------------------------------------------------------------------------------------------------------


def test_nobody_else_is_called_for_what_the_newest_answer_does_not_show() -> None:
    """The rule's own slot is a minute away; it is over by then."""
    root = replace(route(by=["alertname"], wait="30s"), escalation="ladder")
    play = Ladder(config(root=root)).fires("0s").ends("5m15s").run("20m")
    assert play.pages() == ["30s ana: page on-call", "6m ana: resolved on-call"]
    assert [line for line in play.story() if "asked" in line]


def test_a_question_that_fails_stops_nobody() -> None:
    play = Ladder().fires("0s").at("3m", "Down", failure())
    play.run("31m")
    assert play.pages(1) == [
        "0s ana: page on-call",
        "5m bo: page backup",
        "15m mia: page manager",
        "30m dan: page director",
    ]
    assert [notice.confirmed_at for _, notice in play.notices()] == [None, *[moment("2m")] * 3]


# -- being down --------------------------------------------------------------------------------------------------------


def test_after_an_outage_late_levels_come_in_order_with_a_gap() -> None:
    play = Ladder().fires("0s").run("2m")
    play.crash(after="38m").run("45m")
    assert play.pages() == [
        "0s ana: page on-call",
        "40m5s bo: page backup",
        "41m5s mia: page manager",
        "42m5s dan: page director",
    ]
    late = [notice.late - timedelta(seconds=5) for _, notice in play.notices()[1:]]
    assert late == [timedelta(minutes=35), timedelta(minutes=26), timedelta(minutes=12)]


def test_a_restart_at_once_changes_nothing() -> None:
    play = Ladder().fires("1m").run("7m").crash().run("1h")
    assert play.pages() == NEVER


def test_a_reload_in_the_middle_keeps_the_ladder_that_was_begun() -> None:
    other = config(ladder(level("only", "0s", "person:dan")))
    play = Ladder().fires("1m").reload("7m", other).run("1h")
    assert play.pages() == NEVER
    assert any('the policy "ladder" has changed' in line for line in play.story())


def test_a_reload_that_takes_a_change_back_says_that_the_ladder_is_the_old_one_again() -> None:
    play = Ladder().fires("1m")
    play.reload("3m", config(ladder(level("only", "0s", "person:dan"))))
    play.reload("4m", config()).run("5m")
    assert [line for line in play.story() if "the policy" in line] == [
        '3m policy the policy "ladder" has changed; this incident keeps the one that it was opened with',
        '4m policy the policy "ladder" is again the one that this incident was opened with',
    ]


@pytest.mark.parametrize(("named", "chased"), [(None, True), ("", False), ("ladder", True)])
def test_a_components_own_ladder_is_for_routes_that_say_nothing_of_ladders(named: str | None, chased: bool) -> None:
    own = ladders()
    own = replace(own, components={"api": replace(own.components["api"], escalation="ladder")})
    root = replace(route(by=["component"], wait="0s"), escalation=named)
    play = Ladder(config(root=root, ladders=own)).fires("0s").run("1m")
    assert bool(play.machine.incidents.table) is chased


def test_an_incident_is_called_by_its_alerts_and_by_what_sets_it_apart() -> None:
    play = Ladder().fires("0s").run("1m")
    assert play.incident.title == "Down api"
