"""Where several things meet: a page that is late, a second person, a channel that refuses, an end that comes again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.records import IncidentState
from evaluator.core.people import Duty
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from tests.core.incidents.ladder import FOUR, PEOPLE, SLACK, SMS, Ladder, always, config, contact, duty, ladder, ladders, level
from tests.core.incidents.test_ladder import maintenance
from tests.core.playbook import receiver, route

HOURS = timedelta(hours=4)
FIRST = "0s ana: page on-call"


# -- acknowledging -----------------------------------------------------------------------------------------------------


def test_a_colleague_who_acknowledges_does_not_cut_short_what_was_promised() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", duration=HOURS).acts("2m", Action.ACK, "bo").run("3h")
    assert play.pages() == [FIRST]


def test_a_shorter_time_counts_when_somebody_asks_for_it() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", duration=HOURS)
    play.acts("2m", Action.ACK, "ana", duration=timedelta(minutes=5)).run("8m")
    assert play.pages() == [FIRST, "7m ana: page on-call"]


def test_links_that_two_people_followed_are_not_one_person_who_came_back() -> None:
    """One program that looks through mails follows the links of both."""
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana", via="link").acts("3m", Action.ACK, "bo", via="link").run("19m")
    assert play.pages()[-1] == "18m ana: page on-call"


def test_a_link_does_not_cut_short_what_was_put_off() -> None:
    play = Ladder().fires("0s").acts("1m", Action.SNOOZE, "ana", duration=HOURS).acts("3m", Action.ACK, "bo", via="link")
    play.run("3h50m")
    assert play.pages() == [FIRST]


def test_whoever_is_given_an_incident_that_is_acknowledged_hears_of_it() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("2m", Action.ASSIGN, "ana", to="bo").run("4m")
    assert play.pages() == [FIRST, "2m bo: notice on-call"]
    assert (play.incident.state, play.incident.owner) == (IncidentState.ACKED, "bo")


# -- sending -----------------------------------------------------------------------------------------------------------


def test_what_is_tried_again_waits_while_the_incident_is_held() -> None:
    play = Ladder().fires("0s").receiver_fails("0s", "person:ana/sms").receiver_works("2m", "person:ana/sms")
    play.happens("1m", maintenance("1m", "20m"))
    play.run("20m30s")
    later = [line for line in play.pages() if not line.startswith(("0s", "1s")) and "s ana" not in line]
    assert later == ["20m ana: page on-call"]
    assert [at for at, _ in play.notices() if timedelta(minutes=1, seconds=30) < at < timedelta(minutes=20)] == []


def test_a_channel_that_works_does_not_hide_that_nobody_was_reached() -> None:
    channel = Receiver("slack:#x", (Integration("console", 0, True, ConsoleSettings(), way=SLACK),))
    first = level("on-call", "0s", "schedule:primary", "slack:#x")
    wanted = replace(ladders(ladder(first, *FOUR[1:])), contacts=(*(contact(key, SMS) for key in PEOPLE), channel))
    play = Ladder(config(ladders=wanted)).fires("0s")
    play.receiver_fails("0s", "person:ana/sms", permanent=True).run("1m")
    assert play.pages() == [FIRST, "0s slack:#x: page on-call", "0s bo: page backup"]


# -- the end -----------------------------------------------------------------------------------------------------------


def test_whoever_was_not_called_again_does_not_hear_of_the_end_again() -> None:
    play = Ladder().fires("0s").ends("6m").fires("8m").ends("10m").run("20m")
    ends = [line for line in play.pages() if "resolved" in line]
    assert ends == ["6m ana: resolved backup", "6m bo: resolved backup", "10m ana: resolved on-call"]


def test_who_was_not_told_the_end_before_it_began_again_is_told_the_next_one() -> None:
    play = Ladder().fires("0s").receiver_fails("6m", "person:bo/sms").receiver_works("9m", "person:bo/sms")
    play.ends("6m").fires("8m").ends("10m").run("20m")
    assert [line for line in play.pages() if "bo: resolved" in line][-1] == "10m bo: resolved on-call"


def test_a_page_that_arrives_after_the_end_is_followed_by_the_end() -> None:
    play = Ladder().fires("0s").ends("1m")
    play.takes = timedelta(seconds=90)
    play.run("10m")
    assert play.pages() == [FIRST, "1m30s ana: resolved on-call"]


def test_whoever_gets_a_page_after_hearing_of_the_end_hears_of_it_again() -> None:
    twice = (level("on-call", "0s", "schedule:primary"), level("again", "5m", "schedule:primary"))
    play = Ladder(config(ladder(*twice))).fires("0s").ends("6m").run("4m59s")
    play.takes, play.takes_until = timedelta(seconds=90), "5m30s"
    play.run("10m")
    assert play.pages() == [FIRST, "5m ana: page again", "6m ana: resolved again", "6m30s ana: resolved again"]


def test_a_page_that_may_have_arrived_after_the_end_is_followed_by_the_end() -> None:
    play = Ladder().fires("0s").receiver_is_mute("0s", "person:ana/sms", takes=True).receiver_works("1m", "person:ana/sms")
    play.takes = timedelta(seconds=90)
    play.ends("1m").run("10m")
    assert play.pages() == [FIRST, "1m30s ana: resolved on-call"]


def test_a_receiver_that_does_not_want_the_end_is_not_told_of_it() -> None:
    first = level("on-call", "0s", "schedule:primary", "receiver:quiet")
    play = Ladder(config(ladder(first, *FOUR[1:]), receivers=(receiver(), receiver("quiet", send_resolved=False))))
    play.fires("0s").ends("3m").run("9m")
    assert [line for line in play.pages() if "resolved" in line] == ["3m ana: resolved on-call"]


def test_whoever_the_configuration_does_not_know_any_more_is_not_told_the_end() -> None:
    without = Duty(tuple(person for person in duty().people if person.key != "bo"), (always("ana"),))
    known = replace(ladders(), contacts=tuple(contact(key, SMS) for key in PEOPLE if key != "bo"))
    play = Ladder().fires("0s").reload("7m", config(duty=without, ladders=known)).ends("10m").run("2h")
    assert play.pages() == [FIRST, "5m bo: page backup", "10m ana: resolved backup"]


# -- worse -------------------------------------------------------------------------------------------------------------


def test_what_becomes_worse_when_everybody_was_told_is_told_again() -> None:
    root = replace(route(by=["component"], wait="0s"), escalation="ladder")
    play = Ladder(config(root=root)).fires("0s", "Slow", "warning").fires("2h").run("2h6m")
    assert play.pages()[-2:] == ["2h ana: page on-call", "2h5m bo: page backup"]
