"""What people write, and what it comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.incidents.records import IncidentState
from evaluator.core.muting.silence import SilenceState
from evaluator.core.muting.silence_policy import SilencePolicy
from evaluator.replies.commands import HELP, carry_out
from evaluator.replies.desk import Fate, Speaker, Way
from evaluator.replies.words import Said, Word, read_words
from tests.replies.office import Office, furnished, minutes

HOUR = timedelta(hours=1)
ACK, UNACK, SNOOZE, ESCALATE, NOTE, SILENCE, WHO, LIST, HELP_ME = Word

SENTENCES = {
    "ack 12": Said(ACK, 12),
    "ACK 12": Said(ACK, 12),
    "Ack #12": Said(ACK, 12),
    "/ack 12": Said(ACK, 12),
    "ack": Said(ACK),
    "ok": Said(ACK),
    "12a": Said(ACK, 12),
    "12 A": Said(ACK, 12),
    "a12": Said(ACK, 12),
    "#12 ack": Said(ACK, 12),
    "ack12": None,
    "aa": Said(ACK, every=True),
    "ack all": Said(ACK, every=True),
    "ack 12 4h": Said(ACK, 12, 4 * HOUR),
    "ack 12 for 4h the disk again": Said(ACK, 12, 4 * HOUR, "the disk again"),
    "ack 12, I am on it": Said(ACK, 12, None, "I am on it"),
    "ack 3 disks are broken": Said(ACK, 3, None, "disks are broken"),
    "unack 12": Said(UNACK, 12),
    "release 12": Said(UNACK, 12),
    "snooze 12 2h": Said(SNOOZE, 12, 2 * HOUR),
    "snooze 12 for 2h": Said(SNOOZE, 12, 2 * HOUR),
    "snooze 2h": Said(SNOOZE, None, 2 * HOUR),
    "snooze": Said(SNOOZE, None, HOUR),
    "12s": Said(SNOOZE, 12, HOUR),
    "12s 30m": Said(SNOOZE, 12, minutes(30)),
    "snooze 12 tomorrow": None,
    "snooze 12 0s": None,
    "escalate 12": Said(ESCALATE, 12),
    "12e": Said(ESCALATE, 12),
    "E12": Said(ESCALATE, 12),
    "note 12 Disk is FULL": Said(NOTE, 12, None, "Disk is FULL"),
    "note it was me": Said(NOTE, None, None, "it was me"),
    "silence 12 2h moving house": Said(SILENCE, 12, 2 * HOUR, "moving house"),
    "silence 12": Said(SILENCE, 12),
    "who": Said(WHO),
    "who primary": Said(WHO, None, None, "primary"),
    "list": Said(LIST),
    "help": Said(HELP_ME),
    "?": Said(HELP_ME),
    "": None,
    "12": None,
    "what?": None,
    "acknowledging 12": None,
    "resolve 12": None,
    "12x": None,
    "99999999999a": None,
}


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences(text: str) -> None:
    assert read_words(text) == SENTENCES[text]


@given(st.text(max_size=3000))
def test_any_text_is_read_or_not_understood(text: str) -> None:
    said = read_words(text)
    assert said is None or said.word in Word


# -- what it comes to -------------------------------------------------------------------------------------------------

ANA, MIA = (Speaker(key, key.title(), Way.SMS, "here") for key in ("ana", "mia"))


async def say(office: Office, text: str, speaker: Speaker = ANA) -> tuple[Fate, str]:
    """What comes of a sentence."""
    said = read_words(text)
    assert said is not None
    outcome = await carry_out(office.desk, said, speaker)
    return outcome.fate, outcome.text


async def test_each_word_does_what_it_says() -> None:
    office = Office().fires("Down")
    assert await say(office, "ack 1") == (Fate.DONE, "Incident 1 is yours until 02:01 CET. Down api")
    assert await say(office, "unack 1") == (Fate.DONE, "Incident 1 is nobody's again, and its ladder begins anew. Down api")
    assert await say(office, "escalate 1") == (Fate.DONE, "Incident 1: backup is being told. Down api")
    assert await say(office, "snooze 1 2h") == (Fate.DONE, "Incident 1 is put off until 03:01 CET. Down api")
    assert await say(office, "note 1 looking") == (Fate.DONE, "Incident 1: noted.")
    assert await say(office, "list") == (Fate.IDLE, "1 Down api (critical, snoozed)")
    assert await say(office, "who") == (Fate.IDLE, "primary: Ana Ruiz (layer 1)")
    assert await say(office, "who primary") == (Fate.IDLE, "primary: Ana Ruiz (layer 1)")
    assert await say(office, "who secondary") == (Fate.IDLE, "No schedule is called secondary; there are primary.")
    assert await say(office, "help") == (Fate.IDLE, HELP)
    assert [(one.what, one.by, one.via, one.source) for one in office.moments()] == [
        (what, "ana", "sms", "here") for what in ("acked", "unacked", "escalated", "snoozed", "note")
    ]


async def test_a_duration_takes_the_place_of_the_policys() -> None:
    office = Office().fires("Down")
    assert await say(office, "ack 1 for 4h") == (Fate.DONE, "Incident 1 is yours until 05:01 CET. Down api")
    assert office.incident().acked_until == office.now + 4 * HOUR


async def test_what_is_not_possible_is_said() -> None:
    office = Office()
    assert await say(office, "ack") == (Fate.IMPOSSIBLE, "No incident is open.")
    assert await say(office, "list") == (Fate.IDLE, "No incident is open.")
    assert await say(office, "ack 7") == (Fate.IMPOSSIBLE, "There is no incident 7.")
    assert await say(office, "aa") == (Fate.IMPOSSIBLE, "Nothing that you were told of waits for anybody.")
    office.fires("Down")
    assert await say(office, "unack 1") == (Fate.IMPOSSIBLE, "The incident is triggered.")
    assert await say(office, "snooze 1 25h") == (Fate.IMPOSSIBLE, "Nobody may put it off for more than 1d.")
    office.ends("Down")
    assert await say(office, "ack 1") == (Fate.IMPOSSIBLE, "The incident is resolved.")


async def test_the_number_may_be_left_out_when_only_one_can_be_meant() -> None:
    """That which the speaker was told of; for whoever was told of none, the only one that is open."""
    office = Office().fires("Down")
    assert (await say(office, "ack", MIA))[0] is Fate.DONE
    office.fires("Slow")
    fate, text = await say(office, "ack")
    assert fate is Fate.IMPOSSIBLE
    assert text == "Which one? Write ack NUMBER. 1 Down api (critical, acked); 2 Slow api (critical, triggered)"


async def test_everything_that_one_was_told_of_at_once() -> None:
    office = Office().fires("Down", "Slow")
    assert await say(office, "aa", MIA) == (Fate.IMPOSSIBLE, "Nothing that you were told of waits for anybody.")
    assert await say(office, "aa") == (Fate.DONE, "Acknowledged: 1, 2.")
    assert {record.state for record in office.desk.incidents()} == {IncidentState.ACKED}


# -- silences ---------------------------------------------------------------------------------------------------------


async def test_the_alerts_of_an_incident_are_silenced() -> None:
    """By the labels of its group; that holds the ladder."""
    office = Office().fires("Down")
    fate, text = await say(office, "silence 1 2h moving house")
    assert (fate, text) == (Fate.DONE, "Silenced for 2h: alertname=Down, component=api.")
    (silence,) = office.machine.silencing.silences.listing(office.now, (), list(SilenceState))
    assert (silence.created_by, silence.comment, silence.ends_at) == ("ana", "moving house", office.now + 2 * HOUR)
    assert [str(hold) for hold in office.incident().holds] == ["silence"]


async def test_what_the_policy_objects_to_is_not_silenced_from_afar() -> None:
    """Nobody can be asked back."""
    policy = SilencePolicy(max_duration=HOUR, confirm=True)
    office = Office(furnished(silence_policy=policy)).fires("Down")
    fate, text = await say(office, "silence 1 3h")
    assert fate is Fate.IMPOSSIBLE
    assert text.startswith("Not silenced: ")
    assert text.endswith("Whoever insists does so on the page of silences.")
    assert office.incident().holds == ()


async def test_an_incident_without_labels_is_silenced_alert_by_alert_as_by_every_other_way() -> None:
    office = Office().fires("Down")
    office.machine.incidents.table[1] = replace(office.incident(), labels=type(office.incident().labels)())
    fate, text = await say(office, "silence 1")
    assert fate is Fate.DONE
    assert text.startswith("Silenced for 2h: alertname=Down, ")
    (silence,) = office.machine.muting.silences
    assert len(silence.matcher_sets) == 1
