"""Why a notification is due: Alertmanager's table, and where ours differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evaluator.core.notifying.dedup import Reason, Terms, decide
from evaluator.core.records import LedgerRecord
from tests.core.playbook import moment

NOW = moment("12h")
REPEAT = timedelta(minutes=10)


def told(firing: str = "", resolved: str = "", minutes: float = 9) -> LedgerRecord:
    """So many minutes ago, these were told."""
    return LedgerRecord("g", "i", NOW - timedelta(minutes=minutes), tuple(firing), tuple(resolved))


TABLE = [
    # ledger, firing, resolved, send_resolved, reason
    (None, "234", "", True, Reason.FIRST),
    (None, "", "234", True, Reason.NEVER_TOLD),
    (None, "", "", True, Reason.NEVER_TOLD),
    (told("123"), "234", "", True, Reason.NEW),
    (told("123", minutes=12 * 60), "123", "", True, Reason.REPEAT),
    (told("123", minutes=9), "123", "", True, Reason.UNCHANGED),
    (told("123", minutes=11), "123", "", True, Reason.REPEAT),
    (told("", "123", minutes=11), "", "345", True, Reason.UNCHANGED),
    (told("12", "3"), "1", "23", False, Reason.UNCHANGED),
    (told("12", "3"), "1", "23", True, Reason.SOME_RESOLVED),
    (told("12", "3"), "", "123", False, Reason.ALL_RESOLVED),
    (told("12", "3"), "", "123", True, Reason.ALL_RESOLVED),
    (told("", "1"), "1", "", True, Reason.FIRST),
    (told("12"), "1", "", True, Reason.UNCHANGED),
    (told("12"), "", "", True, Reason.ALL_RESOLVED),
    (told("1"), "2", "1", False, Reason.NEW),
]


@pytest.mark.parametrize(("ledger", "firing", "resolved", "wanted", "reason"), TABLE)
def test_the_table(ledger: LedgerRecord | None, firing: str, resolved: str, wanted: bool, reason: Reason) -> None:
    terms = Terms(REPEAT, send_resolved=wanted)
    assert decide(ledger, frozenset(firing), frozenset(resolved), NOW, terms) is reason


def test_the_repeat_is_due_when_the_interval_has_passed() -> None:
    """At the very instant, where Alertmanager waits for the first flush after it."""
    assert decide(told("1", minutes=10), {"1"}, set(), NOW, Terms(REPEAT)) is Reason.REPEAT
    early = NOW - timedelta(microseconds=1)
    assert decide(told("1", minutes=10), {"1"}, set(), early, Terms(REPEAT)) is Reason.UNCHANGED


UNSURE = [
    ("", "", "2", "", Reason.ALL_RESOLVED),
    ("", "2", "", "", Reason.FIRST),
    ("1", "12", "", "", Reason.NEW),
    ("1", "1", "2", "", Reason.SOME_RESOLVED),
    ("1", "1", "2", "2", Reason.SOME_RESOLVED),
    ("1", "1", "", "", Reason.UNCHANGED),
    ("1", "", "12", "", Reason.ALL_RESOLVED),
]


@pytest.mark.parametrize(("known", "firing", "resolved", "over", "reason"), UNSURE)
def test_what_is_unsure_is_told_either_way(known: str, firing: str, resolved: str, over: str, reason: Reason) -> None:
    """Alert 2 may be taken to fire or not: so it is news that it fires, and news that it is over."""
    assert decide(replace(told(known, over), unsure=("2",)), {*firing}, {*resolved}, NOW, Terms(REPEAT)) is reason


@pytest.mark.parametrize(
    ("ledger", "reason"),
    [
        (None, Reason.MISSED),
        (told("", "1"), Reason.MISSED),
        (told("", "12"), Reason.UNCHANGED),
        (told("1"), Reason.ALL_RESOLVED),
    ],
)
def test_what_nobody_could_be_told_of_is_told_as_over_once(ledger: LedgerRecord | None, reason: Reason) -> None:
    """Alert 2 began and ended while no evaluator was there. To whoever was told of another, all being over is the news."""
    assert decide(ledger, frozenset(), frozenset("12"), NOW, Terms(REPEAT), missed=frozenset("2")) is reason


def test_only_reasons_to_tell_are_due() -> None:
    assert {reason for reason in Reason if reason.due} == {
        Reason.FIRST,
        Reason.NEW,
        Reason.ALL_RESOLVED,
        Reason.SOME_RESOLVED,
        Reason.REPEAT,
        Reason.UNMUTED,
        Reason.MISSED,
    }
