"""The life of one alert: the state table, Prometheus' worked timeline, and a comparison with the prose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.alert import Life, step
from evaluator.core.records import State
from tests.core.playbook import moment
from tests.effort import examples

PENDING, FIRING, INACTIVE = State.PENDING, State.FIRING, State.INACTIVE
M = timedelta(minutes=1)
NOW = moment("1h")


def before(minutes: float) -> datetime:
    """So many minutes before now."""
    return NOW - minutes * M


def pending(age: float) -> Life:
    return Life(PENDING, before(age))


def firing(age: float, kept: float | None = None) -> Life:
    return Life(FIRING, before(age), before(age), keep_firing_since=None if kept is None else before(kept))


def over(age: float) -> Life:
    return Life(INACTIVE, before(age + 10), before(age + 5), before(age))


TABLE = [
    # life before, present, for, keep_firing_for, life after
    (None, True, 2, 0, pending(0)),
    (None, True, 0, 0, firing(0)),
    (None, False, 2, 0, None),
    (pending(1), True, 2, 0, pending(1)),
    (pending(2), True, 2, 0, Life(FIRING, before(2), NOW)),
    (pending(1), False, 2, 0, None),
    (pending(2), False, 2, 5, None),
    (firing(3), True, 2, 0, firing(3)),
    (firing(3), True, 5, 0, pending(3)),
    (firing(3), False, 2, 0, Life(INACTIVE, before(3), before(3), NOW)),
    (firing(3), False, 2, 2, firing(3, kept=0)),
    (firing(3, kept=1), False, 2, 2, firing(3, kept=1)),
    (firing(3, kept=2), False, 2, 2, Life(INACTIVE, before(3), before(3), NOW)),
    (firing(3, kept=1), False, 2, 0, Life(INACTIVE, before(3), before(3), NOW)),
    (firing(3, kept=1), True, 2, 2, firing(3)),
    (firing(3), False, 5, 2, pending(3)),
    (over(14), False, 0, 0, over(14)),
    (over(15), False, 0, 0, over(15)),
    (over(15.001), False, 0, 0, None),
    (over(3), True, 2, 0, pending(0)),
    (over(3), True, 0, 0, firing(0)),
]


@pytest.mark.parametrize(("life", "present", "hold", "keep", "after"), TABLE)
def test_the_table_of_states(life: Life | None, present: bool, hold: int, keep: int, after: Life | None) -> None:
    assert step(life, present, NOW, hold * M, keep * M) == after


UNCHANGED = [(life, present, hold, keep) for life, present, hold, keep, after in TABLE if life == after]


@pytest.mark.parametrize(("life", "present", "hold", "keep"), UNCHANGED)
def test_what_does_not_change_is_the_same_object(life: Life | None, present: bool, hold: int, keep: int) -> None:
    """Callers tell by identity that there is nothing to keep and nobody to tell."""
    assert step(life, present, NOW, hold * M, keep * M) is life


def test_the_worked_timeline() -> None:
    """Every minute; for 2m, keep_firing_for 2m; the series is there for five minutes."""
    life: Life | None = None
    states = []
    for minute in range(24):
        life = step(life, minute < 5, moment(f"{minute}m"), 2 * M, 2 * M)
        states.append(life.state if life else None)
    assert states == [PENDING] * 2 + [FIRING] * 5 + [INACTIVE] * 16 + [None]


@dataclass
class Entry:
    """An alert in the words of Prometheus' documentation: unset times are None."""

    state: State
    active_at: int
    fired_at: int | None = None
    resolved_at: int | None = None
    keep_firing_since: int | None = None


def evaluate(active: dict[str, Entry], present: bool, ts: int, hold: int, keep: int) -> None:
    """One evaluation of a rule with one series, sentence by sentence: merge first, then look at every entry."""
    if present and ("x" not in active or active["x"].state is INACTIVE):
        active["x"] = Entry(PENDING, ts)
    for name, entry in list(active.items()):
        if present:
            entry.keep_firing_since = None
        else:
            kept = False
            if entry.state is FIRING and keep > 0:
                if entry.keep_firing_since is None:
                    entry.keep_firing_since = ts
                kept = ts - entry.keep_firing_since < keep
            if entry.state is PENDING or (entry.resolved_at is not None and ts - entry.resolved_at > 15):
                del active[name]
            if entry.state is not INACTIVE and not kept:
                entry.state, entry.resolved_at = INACTIVE, ts
            if not kept:
                continue
        if entry.state is PENDING and ts - entry.active_at >= hold:
            entry.state, entry.fired_at = FIRING, ts
        if entry.state is FIRING and ts - entry.active_at < hold:
            entry.state, entry.fired_at, entry.keep_firing_since = PENDING, None, None


SLOTS = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from([0, 0, 2, 5]), st.sampled_from([0, 3])), max_size=40
)


@settings(max_examples=examples(12))
@given(SLOTS)
def test_step_follows_the_prose(slots: list[tuple[int, bool, int, int]]) -> None:
    """Whatever comes and goes, with slots missed and with `for` and keep_firing_for edited on the way."""
    active: dict[str, Entry] = {}
    life: Life | None = None
    now = 0
    for gap, present, hold, keep in slots:
        now += gap
        evaluate(active, present, now, hold, keep)
        life = step(life, present, moment(f"{now}m"), hold * M, keep * M)
        entry = active.get("x")
        assert (entry is None) == (life is None)
        if entry is None or life is None:
            continue
        clocks = (life.active_at, life.fired_at, life.resolved_at)
        told = (entry.active_at, entry.fired_at, entry.resolved_at)
        assert life.state is entry.state
        assert clocks == tuple(None if at is None else moment(f"{at}m") for at in told)
        if life.state is FIRING:
            since = entry.keep_firing_since
            assert life.keep_firing_since == (None if since is None else moment(f"{since}m"))
