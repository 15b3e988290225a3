"""Where several things meet: a page that is late, a second person, a channel that refuses, an end that comes again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from evaluator.core.events import SilenceExpired, SilenceSet
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import AckTerms
from evaluator.core.incidents.records import Happening, IncidentState
from evaluator.core.incidents.story import sentence
from evaluator.core.labels import Matcher
from evaluator.core.muting.silence import Silence
from evaluator.core.oncall.people import Duty
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from evaluator.core.settings import Settings
from tests.core.incidents.ladder import FOUR, PEOPLE, SLACK, SMS, Ladder, always, config, contact, duty, ladder, ladders, level
from tests.core.incidents.test_ladder import maintenance, severities
from tests.core.playbook import T0, failure, group, moment, receiver, route, rule

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


def silenced(name: str) -> SilenceSet:
    """From the beginning, for hours."""
    return SilenceSet(Silence(((Matcher("alertname", name),),), T0, moment("5h"), "ana", "x"), "s")


def test_what_is_silenced_makes_nothing_worse() -> None:
    """Neither the ladder that an incident begins with, nor what somebody has acknowledged."""
    play = severities().fires("0s")
    play.happens("0s", silenced("Down"))
    play.fires("2m", "Slow", "warning").run("20m")
    assert play.pages() == ["2m ana: page day"]
    other = severities().fires("0s", "Slow", "warning").acts("1m", Action.ACK, "bo")
    other.happens("0s", silenced("Down"))
    other.fires("2m").run("30m")
    assert other.pages() == ["0s ana: page day"]


def test_a_timeline_says_who_has_ended_the_silence_that_held_it() -> None:
    """Only of a silence that somebody ends, and who says so; those that end by the clock have nobody."""
    for event, said in (
        (SilenceExpired("s", "ana"), "Ana ended the silence"),
        (SilenceExpired("s"), "no longer held: silence"),
    ):
        play = severities().fires("0s").happens("1m", silenced("Down")).happens("3m", event).run("4m")
        (line,) = [note for note in play.moments() if note.what is Happening.RESUMED]
        assert said in sentence(line, {"ana": "Ana"})


def test_people_are_called_by_their_names_where_they_are_spoken_of() -> None:
    """In notices, when they are written; in timelines, which keep keys, when they are read."""
    play = Ladder(config(ladder(ack=AckTerms(timeout=timedelta(hours=1))))).fires("0s")
    play.acts("1m", Action.ACK, "ana").acts("2m", Action.ASSIGN, "ana", to="bo").run("2h")
    assert "Ana has assigned it to Bo" in [notice.text for _, notice in play.notices()]
    (line,) = [note for note in play.moments() if note.what is Happening.ACK_EXPIRED]
    assert sentence(line, {"bo": "Bo"}) == "the acknowledgement ran out: Bo has not said more"


def test_what_is_worse_counts_when_its_silence_is_over() -> None:
    play = severities().fires("0s", "Slow", "warning").acts("1m", Action.ACK, "bo")
    play.happens("0s", silenced("Down"))
    play.happens("10m", SilenceExpired("s"))
    play.fires("2m").run("11m")
    assert play.pages() == ["0s ana: page day", "10m ana: page on-call"]


def test_what_begins_again_worse_is_called_for_as_such() -> None:
    play = severities().fires("0s", "Slow", "warning").ends("4m", "Slow").fires("6m").run("12m")
    told = ["0s ana: page day", "4m ana: resolved day", "6m ana: page on-call", "11m bo: page backup"]
    assert (play.pages(), play.incident.severity, play.incident.flaps) == (told, "critical", 1)


def test_what_begins_again_less_bad_is_called_for_as_such() -> None:
    play = severities().fires("0s").ends("4m").fires("6m", "Slow", "warning").run("20m")
    assert play.pages()[2:] == ["6m ana: page day"]
    assert (play.incident.severity, play.incident.worst, play.incident.title) == ("warning", "critical", "Slow api")


def test_what_nobody_is_chased_for_does_not_begin_an_incident_again() -> None:
    calm = replace(route(by=["component"], wait="0s"), id="{}/x", key="{}/x", matchers=(Matcher("severity", "warning"),))
    root = replace(route(by=["component"], wait="0s"), escalation="ladder", routes=(replace(calm, escalation=""),))
    play = Ladder(config(root=root)).fires("0s").ends("4m").fires("6m", "Slow", "warning").run("20m")
    assert play.pages() == [FIRST, "4m ana: resolved on-call"]


# -- what cannot be asked ----------------------------------------------------------------------------------------------


def given_up() -> Ladder:
    """An incident whose rule cannot be asked from 10m on, for longer than it is kept open; other rules can."""
    return Ladder(config(ladder(auto_close=timedelta(hours=2)))).fires("0s").at("10m", "Down", failure())


def test_what_was_given_up_is_an_incident_again_when_its_rule_says_so() -> None:
    play = given_up().fires("5h").run("5h6m")
    assert next(line for line in play.pages(1) if "resolved" in line) == "2h9m ana: resolved director"
    again = [record for record in play.machine.incidents.table.values() if record.component][-1]
    assert (again.previous, again.opened_at, again.state) == (1, moment("5h"), IncidentState.TRIGGERED)


def test_what_was_given_up_stays_so_while_nothing_can_be_asked() -> None:
    """Neither a restart nor a reload makes it any surer."""
    play = given_up().run("3h").crash().reload("4h", config(ladder(auto_close=timedelta(hours=2)), external_url="http://x"))
    play.run("5h")
    assert [number for number, record in play.machine.incidents.table.items() if record.component] == [1]


# -- other configurations ----------------------------------------------------------------------------------------------


def moved(escalation: str) -> Settings:
    """The alerts take a route of their own."""
    own = replace(route(by=["component"], wait="10m"), key="{}/c", id="{}/c", matchers=(Matcher("component", "api"),))
    return config(root=replace(config().route, routes=(replace(own, escalation=escalation),)))


def test_a_reload_that_moves_the_alerts_calls_nobody_again() -> None:
    play = Ladder().fires("0s").acts("6m", Action.ACK, "ana").reload("7m", moved("ladder")).ends("30m").run("40m")
    assert play.pages() == [FIRST, "5m bo: page backup", "30m ana: resolved backup", "30m bo: resolved backup"]
    assert play.incident.number == 1


def test_a_restart_that_moves_the_alerts_climbs_on() -> None:
    play = Ladder().fires("0s").run("7m").crash(moved("ladder")).run("16m")
    assert play.pages() == [FIRST, "5m bo: page backup", "15m mia: page manager"]


def test_a_reload_that_moves_the_alerts_to_where_nobody_is_chased_ends_the_incident() -> None:
    play = Ladder().fires("0s").reload("1m", moved("")).run("16m")
    assert play.pages() == [FIRST, "1m ana: resolved on-call"]


# -- nobody at all -----------------------------------------------------------------------------------------------------


def test_where_no_level_reaches_anybody_the_owner_hears_so_at_once() -> None:
    empty = ladder(level("first", "0s", "schedule:primary"), level("second", "5m", "schedule:primary"))
    play = Ladder(config(duty=duty(schedule=always()), ladders=ladders(empty))).fires("0s").run("20m")
    assert play.pages() == ["0s ana: notice second"]
    assert [notice.text for _, notice in play.notices()] == ["nobody could be called: no level reaches anybody"]


def test_somebody_who_was_called_is_enough() -> None:
    half = ladder(level("first", "0s", "person:ana"), level("second", "5m", "schedule:primary"))
    play = Ladder(config(duty=duty(schedule=always()), ladders=ladders(half))).fires("0s").run("20m")
    assert play.pages() == ["0s ana: page first"]


def test_what_was_given_up_comes_back_although_another_rule_still_fails() -> None:
    """The answer that says so changes no alert, and ends no alert of the evaluator's own either."""
    root = replace(route(by=["alertname"], wait="0s"), escalation="")
    child = replace(
        route(by=["alertname"], wait="0s"), key='{}/{component="api"}', id='{}/{component="api"}', escalation="ladder"
    )
    child = replace(child, matchers=(Matcher("component", "api"),))
    policy = ladder(auto_close=timedelta(hours=1))
    rules = [rule(name, component="api", severity="critical") for name in ("Down", "Slow", "Fine")]
    play = Ladder(config(policy, root=replace(root, routes=(child,)), groups=(group(*rules),))).fires("0s").fires("0s", "Slow")
    play.at("2m", "Down", failure()).at("2m", "Slow", failure())
    play.fires("3h").run("3h30m")
    downs = [one for one in play.machine.incidents.table.values() if one.title.startswith("Down")]
    assert downs[-1].open


