"""What every store promises."""

from __future__ import annotations

import typing
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluator.core.effects import Forget, Note, Save
from evaluator.core.incidents.records import Moment
from evaluator.core.records import AlertRecord, Attempt, Decision, GroupRecord, History, Presence, Record, Transition
from evaluator.store import Change, Kept, Store, StoreError, open_store
from evaluator.store.migrations import VERSION
from tests.effort import examples

from . import values as v

MINUTE = timedelta(minutes=1)


def everything(kept: Kept) -> tuple[Record, ...]:
    alerts = kept.rule_alerts + kept.alerts + kept.groups + kept.ledger + kept.outbox + kept.silences + kept.windows
    presence = () if kept.seen_at is None else (Presence(kept.seen_at),)
    return alerts + kept.incidents + kept.pages + kept.maintenance + kept.overrides + kept.firings + presence


def group(name: str, minute: int = 0) -> GroupRecord:
    return GroupRecord(name, "{}", "ops", "{}:{}", v.DISK_FULL, v.NOON, v.NOON + minute * MINUTE)


def decision(minute: int, *, group: str = "g", reason: str = "first") -> Decision:
    return Decision(v.NOON + minute * MINUTE, group, "{}:{}", "{}", "ops/webhook[0]", reason, True, 1, 0)


def test_an_empty_store_has_nothing_but_its_version_and_epoch(store: Store) -> None:
    kept = store.load()
    assert everything(kept) == ()
    assert kept.meta == {"schema": str(VERSION), "epoch": "1"}


def test_the_samples_cover_every_kind_there_is() -> None:
    """A kind that core adds fails here until the store keeps it."""
    assert {type(record) for record in v.ONE_OF_EACH} == set(typing.get_args(Record))
    assert {type(note) for note in v.ONE_NOTE_OF_EACH} == set(typing.get_args(History))


def test_records_come_back_under_their_kinds(store: Store) -> None:
    store.commit([Save(record) for record in v.ONE_OF_EACH])
    kept = store.load()
    assert (kept.rule_alerts, kept.alerts, kept.groups) == ((v.RULE_ALERT,), (v.ALERT,), (v.GROUP,))
    assert (kept.ledger, kept.outbox, kept.silences) == ((v.LEDGER,), (v.OUTBOX,), (v.SILENCE,))
    assert (kept.incidents, kept.pages) == ((v.INCIDENT,), (v.PAGE,))
    assert (kept.maintenance, kept.overrides) == ((v.MAINTENANCE,), (v.OVERRIDE,))
    assert kept.seen_at == v.PRESENCE.at


@pytest.mark.parametrize("record", v.ONE_OF_EACH, ids=lambda record: type(record).__name__)
def test_forgetting_by_kind_and_key(store: Store, record: Record) -> None:
    """The key of a record is the key of its row, for every kind."""
    store.commit([Save(record) for record in v.ONE_OF_EACH])
    store.commit([Forget(type(record), record.key)])
    gone = {record, v.PAGE} if record is v.INCIDENT else {record}  # pages are loaded with their incidents
    assert set(everything(store.load())) == set(v.ONE_OF_EACH) - gone


def test_forgetting_what_is_not_there_does_nothing(store: Store) -> None:
    store.commit([Save(v.ALERT), Forget(AlertRecord, ("0" * 16, "")), Forget(GroupRecord, (v.ALERT.fingerprint,))])
    assert everything(store.load()) == (v.ALERT,)


def test_records_are_loaded_in_the_order_of_their_keys(store: Store) -> None:
    names = ["b", "a", "ü", "Z", "", "a\0", "🔥", "\uffff"]
    store.commit([Save(group(name)) for name in names])
    assert [record.id for record in store.load().groups] == sorted(names)


TIMELINES: dict[str, tuple[list[Change], tuple[GroupRecord, ...]]] = {
    "the last save wins": ([Save(group("g", 1)), Save(group("g", 2))], (group("g", 2),)),
    "saved, then forgotten": ([Save(group("g", 1)), Forget(GroupRecord, ("g",))], ()),
    "forgotten, then saved": ([Forget(GroupRecord, ("g",)), Save(group("g", 2))], (group("g", 2),)),
    "there and back": ([Save(group("g", 1)), Forget(GroupRecord, ("g",)), Save(group("g", 3))], (group("g", 3),)),
    "keys do not mix": ([Save(group("g", 1)), Forget(GroupRecord, ("h",)), Save(group("i"))], (group("g", 1), group("i"))),
}


@pytest.mark.parametrize(("effects", "after"), TIMELINES.values(), ids=TIMELINES)
def test_the_order_of_effects_decides(store: Store, effects: list[Change], after: tuple[GroupRecord, ...]) -> None:
    """On top of what an earlier commit left as well."""
    store.commit([Save(group("g", 9))])
    store.commit(effects)
    assert store.load().groups == after


@given(steps=st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.integers(0, 9)), max_size=12), cut=st.integers(0, 12))
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_commits_may_be_cut_anywhere(store: Store, steps: list[tuple[bool, str, int]], cut: int) -> None:
    """One commit of many effects leaves what many commits of one leave, and what a dict would."""
    effects: list[Change] = [Save(group(name, n)) if save else Forget(GroupRecord, (name,)) for save, name, n in steps]
    expected: dict[str, GroupRecord] = {}
    for save, name, minute in steps:
        expected.pop(name, None)
        if save:
            expected[name] = group(name, minute)
    store.commit([Forget(GroupRecord, (name,)) for name in "abc"])
    store.commit(effects[:cut])
    store.commit(effects[cut:])
    assert store.load().groups == tuple(expected[name] for name in sorted(expected))


