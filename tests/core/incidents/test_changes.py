"""Messages that show how things stand now: changed as often as the incident is, and kept once for each climb."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.http import Secret
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import ProfileStep
from evaluator.core.incidents.records import IncidentState, PageKind, PageRecord, PageState
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.core.receivers.paging import PagerdutySettings
from tests.core.incidents.ladder import PEOPLE, SMS, Ladder, config, contact, ladders

CHAT = "telegram"
ANA = "person:ana/telegram"


def chatting() -> Ladder:
    """The one on call is told in a chat, where messages can be changed."""
    bot = TelegramSettings("https://telegram", Secret("token"), chat_id=1)
    ana = Receiver("person:ana", (Integration("telegram", 0, True, bot, way=CHAT),))
    others = tuple(contact(key, SMS) for key in PEOPLE if key != "ana")
    steps = {"page": (ProfileStep(timedelta(0), (CHAT, SMS)),)}
    return Ladder(config(ladders=ladders(contacts=(ana, *others), profiles=steps)))


def paging() -> Ladder:
    """The last one of the ladder has a service of PagerDuty."""
    pager = PagerdutySettings("https://pagerduty", Secret("key"))
    dan = Receiver("person:dan", (Integration("pagerduty", 0, True, pager, way="pagerduty"),))
    others = tuple(contact(key, SMS) for key in PEOPLE if key != "dan")
    steps = {"page": (ProfileStep(timedelta(0), (SMS, "pagerduty")),)}
    return Ladder(config(ladders=ladders(contacts=(*others, dan), profiles=steps)))


def updates(play: Ladder) -> list[PageRecord]:
    """What is kept of changes."""
    return [page for page in play.machine.incidents.pages_of(1) if page.kind is PageKind.UPDATE]


def test_every_change_is_shown_and_a_climb_keeps_one_page_of_them() -> None:
    play = chatting().fires("0s").acts("1m", Action.ACK).acts("2m", Action.ASSIGN, to="ana").acts("3m", Action.ASSIGN, to="bo")
    play.run("4m")
    shown = [(at, notice.owner) for at, notice in play.notices() if notice.kind is PageKind.UPDATE]
    assert shown == [(timedelta(minutes=minute), owner) for minute, owner in ((1, "ana"), (2, "ana"), (3, "bo"))]
    assert [(page.state, page.epoch) for page in updates(play)] == [(PageState.SENT, 1)]


def test_a_change_belongs_to_the_climb_in_which_it_was_made() -> None:
    """So a button under what somebody read before it began again is not taken for one under what they read since."""
    play = chatting().fires("0s").acts("1m", Action.ACK).acts("2m", Action.UNACK).run("3m")
    assert [(page.state, page.epoch) for page in updates(play)] == [(PageState.SENT, 1), (PageState.SENT, 2)]
    assert len({page.id for page in updates(play)}) == 2


def test_changes_while_one_is_under_way_are_one_change_that_says_the_last() -> None:
    play = chatting().fires("0s").run("30s")
    play.receiver_fails("40s", ANA).receiver_works("3m", ANA)
    play.acts("1m", Action.ACK).acts("2m", Action.ASSIGN, to="bo").acts("2m30s", Action.ASSIGN, to="mia").run("6m")
    assert [notice.owner for _, notice in play.notices()][-1] == "mia"
    assert [page.state for page in updates(play)] == [PageState.SENT]


def test_a_change_that_a_crash_kept_back_is_made_afterwards() -> None:
    play = chatting().fires("0s").acts("1m", Action.ACK).acts("2m", Action.ASSIGN, to="bo").run("2m", steps=6)
    play.crash(after="10s").run("5m")
    assert [notice.owner for _, notice in play.notices()][-1] == "bo"
    assert [page.state for page in updates(play)] == [PageState.SENT]


def test_what_begins_again_calls_nobody_by_pagerduty_before_the_level_fires() -> None:
    """An event about an incident that is over there opens one: the director would be called in place of who is on call."""
    play = paging().fires("0s").ends("31m").fires("32m").run("40m")
    assert [told for told in play.pages() if "dan" in told] == ["30m dan: page director", "31m dan: resolved director"]


def test_pagerduty_is_told_who_has_it_and_not_that_they_let_go() -> None:
    """It knows no way back from there."""
    play = paging().fires("0s").acts("31m", Action.ACK).acts("32m", Action.UNACK).run("33m")
    told = [(at, notice.kind, notice.state) for at, notice in play.notices() if notice.whom == "dan"]
    assert told[1:] == [(timedelta(minutes=31), PageKind.UPDATE, IncidentState.ACKED)]
