"""Silences: their states, what is refused, which edits keep the id, limits, order, boundaries, and who is muted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.labels import Labels, Matcher, MatchOp, match_all
from evaluator.core.limits import Limit, Limits
from evaluator.core.matchers import parse_matchers
from evaluator.core.muting import silences as module
from evaluator.core.muting.silence import MatcherSet, Silence, SilenceState, derived_id, problems
from evaluator.core.muting.silences import Refusal, SilenceChange, SilenceError, Silences
from tests.effort import examples

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
PENDING, ACTIVE, EXPIRED = SilenceState.PENDING, SilenceState.ACTIVE, SilenceState.EXPIRED
NOBODY = Matcher("team", "nobody")
ALERT = Matcher("alertname", "Down")
DOWN = Labels({"alertname": "Down", "job": "a"})


def silence(*sets: str, start: timedelta = timedelta(0), end: timedelta = HOUR, name: str = "") -> Silence:
    """A wish. start, end: counted from T0."""
    found = tuple(parse_matchers(text).matchers for text in sets or ("alertname=Down",))
    return Silence(found, T0 + start, T0 + end, created_by="ann", comment="work", id=name)


def kept(silences: Silences, wanted: Silence, now: datetime = T0) -> Silence:
    """The silence as it was set."""
    change = silences.set(wanted, now)
    assert isinstance(change, SilenceChange), change
    return change.silence


def refused(silences: Silences, wanted: Silence, now: datetime = T0) -> SilenceError:
    change = silences.set(wanted, now)
    assert isinstance(change, SilenceError), change
    return change


@pytest.mark.parametrize(
    ("after", "state"),
    [(-SECOND, PENDING), (0 * SECOND, ACTIVE), (HOUR - SECOND, ACTIVE), (HOUR, EXPIRED), (DAY, EXPIRED)],
)
def test_state(after: timedelta, state: SilenceState) -> None:
    assert silence().state(T0 + after) is state


@pytest.mark.parametrize(
    ("sets", "labels", "matches"),
    [
        (["alertname=Down"], {"alertname": "Down", "job": "a"}, True),
        (["alertname=Down,job=a"], {"alertname": "Down", "job": "b"}, False),
        (["alertname=Down,job=a", "job=b"], {"alertname": "Up", "job": "b"}, True),
        (["job!=a"], {"alertname": "Down"}, True),
        (["job!=a"], {"job": "a"}, False),
        (['alertname=Down,job=""'], {"alertname": "Down"}, True),
        (["instance=~web"], {"instance": "web1"}, False),
        (["instance=~web.*"], {"instance": "web1"}, True),
    ],
)
def test_matches(sets: list[str], labels: dict[str, str], matches: bool) -> None:
    """An absent label is an empty one, expressions are anchored, and any set will do."""
    assert silence(*sets).matches(Labels(labels)) is matches


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (silence(), ()),
        (silence("foo!=bar"), ()),
        (silence("foo!~.*"), ()),
        (silence('foo="",bar=baz'), ()),
        (Silence((), T0, T0 + HOUR), ("at least one matcher required",)),
        (silence(""), ("at least one matcher required",)),
        (silence("a=b", ""), ("at least one matcher required",)),
        (silence('foo=""'), ("at least one matcher must not match the empty string",)),
        (silence("foo=~.*"), ("at least one matcher must not match the empty string",)),
        (silence('foo=~"bar|",baz=""'), ("at least one matcher must not match the empty string",)),
        (silence("a=b", 'foo=""'), ("at least one matcher must not match the empty string",)),
        (Silence(((NOBODY, Matcher("", "x")),), T0, T0 + HOUR), ('invalid label matcher 1: invalid label name ""',)),
        (Silence(((Matcher("a", "\ud800"),),), T0, T0 + HOUR), (r"invalid label matcher 0: invalid label value '\ud800'",)),
        (Silence(((Matcher("\ud800", "x"),),), T0, T0 + HOUR), (r"invalid label matcher 0: invalid label name '\ud800'",)),
        (silence(end=timedelta(0)), ("start time must be before end time",)),
        (silence(start=HOUR, end=HOUR - SECOND), ("start time must be before end time",)),
        (silence(start=-HOUR, end=-SECOND), ("end time can't be in the past",)),
        (replace(silence(), starts_at=datetime(1, 1, 1, tzinfo=UTC)), ("invalid zero start timestamp",)),
        (replace(silence(), comment="\ud800"), ("comment is not valid UTF-8",)),
        (replace(silence(), annotations=(("a", "\ud800"),)), ("annotation is not valid UTF-8",)),
        (
            Silence((), T0, T0 - HOUR),
            ("at least one matcher required", "start time must be before end time", "end time can't be in the past"),
        ),
    ],
)
def test_problems(wanted: Silence, expected: tuple[str, ...]) -> None:
    """All of them at once."""
    assert problems(wanted, T0) == expected
    result = Silences().set(wanted, T0)
    assert (result == SilenceError(Refusal.INVALID, expected)) if expected else isinstance(result, SilenceChange)


def test_names_are_classic_where_that_is_asked() -> None:
    wanted = silence("fooΣ=bar🙂")
    assert problems(wanted, T0) == ()
    assert str(refused(Silences(classic_names=True), wanted)) == 'invalid label matcher 0: invalid label name "fooΣ"'


# -- setting and editing ----------------------------------------------------------------------------------------------


def test_a_new_silence_begins_now_at_the_earliest() -> None:
    silences = Silences()
    past, future = kept(silences, silence(start=-HOUR)), kept(silences, silence(start=SECOND))
    assert (past.starts_at, past.updated_at) == (T0, T0)
    assert future.starts_at == T0 + SECOND
    assert [silences.get(one.id) for one in (past, future)] == [past, future]


def test_ids_look_like_uuids_and_follow_from_what_happened() -> None:
    """The same wish at the same instant still makes two silences; the same events elsewhere make the same ids."""
    first, second = Silences(), Silences()
    ids = [kept(first, silence()).id for _ in range(3)]
    assert len(set(ids)) == 3
    assert [kept(second, silence()).id for _ in range(3)] == ids
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", name) for name in ids)
    assert derived_id("a", "b") != derived_id("ab", "")


def test_an_unknown_id_is_not_found() -> None:
    assert refused(Silences(), silence(name="nobody")) == SilenceError(Refusal.NOT_FOUND, ("silence not found",))
    assert Silences().expire("nobody", T0) == SilenceError(Refusal.NOT_FOUND, ("silence not found",))
    assert Silences().get("nobody") is None


MINUTE = timedelta(minutes=1)
PRESENT = silence("a=b,c=d", start=timedelta(0), end=HOUR)
FUTURE = silence("a=b,c=d", start=HOUR, end=2 * HOUR)
MATCHERS = PRESENT.matcher_sets


@pytest.mark.parametrize(
    ("first", "later", "edit", "keeps_id"),
    [
        (PRESENT, MINUTE, {"ends_at": T0 + DAY}, True),
        (PRESENT, MINUTE, {"ends_at": T0 + MINUTE}, True),
        (PRESENT, MINUTE, {"comment": "more", "created_by": "bob", "annotations": (("k", "v"),)}, True),
        (PRESENT, MINUTE, {"starts_at": T0 + timedelta(microseconds=999)}, True),
        (PRESENT, MINUTE, {"starts_at": T0 + SECOND}, False),
        (PRESENT, MINUTE, {"starts_at": T0 + 2 * MINUTE}, False),
        (PRESENT, MINUTE, {"matcher_sets": (MATCHERS[0][::-1],)}, False),
        (PRESENT, MINUTE, {"matcher_sets": (*MATCHERS, *MATCHERS)}, False),
        (FUTURE, MINUTE, {"starts_at": T0 + MINUTE}, True),
        (FUTURE, MINUTE, {"starts_at": T0 + 90 * MINUTE, "ends_at": T0 + DAY}, True),
        (FUTURE, MINUTE, {"starts_at": T0}, False),
        (FUTURE, MINUTE, {"matcher_sets": ((NOBODY,),)}, False),
        (PRESENT, HOUR, {"ends_at": T0 + DAY}, False),
    ],
)
def test_edits(first: Silence, later: timedelta, edit: dict[str, Any], keeps_id: bool) -> None:
    """In place, or a new silence while the old one ends, or stays ended."""
    silences, now = Silences(), T0 + later
    former = kept(silences, first)
    change = silences.set(replace(former, **edit), now)
    assert isinstance(change, SilenceChange)
    assert change.former == former
    assert (change.silence.id == former.id) is keeps_id
    assert len(silences) == (1 if keeps_id else 2)
    assert change.silence.updated_at == now
    assert silences.get(change.silence.id) == change.silence
    old = silences.get(former.id)
    assert old is not None
    assert keeps_id or old.state(now) is EXPIRED
    assert change.changed == ((change.silence,) if change.expired is None else (old, change.silence))
    assert (change.expired is None) is (keeps_id or former.state(now) is EXPIRED)


def test_an_active_silence_keeps_its_exact_start() -> None:
    """Clients that know milliseconds only send back a start that is a little off."""
    silences = Silences()
    former = kept(silences, silence(start=timedelta(microseconds=123_456)))
    edited = kept(silences, replace(former, starts_at=T0 + timedelta(microseconds=123_000), comment="x"), T0 + SECOND)
    assert (edited.id, edited.starts_at) == (former.id, former.starts_at)


def test_a_refused_edit_changes_nothing() -> None:
    silences = Silences()
    former = kept(silences, silence())
    refused(silences, replace(former, matcher_sets=()), T0 + SECOND)
    refused(silences, replace(former, ends_at=T0), T0 + SECOND)
    assert silences.listing(T0) == [former]
    assert silences.muting(DOWN, T0 + SECOND) == (former.id,)


def test_expiring() -> None:
    """An active one ends, a pending one never begins, an expired one stays as it is."""
    silences, now = Silences(), T0 + SECOND
    active, pending = kept(silences, silence()), kept(silences, silence(start=HOUR, end=DAY))
    ended = silences.expire(active.id, now)
    assert ended == replace(active, ends_at=now, updated_at=now)
    assert silences.expire(pending.id, now) == replace(pending, starts_at=now, ends_at=now, updated_at=now)
    assert silences.expire(active.id, now + HOUR, "bo") is ended
    assert silences.muting(DOWN, now) == ()
    assert silences.next_boundary is None


def test_the_number_of_silences_is_limited() -> None:
    """Expired ones count; an edit that needs a new id is refused as well, one in place is not."""
    silences = Silences(limits=Limits(silences=2))
    first, second = kept(silences, silence()), kept(silences, silence())
    silences.expire(first.id, T0)
    assert refused(silences, silence()).kind is Refusal.LIMIT
    assert "maximum number of silences: 2 (limit: 2)" in str(refused(silences, replace(second, matcher_sets=((NOBODY,),))))
    assert silences.get(second.id) == second
    assert kept(silences, replace(second, comment="longer")).id == second.id
    silences.gc(T0 + DAY, timedelta(0))
    assert kept(silences, silence(end=2 * DAY), T0 + DAY)


def test_the_size_of_a_silence_is_limited() -> None:
    """In bytes of UTF-8, on creation and on every edit."""
    wanted = silence("ä=b")
    assert wanted.size == len("äbannwork".encode())
    silences = Silences(limits=Limits(silence_size=wanted.size))
    former = kept(silences, wanted)
    assert refused(silences, replace(former, comment="works")) == SilenceError(
        Refusal.LIMIT, ("silence exceeded maximum size: 11 bytes (limit: 10 bytes)",), Limit.SILENCE_SIZE
    )
    assert silences.get(former.id) == former


def test_garbage_is_collected_after_retention() -> None:
    silences = Silences()
    first, second = kept(silences, silence()), kept(silences, silence(end=2 * HOUR))
    assert silences.gc(T0 + HOUR + DAY - SECOND, DAY) == ()
    assert silences.gc(T0 + HOUR + DAY, DAY) == (first.id,)
    assert silences.get(first.id) is None
    assert silences.listing(T0) == [second]
    assert silences.crossed(T0 + 5 * DAY) == (second,)


# -- asking -----------------------------------------------------------------------------------------------------------


def test_order_of_the_list() -> None:
    """Active by end, pending by start, expired by end, the newest first."""
    now = T0 + 10 * HOUR
    spans = {"e1": (1, 3), "e2": (0, 9), "a1": (5, 20), "a2": (9, 12), "p1": (30, 31), "p2": (11, 90)}
    silences = Silences(silence(name=name, start=start * HOUR, end=end * HOUR) for name, (start, end) in spans.items())
    assert [one.id for one in silences.listing(now)] == ["a2", "a1", "p2", "p1", "e2", "e1"]
    assert [one.id for one in silences.listing(now, states=[PENDING, EXPIRED])] == ["p2", "p1", "e2", "e1"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", ["one", "two"]),
        ("alertname=Down", ["one", "two"]),
        ("alertname=Down,job=a", ["one"]),
        ("alertname=~Down", []),
        ("job!=a", []),
        ("instance=~web.*", ["two"]),
        ("job=a,instance=~web.*", []),
        ("alertname=Up", []),
    ],
)
def test_filters_ask_for_the_silences_own_matchers(filters: str, expected: list[str]) -> None:
    """Whatever the silences would mute; one set must hold all of them."""
    silences = Silences(
        [silence("alertname=Down,job=a", name="one"), silence("team=x", "alertname=Down,instance=~web.*", name="two")]
    )
    assert [one.id for one in silences.listing(T0, parse_matchers(filters).matchers)] == expected


def test_boundaries_are_told_once() -> None:
    silences = Silences()
    first, second = kept(silences, silence()), kept(silences, silence(start=HOUR, end=3 * HOUR))
    assert silences.crossed(T0) == ()
    assert silences.next_boundary == T0 + HOUR
    assert silences.crossed(T0 + HOUR) == (first, second)
    assert silences.crossed(T0 + HOUR) == ()
    assert silences.next_boundary == T0 + 3 * HOUR
    assert silences.crossed(T0 + DAY) == (second,)
    assert silences.next_boundary is None


def test_what_began_and_ended_unseen_is_told_once() -> None:
    silences = Silences()
    brief = kept(silences, silence(start=HOUR, end=2 * HOUR))
    assert silences.crossed(T0 + DAY) == (brief,)


def test_an_edit_moves_the_boundary() -> None:
    silences = Silences()
    former = kept(silences, silence())
    longer = kept(silences, replace(former, ends_at=T0 + DAY))
    assert silences.next_boundary == T0 + DAY
    assert silences.crossed(T0 + HOUR) == ()
    assert silences.crossed(T0 + DAY) == (longer,)


def test_a_restart_tells_of_what_passed_meanwhile() -> None:
    """And not of what was told of before."""
    silences = Silences()
    old, active, pending = (
        kept(silences, silence(start=start * HOUR, end=end * HOUR)) for start, end in [(0, 1), (0, 5), (4, 9)]
    )
    silences.crossed(T0 + 2 * HOUR)
    restored = Silences([old, active, pending], noticed=T0 + 2 * HOUR)
    assert restored.next_boundary == silences.next_boundary == T0 + 4 * HOUR
    assert restored.crossed(T0 + 6 * HOUR) == silences.crossed(T0 + 6 * HOUR) == (pending, active)


def test_a_silence_is_taken_in_as_it_stands() -> None:
    """In place of one that has its id; only boundaries that are not yet known to everybody are told of."""
    silences = Silences()
    foreign = silence(name="window-1")
    silences.take(foreign)
    assert silences.crossed(T0) == (foreign,)
    longer = replace(foreign, ends_at=T0 + DAY)
    silences.take(longer, T0)
    assert list(silences) == [longer]
    assert silences.next_boundary == T0 + DAY
    silences.drop("window-1")
    assert (silences.get("window-1"), silences.next_boundary, silences.muting(DOWN, T0)) == (None, None, ())


def test_a_new_silence_is_called_as_whoever_sets_it_says() -> None:
    """Unless there is one with that id."""
    silences = Silences()
    first, second = (silences.set(silence(), T0, "chosen") for _ in range(2))
    assert isinstance(first, SilenceChange)
    assert isinstance(second, SilenceChange)
    assert (first.silence.id, len(silences)) == ("chosen", 2)
    assert silences.get(second.silence.id) == second.silence


def test_those_that_concern_an_alert_mute_it_now_or_will() -> None:
    """What is over, and whose end was noticed, concerns nobody any more."""
    silences = Silences()
    now = kept(silences, silence('a="1"'))
    later = kept(silences, silence('a="1"', start=HOUR, end=2 * HOUR))
    kept(silences, silence('a="2"'))
    assert silences.concerning(Labels({"a": "1"})) == {now.id, later.id}
    silences.crossed(T0 + HOUR)
    assert silences.concerning(Labels({"a": "1"})) == {later.id}


def test_muting_names_every_silence_that_is_active() -> None:
    silences = Silences()
    both = [kept(silences, silence()), kept(silences, silence("job=~a|b", "alertname=Down", end=2 * HOUR))]
    kept(silences, silence(start=3 * HOUR, end=4 * HOUR))
    kept(silences, silence("alertname=Up"))
    assert silences.muting(DOWN, T0) == tuple(sorted(one.id for one in both))
    assert silences.muting(DOWN, T0 + HOUR) == (both[1].id,)
    assert silences.muting(DOWN, T0 + 2 * HOUR) == ()
    assert silences.muting(Labels(), T0) == ()


ops = st.sampled_from(list(MatchOp))
any_matcher = st.builds(Matcher, st.sampled_from("abc"), st.sampled_from(["", "1", "2", "1|2"]), ops)
any_set = st.lists(any_matcher, min_size=1, max_size=3).map(tuple)
any_silence = st.builds(
    lambda sets, start, length: Silence(sets, T0 + start * HOUR, T0 + (start + length) * HOUR),
    st.lists(any_set, min_size=1, max_size=2).map(tuple),
    st.integers(0, 4),
    st.integers(1, 4),
)
any_labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2"])).map(Labels)


@settings(max_examples=examples(10))
@given(st.lists(st.tuples(any_silence, st.booleans(), st.integers(0, 2)), max_size=12), st.lists(any_labels, max_size=5))
def test_the_index_finds_what_a_search_finds(wishes: list[tuple[Silence, bool, int]], alerts: list[Labels]) -> None:
    """While silences are set, edited, expired, begin, end and are dropped."""
    silences, now, newest = Silences(), T0, ""
    for wish, edits, hours in wishes:
        now += hours * HOUR
        result = silences.set(replace(wish, id=newest if edits else ""), now)
        newest = result.silence.id if isinstance(result, SilenceChange) else newest
        if hours == 2 and newest:
            silences.expire(newest, now)
        silences.crossed(now)
        if silences.gc(now, HOUR).count(newest):
            newest = ""
        for labels in alerts:
            found = sorted(s.id for s in silences.listing(now, states=[ACTIVE]) if s.matches(labels))
            assert silences.muting(labels, now) == tuple(found)


def test_the_cost_of_muting_is_that_of_the_silences_nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 silences, most of them for one instance of one alert: an alert is tested against its own and the vague ones."""
    silences = Silences()
    for number in range(400):
        kept(silences, replace(silence(), matcher_sets=((ALERT, Matcher("instance", f"web{number}")),)))
    web = Labels({"alertname": "Down", "instance": "web132"})
    vague = kept(silences, silence("instance=~web1.*"))
    tested: list[MatcherSet] = []

    def counted(matchers: MatcherSet, labels: Labels) -> bool:
        tested.append(matchers)
        return match_all(matchers, labels)

    monkeypatch.setattr(module, "match_all", counted)
    assert len(silences.muting(web, T0)) == 2
    assert len(tested) <= 3
    tested.clear()
    silences.crossed(T0 + HOUR)
    assert silences.muting(web, T0 + HOUR) == ()
    assert vague.matcher_sets[0] not in tested
