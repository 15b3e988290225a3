"""Timelines in sentences, and what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.incidents.actions import Action
from evaluator.core.incidents.records import Happening, Hold, Moment, Resolution
from evaluator.core.incidents.story import coming, sentence, standing
from tests.core.incidents.ladder import Ladder, config, ladder
from tests.core.playbook import T0

NAMES = {"ana": "Ana Ruiz", "bo": "Bo Lind"}


def said(what: Happening, detail: str = "", by: str = "") -> str:
    return sentence(Moment(T0, 1, 1, what, detail, by), NAMES)


def test_every_happening_has_a_sentence() -> None:
    for what in Happening:
        assert "{" not in said(what, "x", "ana")


@pytest.mark.parametrize(
    ("what", "detail", "by", "text"),
    [
        (Happening.ACKED, "", "ana", "Ana Ruiz acknowledged"),
        (Happening.ACKED, "on it", "ana", "Ana Ruiz acknowledged: on it"),
        (Happening.ACKED, "", "", "somebody acknowledged"),
        (Happening.ASSIGNED, "bo", "ana", "Ana Ruiz assigned it to Bo Lind"),
        (Happening.ASSIGNED, "eve", "pat", "pat assigned it to eve"),
        (Happening.LABELLED, "false_positive", "bo", "Bo Lind called it false positive"),
        (Happening.RESOLVED, "its alerts are over", "", "resolved: its alerts are over"),
        (Happening.RESOLVED, "by hand", "bo", "Bo Lind resolved it: by hand"),
        (Happening.ESCALATED, "to backup: help", "ana", "Ana Ruiz escalated it to backup: help"),
        (Happening.SNOOZED, "until 2026-03-01 12:30:00 UTC", "ana", "Ana Ruiz put it off until 2026-03-01 12:30:00 UTC"),
        (Happening.NOTE, "{by} is no template", "bo", "Bo Lind wrote: {by} is no template"),
    ],
)
def test_sentences(what: Happening, detail: str, by: str, text: str) -> None:
    assert said(what, detail, by) == text


def test_what_comes_next_follows_the_ladder() -> None:
    play = Ladder().fires("0s")
    found = []
    for when in ("1m", "6m", "16m", "31m", "2h"):
        play.run(when)
        record = play.machine.incidents.table[1]
        due = play.machine.incidents.next_step(record)
        assert due is not None
        found.append((coming(record, due), standing(record, NAMES)))
    assert found == [
        ("backup", "on-call has been told"),
        ("manager", "backup has been told"),
        ("director", "manager has been told"),
        ("nobody is left to tell", "director has been told"),
        ("the channels are told once more", "everybody was told, and nobody answers"),
    ]


def test_how_it_stands() -> None:
    play = Ladder().fires("0s").acts("1m", Action.ACK, "ana")
    play.run("2m")
    record = play.machine.incidents.table[1]
    due = play.machine.incidents.next_step(record)
    assert due is not None
    assert (coming(record, due), standing(record, NAMES)) == ("the owner is reminded", "Ana Ruiz is on it")
    assert standing(replace(record, by_link=True), NAMES) == "Ana Ruiz is on it, by a link alone"
    play = (
        Ladder(config(ladder(ack=record.policy.ack))).fires("0s").acts("1m", Action.SNOOZE, "ana", duration=timedelta(hours=1))
    )
    play.run("2m")
    assert standing(play.machine.incidents.table[1], NAMES) == "put off by Ana Ruiz"
    fresh = replace(record, state=type(record.state)("triggered"), level=-1)
    assert standing(fresh, NAMES) == "nobody has been told yet"
    assert standing(replace(fresh, holds=(Hold.MAINTENANCE,)), NAMES) == "held by maintenance"
    over = replace(fresh, state=type(record.state)("resolved"), resolution=Resolution.STALE)
    assert standing(over, NAMES) == "over (stale)"
