"""What a policy objects to, what can be insisted on, and which edits nobody objects to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evaluator.core.matchers import parse_matchers
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_policy import VAGUE, Objection, SilencePolicy, Verdict, is_vague, objections, verdict, widens

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SEVERITY = frozenset({"severity"})
FIRM, SOFT = Objection("a", "b", "c", False), Objection("a", "b", "c", True)


def silence(*sets: str, start: timedelta = timedelta(0), end: timedelta = HOUR, comment: str = "work") -> Silence:
    """start, end: counted from T0."""
    found = tuple(parse_matchers(text).matchers for text in sets or ("alertname=Down",))
    return Silence(found, T0 + start, T0 + end, "ann", comment)


@pytest.mark.parametrize(
    ("policy", "wanted", "said"),
    [
        (SilencePolicy(), silence("a!=b", end=9999 * HOUR, comment=""), ""),
        (SilencePolicy(min_matchers=1), silence("a=b"), ""),
        (
            SilencePolicy(min_matchers=1),
            silence("a!=b"),
            "it narrows 0 labels, 1 are required; add matchers",
        ),
        (SilencePolicy(min_matchers=1), silence("a=~.+"), "it narrows 0 labels"),
        (SilencePolicy(min_matchers=2), silence("a=b,c=~.*"), "it narrows 1 label, 2 are required"),
        (SilencePolicy(min_matchers=2), silence("a=b,a=~b.*"), "it narrows 1 label,"),
        (SilencePolicy(min_matchers=2), silence("a=b,c=~d.*"), ""),
        (SilencePolicy(min_matchers=1), silence("a=b", "a!=b"), "it narrows 0 labels"),
        (
            SilencePolicy(forbid_only=SEVERITY),
            silence("severity=page"),
            "it narrows nothing but severity; add a matcher",
        ),
        (SilencePolicy(forbid_only=SEVERITY), silence("severity=page,team!=a"), "it narrows nothing but severity"),
        (
            SilencePolicy(forbid_only=SEVERITY),
            silence("team!=a"),
            "it narrows nothing; add a matcher",
        ),
        (SilencePolicy(forbid_only=SEVERITY), silence("severity=page,team=a"), ""),
        (SilencePolicy(max_duration=HOUR), silence(end=HOUR), ""),
        (SilencePolicy(max_duration=HOUR), silence(end=HOUR + SECOND), "it lasts longer than 1h; end it sooner"),
        (SilencePolicy(max_duration=HOUR), silence(start=-9 * HOUR), ""),
        (SilencePolicy(max_duration=HOUR), silence(start=9 * HOUR, end=11 * HOUR), "it lasts longer than 1h"),
        (SilencePolicy(max_alerts=5), silence(), "it would mute 6 alerts now, at most 5 are allowed; narrow its matchers"),
        (SilencePolicy(max_alerts=6), silence(), ""),
        (SilencePolicy(require_comment=True), silence(comment=" "), "it does not say why; add a comment"),
        (SilencePolicy(require_comment=True), silence(), ""),
    ],
)
def test_objections(policy: SilencePolicy, wanted: Silence, said: str) -> None:
    """Of a silence that would mute six alerts. What is over by now does not count as time."""
    found = objections(wanted, policy, T0, mutes=6)
    assert [str(one) for one in found if said and str(one).startswith(said)] == [str(one) for one in found]
    assert bool(found) is bool(said)


def test_each_rule_is_named_and_only_the_comment_cannot_be_waived() -> None:
    policy = SilencePolicy(HOUR, 2, SEVERITY, 1, require_comment=True, confirm=True)
    found = objections(silence("severity=page", end=2 * HOUR, comment=""), policy, T0, mutes=2)
    named = {one.rule: one.confirmable for one in found}
    assert named == {"min_matchers": True, "max_duration": True, "max_alerts": True, "require_comment": False}
    assert [one.confirmable for one in objections(silence("a!=b"), replace(policy, confirm=False), T0)] == [False]


@pytest.mark.parametrize(
    ("found", "confirmed", "result"),
    [
        ([], False, Verdict.ACCEPTED),
        ([SOFT], False, Verdict.CONFIRM),
        ([SOFT], True, Verdict.ACCEPTED),
        ([VAGUE], True, Verdict.ACCEPTED),
        ([FIRM], True, Verdict.REFUSED),
        ([SOFT, FIRM], False, Verdict.REFUSED),
        ([SOFT, FIRM], True, Verdict.REFUSED),
    ],
)
def test_verdict(found: list[Objection], confirmed: bool, result: Verdict) -> None:
    assert verdict(found, confirmed) is result


@pytest.mark.parametrize(
    ("sets", "vague"), [(["a=b"], False), (["a!=b"], True), (["a=~.+,b!=c"], True), (["a=b", "c!=d"], True)]
)
def test_what_mutes_nearly_everything(sets: list[str], vague: bool) -> None:
    assert is_vague(silence(*sets)) is vague


@pytest.mark.parametrize(
    ("wanted", "wider"),
    [
        (silence(comment="other"), False),
        (silence(end=HOUR - SECOND), False),
        (silence(start=SECOND), False),
        (silence(end=HOUR + SECOND), True),
        (silence(start=-SECOND), True),
        (silence("alertname=Up"), True),
    ],
)
def test_an_edit_that_mutes_no_more_than_before(wanted: Silence, wider: bool) -> None:
    """Shortening what a policy would not allow any more must always be possible."""
    assert widens(silence(), wanted, T0) is wider
    assert widens(None, wanted, T0)
    assert widens(silence(), wanted, T0 + HOUR)