def test_what_was_loaded_does_not_change_with_the_store(store: Store) -> None:
    store.commit([Save(v.ALERT)])
    kept = store.load()
    store.commit([Forget(AlertRecord, v.ALERT.key)])
    assert kept.alerts == (v.ALERT,)


def test_history_is_newest_first(store: Store) -> None:
    """Notes of one instant are told in the reverse order in which they were made."""
    notes = [decision(0, reason="a"), decision(2, reason="b"), decision(1, reason="c"), decision(2, reason="d")]
    store.commit([Note(note) for note in notes[:2]])
    store.commit([Note(note) for note in notes[2:]])
    assert [note.reason for note in store.history(Decision)] == ["d", "b", "c", "a"]


def test_history_of_one_kind_holds_no_other(store: Store) -> None:
    store.commit([Note(v.TRANSITION), Note(v.DECISION), Note(v.ATTEMPT)])
    assert store.history(Decision) == [v.DECISION]
    assert store.history(Attempt) == [v.ATTEMPT]


@pytest.mark.parametrize(
    ("terms", "minutes"),
    [
        ({}, [3, 2, 1, 0]),
        ({"since": v.NOON + MINUTE}, [3, 2, 1]),
        ({"until": v.NOON + 2 * MINUTE}, [1, 0]),
        ({"since": v.NOON + MINUTE, "until": v.NOON + 2 * MINUTE}, [1]),
        ({"group": "odd"}, [3, 1]),
        ({"group": "odd", "limit": 1}, [3]),
        ({"group": "none"}, []),
        ({"limit": 2}, [3, 2]),
        ({"limit": 0}, []),
    ],
)
def test_searching_the_history(store: Store, terms: dict[str, typing.Any], minutes: list[int]) -> None:
    """`since` is included and `until` is not."""
    store.commit([Note(decision(minute, group="odd" if minute % 2 else "even")) for minute in range(4)])
    found = store.history(Decision, **terms)
    assert [(note.at - v.NOON) // MINUTE for note in found] == minutes


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (Transition, {"fingerprint": v.DISK_FULL.fingerprint}),
        (Decision, {"group": v.DECISION.group}),
        (Attempt, {"group": v.ATTEMPT.group}),
        (Moment, {"incident": 12}),
    ],
)
def test_every_condition_on_every_kind(store: Store, kind: type[History], terms: dict[str, typing.Any]) -> None:
    store.commit([Note(note) for note in v.ONE_NOTE_OF_EACH])
    assert len(store.history(kind, **terms)) == 1
    for name in terms:
        assert store.history(kind, **{**terms, name: "another"}) == []


def test_a_condition_on_what_a_kind_lacks_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="Decision cannot be searched by fingerprint, incident"):
        store.history(Decision, fingerprint="f", incident=1)


def test_pruning_drops_old_history_and_no_state(store: Store) -> None:
    store.commit([*(Save(record) for record in v.ONE_OF_EACH), *(Note(note) for note in v.ONE_NOTE_OF_EACH)])
    store.commit([Note(decision(minute)) for minute in range(1, 4)])
    assert store.prune(v.NOON, v.NOON) == 0
    assert store.prune(v.NOON + 2 * MINUTE, v.NOON + 2 * MINUTE) == 4
    assert store.history(Decision) == [decision(3), decision(2)]
    assert store.history(Transition) == store.history(Attempt) == []
    assert everything(store.load()) == v.ONE_OF_EACH


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    for use in (store.load, lambda: store.commit([]), lambda: store.history(Decision), lambda: store.prune(v.NOON, v.NOON)):
        with pytest.raises(StoreError, match="the store is closed"):
            use()


def test_readers_see_whole_commits_while_another_thread_writes(store: Store) -> None:
    """Two records that are always committed together are never seen apart."""
    start = Barrier(2)

    def write() -> None:
        start.wait()
        for minute in range(60):
            store.commit([Save(group("a", minute)), Save(group("b", minute)), Note(decision(minute))])

    store.commit([Save(group("a")), Save(group("b"))])
    writer = Thread(target=write)
    writer.start()
    start.wait()
    seen = []
    while writer.is_alive() or not seen:
        seen.append(tuple(record.flush_at for record in store.load().groups))
        assert len(store.history(Decision)) <= 60
    writer.join()
    assert all(first == second for first, second in seen)
    assert len(store.history(Decision)) == 60


def test_threads_that_write_at_once_take_turns(store: Store) -> None:
    """Nobody is refused for having come second, and nothing is lost; pruning is one of the writers."""
    start = Barrier(4)

    def write(thread: int) -> int:
        start.wait()
        for minute in range(20):
            store.commit([Save(group(f"{thread}/{minute}")), Note(decision(minute + 1))])
            store.prune(v.NOON, v.NOON)
        return thread

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(4))) == [0, 1, 2, 3]
    assert len(store.load().groups) == len(store.history(Decision)) == 80


def test_two_memory_stores_share_nothing() -> None:
    one, other = open_store("sqlite://"), open_store("sqlite:///:memory:")
    one.commit([Save(v.ALERT)])
    assert everything(other.load()) == ()
