"""Timers against the simplest thing that could work: a dict that is searched."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.timers import Timers
from tests.core.playbook import T0, moment
from tests.effort import examples

KEYS = st.sampled_from([("flush", "a"), ("flush", "b"), ("repeat", "a", "x"), ("slot", "g")])
DEEDS = st.lists(st.tuples(st.sampled_from(["set", "earlier", "cancel", "pop"]), KEYS, st.integers(0, 20)), max_size=60)


def pop(known: dict[tuple[str, ...], datetime], now: datetime) -> tuple[str, ...] | None:
    """The earliest that is due, keys in their order."""
    due = sorted((at, key) for key, at in known.items() if at <= now)
    if not due:
        return None
    del known[due[0][1]]
    return due[0][1]


@settings(max_examples=examples(15))
@given(DEEDS)
def test_timers_are_a_dict_that_knows_its_earliest(deeds: list[tuple[str, tuple[str, ...], int]]) -> None:
    timers, known = Timers(), dict[tuple[str, ...], datetime]()
    for deed, key, seconds in deeds:
        at = T0 + timedelta(seconds=seconds)
        match deed:
            case "set":
                timers.set(key, at)
                known[key] = at
            case "earlier":
                timers.set_earlier(key, at)
                known[key] = min(at, known.get(key, at))
            case "cancel":
                timers.cancel(key)
                known.pop(key, None)
            case _:
                assert timers.pop_due(at) == pop(known, at)
        assert timers.next == min(known.values(), default=None)
        assert timers.at(key) == known.get(key)


def test_a_timer_that_is_set_again_while_it_surfaces_surfaces_again() -> None:
    timers = Timers()
    timers.set(("a",), T0)
    assert timers.pop_due(T0) == ("a",)
    timers.set(("a",), T0)
    assert [timers.pop_due(T0), timers.pop_due(T0)] == [("a",), None]


def test_nothing_surfaces_early() -> None:
    timers = Timers()
    timers.set(("a",), moment("1m"))
    assert timers.pop_due(moment("59s")) is None
    assert timers.next == moment("1m")
