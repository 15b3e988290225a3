"""How the rows of an alert group are found, and what is kept of its key."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Note
from evaluator.core.records import Attempt, Decision
from evaluator.store import Store, queries
from evaluator.store.codec import history
from evaluator.store.codec.groups import head_of, mark, whole_key
from tests.effort import examples

from . import values as v

GROUP = '{}/{team="db"}@ops:{alertname="DiskFull", host="a:{1}"}'


def test_a_mark_does_not_change() -> None:
    """It is a file format."""
    assert mark("{}@ops:{}") == -5951645167214313567
    assert mark("") == -5620811357545338887


def test_marks_fit_and_differ() -> None:
    marks = {mark(f'{{}}@ops:{{alertname="{n % 7}", host="{n}"}}') for n in range(1000)}
    assert len(marks) == 1000
    assert all(-(2**63) <= one < 2**63 for one in marks)


def test_marks_of_one_alert_are_close() -> None:
    """They share what stands above 48 bits, so an index has them together."""
    marks = [mark(f'{{}}@ops:{{alertname="DiskFull", host="{n}"}}') for n in range(100)]
    assert len({one >> 48 for one in marks}) == 1


@pytest.mark.parametrize("kind", [Decision, Attempt])
def test_groups_that_share_a_mark_are_told_apart(store: Store, kind: type[Decision] | type[Attempt]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "mark", lambda _: 1)
        patch.setattr(queries, "mark", lambda _: 1)
        store.commit([Note(note) for note in v.ONE_NOTE_OF_EACH])
        assert len(store.history(kind, group=v.DECISION.group)) == 1
        assert store.history(kind, group="another") == []


@pytest.mark.parametrize(
    ("key", "head"),
    [
        ('{}/{team="db"}:{alertname="DiskFull", host="a:{1}"}', '{}/{team="db"}'),
        ('{}:{alertname="DiskFull"}', None),
        ("", None),
        (GROUP, '{}/{team="db"}@ops'),
    ],
)
def test_of_a_key_that_ends_as_the_id_does_the_beginning_is_kept(key: str, head: str | None) -> None:
    assert head_of(key, GROUP) == head
    assert whole_key("" if head is not None else key, head, GROUP) == key


@given(key=st.text("a:{}@"), group=st.text("a:{}@"))
@settings(max_examples=examples(200))
def test_every_key_comes_back_whole(key: str, group: str) -> None:
    head = head_of(key, group)
    assert whole_key(key if head is None else "", head, group) == key
