"""Messages that show how things stand now: changed as often as the incident is, and kept once for each climb."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.http import Secret
from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.policy import ProfileStep
from evaluator.core.incidents.records import PageKind, PageRecord, PageState
from evaluator.core.receivers import Integration, Receiver
from evaluator.core.receivers.chat import TelegramSettings
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