def test_who_hears_that_nobody_is_left_hears_which_levels_reached_nobody() -> None:
    play = Ladder(config(duty=duty(schedule=always()))).fires("0s").run("1h30m")
    texts = [notice.text for _, notice in play.notices() if notice.text]
    assert texts == ["backup, manager, director told, on-call reached nobody, and nobody has acknowledged"]


def test_a_ladder_that_reaches_nobody_never_says_that_somebody_was_told() -> None:
    empty = ladder(level("first", "0s", "schedule:primary"), level("second", "5m", "schedule:primary"))
    play = Ladder(config(duty=duty(schedule=always()), ladders=ladders(empty))).fires("0s").run("2h")
    assert [notice.text for _, notice in play.notices()][1:] == ["no level reaches anybody, and nobody has acknowledged"]


def test_a_level_all_of_whose_messages_are_refused_counts_among_those_that_reached_nobody() -> None:
    play = Ladder().fires("0s").receiver_fails("0s", "person:mia/sms", permanent=True).run("1h30m")
    texts = [notice.text for _, notice in play.notices() if notice.text]
    assert texts == ["on-call, backup, director told, manager reached nobody, and nobody has acknowledged"]


def test_a_climb_that_is_begun_anew_forgets_whom_the_last_one_missed() -> None:
    play = Ladder().fires("0s").receiver_fails("0s", "person:ana/sms", permanent=True).receiver_works("1m", "person:ana/sms")
    play.acts("2m", Action.ACK, "bo").acts("3m", Action.UNACK, "bo").run("1h30m")
    assert [notice.text for _, notice in play.notices()][-1] == "every level has been told, and nobody has acknowledged"


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_does_not_put_off_what_somebody_has_acknowledged_for_certain() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").acts("2m", Action.SNOOZE, "bo", via="link", duration=HOURS)
    play.run("3m")
    assert (play.incident.state, play.incident.owner) == (IncidentState.ACKED, "ana")


def test_links_that_two_people_followed_do_not_put_off_for_longer() -> None:
    """As with acknowledgements: one program may look through the mails of both."""
    play = Ladder().fires("0s").acts("1m", Action.SNOOZE, "ana", via="link", duration=HOURS)
    play.acts("5m", Action.SNOOZE, "bo", via="link", duration=HOURS).run("5m")
    assert play.incident.snoozed_until == moment("20m")
