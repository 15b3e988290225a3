"""Slots, limits, partial answers and edits of rule groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import FailureKind
from evaluator.core.evaluation.evaluation import EPOCH, GroupEvaluation, begin, first_slot, slot_offset
from evaluator.core.evaluation.rules import RecordingRule, RuleGroup
from evaluator.core.evaluation.tracking import Health, RuleEvaluation
from evaluator.core.events import Observation, QueryReturned
from evaluator.core.labels import Labels
from evaluator.core.records import State
from tests.core.playbook import NOTHING, T0, failure, group, moment, rule, series


@pytest.fixture(autouse=True, scope="module")
def round_slots() -> None:
    """Here the offsets are what they are in production."""


GROUPS = st.builds(
    RuleGroup,
    st.text("ab;é", max_size=5),
    st.text("ab;é", max_size=5),
    st.timedeltas(timedelta(milliseconds=1), timedelta(days=400)).map(
        lambda length: timedelta(milliseconds=length // timedelta(milliseconds=1))
    ),
    st.just(()),
    st.just("default"),
)
INSTANTS = st.integers(10**9, 7 * 10**12).map(lambda milliseconds: EPOCH + timedelta(milliseconds=milliseconds))


@given(GROUPS, INSTANTS)
def test_the_first_slot_is_the_next_one_of_the_groups_phase(group: RuleGroup, now: datetime) -> None:
    slot = first_slot(group, now)
    assert now <= slot < now + group.interval
    assert (slot - EPOCH) % group.interval == slot_offset(group) % group.interval


def test_the_phase_never_changes_between_versions_and_machines() -> None:
    """Written down once: a restart after an upgrade goes on in the same slots."""
    assert slot_offset(group(rule("A"))) == timedelta(seconds=41, milliseconds=862)
    phases = {slot_offset(group(rule("A"), name=f"g{n}")) for n in range(100)}
    assert len(phases) > 95


def test_a_phase_that_is_given_counts() -> None:
    """For those who have to say beforehand when a rule is evaluated."""
    assert slot_offset(replace(group(rule("A")), phase=timedelta(seconds=5))) == timedelta(seconds=5)


def started(offset: timedelta = timedelta(0), **more: object) -> GroupEvaluation:
    """A group of one rule with an interval of a minute."""
    return begin(replace(group(rule("A")), query_offset=offset, **more), T0)  # type: ignore[arg-type]


def test_queries_look_back_by_the_query_offset() -> None:
    evaluated = started(offset=timedelta(seconds=45))
    (query,) = evaluated.start(evaluated.next_slot)
    assert query.slot - query.at == timedelta(seconds=45)


@pytest.mark.parametrize(("late", "missed"), [(0, 0), (59, 0), (60, 1), (61, 1), (600, 10), (86400 * 30, 43200)])
def test_missed_slots_are_skipped_and_counted(late: int, missed: int) -> None:
    """The newest slot that has come is evaluated, stamped with its own time."""
    evaluated = started()
    first = evaluated.next_slot
    (query,) = evaluated.start(first + timedelta(seconds=late))
    assert (evaluated.missed, evaluated.iterations) == (missed, missed + 1)
    assert query.slot == first + missed * timedelta(minutes=1)
    assert evaluated.next_slot == query.slot + timedelta(minutes=1)


def test_only_alerting_rules_are_asked() -> None:
    """There is nowhere to write recordings to."""
    evaluated = begin(replace(group(rule("A")), rules=(RecordingRule("r", "r", "1", "1"), rule("A"))), T0)
    assert [query.rule for query in evaluated.start(evaluated.next_slot)] == ["A"]


def test_an_empty_group_is_done_at_once() -> None:
    evaluated = begin(group(), T0)
    assert evaluated.start(evaluated.next_slot) == []
    assert evaluated.finished_at == evaluated.slot


def test_an_answer_counts_once_and_only_for_its_slot() -> None:
    evaluated = started()
    first = evaluated.next_slot
    evaluated.start(first)
    assert not evaluated.expects("A", first - timedelta(minutes=1))
    assert not evaluated.expects("B", first)
    assert evaluated.expects("A", first)
    assert evaluated.answered("A", first)
    assert not evaluated.expects("A", first)


def test_an_edit_at_the_instant_of_a_slot_does_not_repeat_the_slot() -> None:
    former = started()
    slot = former.next_slot
    former.start(slot)
    edited = begin(replace(former.group, rules=(rule("A", hold="5m"),)), slot, former)
    assert edited.next_slot == slot + timedelta(minutes=1)


def test_an_edit_keeps_alerts_health_and_counts() -> None:
    former = started()
    former.missed, former.iterations = 3, 7
    former.rules["A"].answer(returned(series("A")), 0)
    edited = begin(replace(former.group, rules=(rule("A", hold="5m"), rule("B"))), moment("5m"), former)
    assert (edited.missed, edited.iterations) == (3, 7)
    kept = edited.rules["A"]
    assert kept.health is Health.OK
    assert [tracked.rule.hold for tracked in kept.alerts.values()] == [timedelta(minutes=5)]
    assert edited.rules["B"].health is Health.UNKNOWN


# -- answers --------------------------------------------------------------------------------------------------------------


def returned(observed: dict[Labels, Observation], slot: str = "0s", partial: bool = False) -> QueryReturned:
    return QueryReturned("A", moment(slot), observed, partial)


def many(letters: str, value: float = 1.0) -> dict[Labels, Observation]:
    """A series for each letter."""
    return {labels: seen for letter in letters for labels, seen in series("A", value, i=letter).items()}


def shown(evaluated: RuleEvaluation) -> str:
    """`a:firing b:pending`."""
    return " ".join(f"{labels['i']}:{one.life.state}" for labels, one in sorted(evaluated.alerts.items()))


def test_state_and_health() -> None:
    evaluated = RuleEvaluation(rule("A", hold="1m"))
    assert (evaluated.state, evaluated.health) == ("unknown", Health.UNKNOWN)
    evaluated.answer(returned(NOTHING), 0)
    assert (evaluated.state, evaluated.health) == ("inactive", Health.OK)
    evaluated.answer(returned(many("a"), "1m"), 0)
    assert evaluated.state == "pending"
    evaluated.answer(returned(many("ab"), "2m"), 0)
    assert evaluated.state == "firing"
    evaluated.fail(moment("3m"), failure(FailureKind.RULE, "duplicate"))
    assert (evaluated.state, evaluated.health, evaluated.error, evaluated.failures) == ("firing", Health.ERR, "duplicate", 1)
    evaluated.answer(returned(NOTHING, "4m"), 0)
    assert (evaluated.state, evaluated.health, evaluated.error, evaluated.failures) == ("inactive", Health.OK, "", 0)


def test_an_unchanged_alert_is_no_change_but_shows_the_new_value() -> None:
    evaluated = RuleEvaluation(rule("A"))
    evaluated.answer(returned(many("a", 1.0)), 0)
    assert evaluated.answer(returned(many("a", 2.0), "1m"), 0) == []
    (tracked,) = evaluated.alerts.values()
    assert tracked.annotations.value == 2.0


def test_value_and_annotations_freeze_while_an_alert_is_kept_firing() -> None:
    evaluated = RuleEvaluation(rule("A", keep="5m"))
    evaluated.answer(returned(many("a", 7.0)), 0)
    (change,) = evaluated.answer(returned(NOTHING, "1m"), 0)
    assert change.after is not None
    assert change.after.keep_firing_since == moment("1m")
    assert change.tracked.value == 7.0


@pytest.mark.parametrize("value", [0.0, float("nan"), float("-inf")])
def test_presence_is_activity_whatever_the_value(value: float) -> None:
    evaluated = RuleEvaluation(rule("A"))
    evaluated.answer(returned(many("a", value)), 0)
    assert shown(evaluated) == "a:firing"


LIMITS = [
    # what was there, what comes, limit, what is there then, refused
    ("", "abc", 0, "a:firing b:firing c:firing", 0),
    ("", "abc", -1, "a:firing b:firing c:firing", 0),
    ("", "abc", 3, "a:firing b:firing c:firing", 0),
    ("", "cba", 2, "a:firing b:firing", 1),
    ("c", "abc", 2, "a:firing c:firing", 1),
    ("abc", "abcd", 2, "a:firing b:firing c:firing", 1),
    ("ab", "bc", 2, "a:inactive b:firing c:firing", 0),
    ("abc", "abc", 1, "a:firing b:firing c:firing", 0),
]


@pytest.mark.parametrize(("had", "comes", "limit", "has", "refused"), LIMITS)
def test_over_the_limit_what_is_there_stays_and_no_more_comes_in(
    had: str, comes: str, limit: int, has: str, refused: int
) -> None:
    """Where Prometheus forgets every alert of the rule. Alerts that are over do not count, equality is allowed."""
    evaluated = RuleEvaluation(rule("A"))
    evaluated.answer(returned(many(had)), 0)
    evaluated.answer(returned(many(comes), "1m"), limit)
    assert (shown(evaluated), evaluated.refused) == (has, refused)
    assert (evaluated.health is Health.ERR) is bool(refused)


def test_the_error_of_the_limit_counts_all_that_would_be_there() -> None:
    evaluated = RuleEvaluation(rule("A"))
    evaluated.answer(returned(many("abc")), 0)
    evaluated.answer(returned(many("abcd"), "1m"), 2)
    assert evaluated.error == "exceeded limit of 2 with 4 alerts: 1 new ones refused"


def test_a_partial_answer_proves_only_what_it_shows() -> None:
    """Absent series keep their state, pending ones too, and the clock of keep_firing_for does not start."""
    evaluated = RuleEvaluation(rule("A", hold="1m", keep="5m"))
    evaluated.answer(returned(many("ab")), 0)
    evaluated.answer(returned(many("abc"), "1m"), 0)
    assert shown(evaluated) == "a:firing b:firing c:pending"
    changes = evaluated.answer(returned(many("b"), "2m", partial=True), 0)
    assert (changes, shown(evaluated)) == ([], "a:firing b:firing c:pending")


def test_what_is_over_is_forgotten_even_while_answers_are_partial() -> None:
    evaluated = RuleEvaluation(rule("A"))
    evaluated.answer(returned(many("a")), 0)
    evaluated.answer(returned(NOTHING, "1m"), 0)
    evaluated.answer(returned(NOTHING, "16m", partial=True), 0)
    assert shown(evaluated) == "a:inactive"
    evaluated.answer(returned(NOTHING, "17m", partial=True), 0)
    assert evaluated.alerts == {}


def test_firing_again_is_a_new_episode() -> None:
    """What was over starts anew as pending, with clocks of its own."""
    evaluated = RuleEvaluation(rule("A", hold="1m"))
    for slot, observed in [("0s", many("a")), ("1m", many("a")), ("2m", NOTHING)]:
        evaluated.answer(returned(observed, slot), 0)
    (change,) = evaluated.answer(returned(many("a"), "3m"), 0)
    assert change.before is not None
    assert change.before.state is State.INACTIVE
    assert change.after is not None
    assert (change.after.state, change.after.active_at, change.after.fired_at) == (State.PENDING, moment("3m"), None)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [(1.0, 1.0, True), (1.0, 2.0, False), (0.0, -0.0, False), (float("nan"), float("nan"), False)],
)
def test_annotations_are_the_same_object_until_they_read_differently(before: float, after: float, same: bool) -> None:
    """So that whoever has written them knows by identity; zeros of either sign read differently."""
    evaluation = RuleEvaluation(rule("Down"))
    labels = Labels({"alertname": "Down"})
    told = []
    for number, value in enumerate((before, after)):
        observed = {labels: Observation(Labels({"job": "x"}), value)}
        evaluation.answer(QueryReturned("Down", T0 + timedelta(minutes=number), observed), 0)
        told.append(evaluation.alerts[labels].annotations)
    assert (told[0] is told[1]) is same
    evaluation.alerts[labels].rule = replace(evaluation.rule, annotations=(("other", "text"),))
    assert evaluation.alerts[labels].annotations.templates == (("other", "text"),)
