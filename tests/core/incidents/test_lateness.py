"""What a page says of how late it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.events import MaintenanceEnded, MaintenanceSet
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import ProfileStep, Repeat
from evaluator.core.incidents.records import MaintenanceRecord
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.general import ConsoleSettings
from tests.core.incidents.ladder import FOUR, SMS, Ladder, config, ladder, ladders, level
from tests.core.playbook import moment

MINUTE = timedelta(minutes=1)


def test_a_page_that_could_not_be_sent_says_how_late_it_is() -> None:
    """Its level fired in time; whoever reads it wants to know when it should have come."""
    play = Ladder().fires("0s")
    play.receiver_fails("0s", "person:ana/sms").receiver_works("3m", "person:ana/sms").run("4m30s")
    sent, last = play.notices()[-1]
    assert last.late == sent >= timedelta(minutes=3)


def test_a_page_that_a_crash_kept_back_says_how_late_it_is() -> None:
    play = Ladder().fires("0s").run("0s", steps=3)
    assert play.pages() == ["0s ana: page on-call"]
    play.crash(after="4m").run("4m30s")
    assert [(at, notice.late) for at, notice in play.notices()][1:] == [(timedelta(minutes=4), timedelta(minutes=4))]


def test_what_was_on_its_way_in_a_crash_goes_out_before_the_ladder_goes_on() -> None:
    """The repeat, which was due as well when there was somebody again, would have taken the director's page back."""
    play = Ladder(config(ladder(repeat=Repeat(1, timedelta(minutes=10))))).fires("0s").run("29m59s")
    play.run("31m", steps=2)
    assert play.pages()[-1] == "30m dan: page director"
    play.crash(after="25m").run("56m")
    assert play.pages()[4:] == ["55m dan: page director", "55m5s ana: page on-call"]


def test_a_page_that_was_held_is_not_late() -> None:
    """The second step of a profile was due during maintenance, in which nothing is promised."""
    steps = (ProfileStep(timedelta(0), (SMS,)), ProfileStep(timedelta(minutes=3), (SMS,)))
    play = Ladder(config(ladders=ladders(profiles={"page": steps}))).fires("0s")
    play.happens("2m", MaintenanceSet(MaintenanceRecord("m", (), moment("2m"), moment("1h"), "ana", "disks")))
    play.happens("10m", MaintenanceEnded("m")).run("11m")
    assert [(at, notice.late) for at, notice in play.notices()] == [
        (timedelta(0), timedelta(0)),
        (timedelta(minutes=10), timedelta(0)),
    ]


def test_a_climb_that_begins_late_keeps_its_promises() -> None:
    """The repeat was due at 40 minutes; who is up ten minutes later is called then, as if nobody had been away."""
    play = Ladder(config(ladder(repeat=Repeat(1, timedelta(minutes=10))))).fires("0s").run("35m")
    play.crash(after="10m").run("1h12m")
    assert play.pages()[4:] == [
        "45m5s ana: page on-call",
        "46m5s bo: page backup",
        "55m mia: page manager",
        "1h10m dan: page director",
    ]
    assert [notice.late // MINUTE for _, notice in play.notices()[4:]] == [5, 1, 0, 0]


@pytest.mark.parametrize("action", [Action.ACK, Action.SNOOZE])
def test_what_runs_out_while_nobody_is_there_begins_late(action: Action) -> None:
    play = Ladder().fires("0s").acts("1m", action, duration=timedelta(minutes=20)).run("15m")
    play.crash(after="11m").run("37m")
    assert play.pages()[-3:] == ["26m5s ana: page on-call", "27m5s bo: page backup", "36m mia: page manager"]
    assert [notice.late // MINUTE for _, notice in play.notices()[-3:]] == [5, 1, 0]


def test_who_answers_right_after_a_restart_is_heard_before_a_late_level_goes_out() -> None:
    """Services bring an answer again that nobody took; two seconds after the start the backup need not be called any more."""
    play = Ladder().fires("0s").acts("40m2s", Action.ACK).run("2m")
    play.crash(after="38m").run("1h")
    assert play.pages() == ["0s ana: page on-call"]


def test_a_policy_with_a_narrower_gap_listens_for_no_longer_than_that() -> None:
    play = Ladder(config(ladder(min_gap=timedelta(seconds=1)))).fires("0s").run("2m")
    play.crash(after="5m").run("8m")
    assert play.pages()[1] == "7m1s bo: page backup"


def test_a_restart_that_makes_nothing_late_puts_nothing_off() -> None:
    play = Ladder().fires("0s").run("2m")
    play.crash(after="1m").run("6m")
    assert play.pages()[1] == "5m bo: page backup"


def test_that_nobody_is_left_is_told_no_sooner_than_a_gap_after_the_last_level_and_says_how_late() -> None:
    channel = Receiver("slack:#x", (Integration("console", 0, True, ConsoleSettings(), way="slack"),))
    first = level("on-call", "0s", "schedule:primary", "slack:#x")
    known = ladders(ladder(first, *FOUR[1:], repeat=Repeat(0, 10 * MINUTE)))
    play = Ladder(config(ladders=replace(known, contacts=(*known.contacts, channel)), interval="10m")).fires("0s").run("29m")
    play.crash(after="31m").run("2d")
    assert play.pages()[-3:] == [
        "1h5s dan: page director",
        "1h1m5s slack:#x: notice director",
        "1d1h1m5s slack:#x: notice director",
    ]
    assert play.notices()[-2][1].late == timedelta(minutes=21, seconds=5)
    assert play.notices()[-2][1].text.endswith("; this comes 21m5s late")
    assert not play.notices()[-1][1].text.endswith("late")


def test_whoever_is_back_after_an_acknowledgement_has_run_out_is_not_asked_to_keep_it() -> None:
    """The reminder was due meanwhile; now there is a page."""
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").run("30m").crash(after="45m").run("1h15m30s")
    assert play.pages() == ["0s ana: page on-call", "1h15m ana: page on-call"]
    assert not any("reminded" in said for said in play.story())


def test_a_late_reminder_says_in_whole_seconds_what_is_left() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana").run("30m").crash(after="25m500ms").run("56m")
    assert [said for said in play.story() if "reminded" in said] == [
        "55m500ms reminded the acknowledgement ends in 6m; acknowledge again if you are still on it"
    ]
