"""Inhibition: the documented rule, exactly, and an index that only moves where something changed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.labels import Labels, Matcher, MatchOp, match_all
from evaluator.core.muting import inhibition
from evaluator.core.muting.inhibition import Inhibitions, Inhibitor, InhibitRule, Touched
from tests.effort import examples


def m(text: str) -> tuple[Matcher, ...]:
    """`a=1,b!=2`."""
    pairs = [(part.partition("!="), part.partition("=")) for part in text.split(",") if part]
    return tuple(Matcher(ne[0], ne[2], MatchOp.NOT_EQUAL) if ne[1] else Matcher(eq[0], eq[2]) for ne, eq in pairs)


def rule(source: str, target: str, equal: str = "", name: str = "") -> InhibitRule:
    return InhibitRule(name, m(source), m(target), tuple(equal.split()))


def of(**labels: str) -> Labels:
    return Labels(labels)


def fire(inhibitions: Inhibitions, labels: Labels) -> tuple[Touched, ...]:
    return inhibitions.source_changed(labels, labels.fingerprint, firing=True)


def resolve(inhibitions: Inhibitions, labels: Labels) -> tuple[Touched, ...]:
    return inhibitions.source_changed(labels, labels.fingerprint, firing=False)


def inhibited(inhibitions: Inhibitions, labels: Labels) -> bool:
    return inhibitions.inhibitor(labels, labels.fingerprint) is not None


@pytest.mark.parametrize(
    ("source", "muted"),
    [
        ("severity=critical", False),
        ("", False),
        ("alertname=EvaluatorNotificationFailing", True),
        ("alertname!=Down,severity=critical", True),
    ],
)
def test_a_built_in_alert_mutes_only_where_names_are_asked_for(source: str, muted: bool) -> None:
    """A receiver that is away must not silence the warnings of everybody."""
    inhibitions = Inhibitions([rule(source, "severity=warning", "cluster")])
    fire(inhibitions, of(alertname="EvaluatorNotificationFailing", severity="critical", receiver="team"))
    assert inhibited(inhibitions, of(alertname="Disk", severity="warning")) is muted


A, B = of(s1="1", t1="2", e="1"), of(s2="1", t2="1", e="1")
TARGETS = [
    of(t1="1", e="1"),
    of(t2="1", e="1"),
    of(t1="1", t3="1", e="1"),
    of(t1="1", t2="1", e="1"),
    of(t1="0", e="1"),
    of(s1="1", t1="1", e="1"),
    of(s2="1", t2="1", e="1"),
    of(t1="1", e="0"),
]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (rule("s1=1", "t1=1", "e"), "yyyynynn"),
        (rule("s1=1", "t1!=1", "e"), "nynyynyn"),
    ],
)
def test_source_only_and_two_sided_sources(first: InhibitRule, expected: str) -> None:
    """With the second rule, source B matches both of its sides; so does A with the negative form of the first."""
    inhibitions = Inhibitions([first, rule("s2=1", "t2=1", "e")])
    fire(inhibitions, A)
    fire(inhibitions, B)
    assert "".join("y" if inhibited(inhibitions, target) else "n" for target in TARGETS) == expected


@pytest.mark.parametrize(
    ("equal", "firing", "resolved", "expected"),
    [
        ("a b", [], [], False),
        ("", [of(s="1")], [], True),
        ("a b", [], [of(s="1", a="1", b="1"), of(s="1", a="1", b="1", c="2")], False),
        ("a", [of(s="1", a="1", b="2")], [of(s="1", a="1")], True),
        ("a", [of(s="1", a="2")], [], False),
        ("a b", [of(s="1", a="1")], [], False),
        ("c", [of(s="1")], [], True),
        ("c", [of(s="1", c="")], [], True),
    ],
)
def test_equal_labels(equal: str, firing: list[Labels], resolved: list[Labels], expected: bool) -> None:
    """A label that both lack is equal, and so is one that is empty on one side and absent on the other."""
    inhibitions = Inhibitions([rule("s=1", "t=1", equal)])
    for labels in [*firing, *resolved]:
        fire(inhibitions, labels)
    for labels in resolved:
        resolve(inhibitions, labels)
    assert inhibited(inhibitions, of(t="1", a="1", b="1")) is expected


down, node = of(alertname="Down", job="a"), of(alertname="NodeDown", job="a")
BY_NODE = rule("alertname=NodeDown", "alertname=Down", "job", name="by-node")


def test_inhibition_begins_and_ends_with_its_source() -> None:
    inhibitions = Inhibitions([BY_NODE])
    assert inhibitions.inhibitor(down, down.fingerprint) is None
    assert fire(inhibitions, node) == (Touched(0, ("a",), targets=True, two_sided=True),)
    assert inhibitions.inhibitor(down, down.fingerprint) == Inhibitor(0, "by-node", node.fingerprint)
    assert resolve(inhibitions, node) == (Touched(0, ("a",), targets=True, two_sided=True),)
    assert inhibitions.inhibitor(down, down.fingerprint) is None


def test_a_two_sided_source_does_not_hide_another() -> None:
    """Whichever of the two came last, the alert that matches both sides is inhibited by the source-only one."""
    both, plain, also_both = of(s="1", t="1", n="1"), of(s="1", n="2"), of(s="1", t="1", n="3")
    for order in ([both, plain], [plain, both]):
        inhibitions = Inhibitions([rule("s=1", "t=1")])
        for labels in order:
            fire(inhibitions, labels)
        assert inhibitions.inhibitor(also_both, also_both.fingerprint) == Inhibitor(0, "", plain.fingerprint)
        assert inhibitions.inhibitor(both, both.fingerprint) == Inhibitor(0, "", plain.fingerprint)


def test_a_resolved_source_does_not_hide_its_twin() -> None:
    """The second source resolves and is forgotten; the first goes on inhibiting, and nothing is touched."""
    twin = of(alertname="NodeDown", job="a", replica="2")
    inhibitions = Inhibitions([BY_NODE])
    fire(inhibitions, node)
    assert fire(inhibitions, twin) == ()
    assert resolve(inhibitions, twin) == ()
    inhibitions.forget(twin.fingerprint)
    assert inhibitions.inhibitor(down, down.fingerprint) == Inhibitor(0, "by-node", node.fingerprint)


def test_an_empty_rule_inhibits_nothing() -> None:
    """Everything matches both of its sides."""
    inhibitions = Inhibitions([InhibitRule()])
    assert fire(inhibitions, node) == (Touched(0, (), targets=True, two_sided=False),)
    assert not inhibited(inhibitions, down)
    assert not inhibited(inhibitions, node)
    assert not inhibitions.touches(Touched(0, (), targets=True, two_sided=False), down)


def test_chains_work_one_step_at_a_time() -> None:
    """An inhibited alert still inhibits; what it inhibits is not inhibited by its own inhibitor."""
    site = of(alertname="SiteDown")
    inhibitions = Inhibitions([rule("alertname=SiteDown", "alertname=NodeDown"), BY_NODE])
    fire(inhibitions, site)
    fire(inhibitions, node)
    assert inhibitions.inhibitor(node, node.fingerprint) == Inhibitor(0, "", site.fingerprint)
    assert inhibitions.inhibitor(down, down.fingerprint) == Inhibitor(1, "by-node", node.fingerprint)


def test_the_first_rule_and_the_lowest_fingerprint_are_named() -> None:
    """So the answer does not depend on the order in which alerts came."""
    sources = [of(s="1", n=str(number)) for number in range(5)]
    inhibitions = Inhibitions([rule("s=9", "t=1"), rule("s=1", "t=1", name="first"), rule("s=1", "t=1", name="second")])
    for labels in sources:
        fire(inhibitions, labels)
    lowest = min(labels.fingerprint for labels in sources)
    assert inhibitions.inhibitor(of(t="1"), of(t="1").fingerprint) == Inhibitor(1, "first", lowest)


def test_what_is_known_already_touches_nothing() -> None:
    inhibitions = Inhibitions([BY_NODE])
    assert fire(inhibitions, node)
    assert fire(inhibitions, node) == ()
    assert resolve(inhibitions, down) == ()
    assert resolve(inhibitions, node)
    assert resolve(inhibitions, node) == ()


def test_only_alerts_of_the_switched_slot_are_affected() -> None:
    """Those that were asked about and not forgotten; `touches` says the same of any labels."""
    elsewhere, again = of(alertname="Down", job="b"), of(alertname="Down", job="a", instance="1")
    inhibitions = Inhibitions([BY_NODE])
    for labels in (down, elsewhere, again, node):
        inhibited(inhibitions, labels)
    (touched,) = fire(inhibitions, node)
    assert set(inhibitions.affected(touched)) == {down.fingerprint, again.fingerprint}
    assert [inhibitions.touches(touched, labels) for labels in (down, elsewhere, again, node)] == [True, False, True, False]
    inhibitions.forget(down.fingerprint)
    inhibitions.forget(down.fingerprint)
    assert inhibitions.affected(touched) == (again.fingerprint,)


def test_a_two_sided_source_touches_no_two_sided_target() -> None:
    both, other, plain, target = of(s="1", t="1"), of(s="1", t="1", n="2"), of(s="1"), of(t="1")
    inhibitions = Inhibitions([rule("s=1", "t=1")])
    for labels in (other, target):
        inhibited(inhibitions, labels)
    (by_both,) = fire(inhibitions, both)
    assert inhibitions.affected(by_both) == (target.fingerprint,)
    (by_plain,) = fire(inhibitions, plain)
    assert inhibitions.affected(by_plain) == (other.fingerprint,)


# -- against the definition -------------------------------------------------------------------------------------------


def by_definition(rules: Sequence[InhibitRule], firing: Sequence[Labels], target: Labels) -> bool:
    """The rule as it is documented, alert by alert."""

    def counts(rule: InhibitRule, source: Labels) -> bool:
        if not (match_all(rule.target_matchers, target) and match_all(rule.source_matchers, source)):
            return False
        if any(source.get(name, "") != target.get(name, "") for name in rule.equal):
            return False
        return not (match_all(rule.source_matchers, target) and match_all(rule.target_matchers, source))

    return any(counts(rule, source) for rule in rules for source in firing)


values = st.sampled_from(["", "1", "2"])
universe = [of(a=a, b=b, c=c) for a in ("", "1", "2") for b in ("1", "2") for c in ("", "1")]
matchers = st.lists(
    st.builds(Matcher, st.sampled_from("abc"), values, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL])), max_size=2
)
rules_of_all_kinds = st.builds(
    InhibitRule, st.just(""), matchers.map(tuple), matchers.map(tuple), st.lists(st.sampled_from("abcd"), max_size=2).map(tuple)
)


@settings(max_examples=examples(10))
@given(st.lists(rules_of_all_kinds, max_size=3), st.lists(st.tuples(st.sampled_from(universe), st.booleans()), max_size=15))
def test_the_index_says_what_the_definition_says(rules: list[InhibitRule], events: list[tuple[Labels, bool]]) -> None:
    """After each event; and every alert whose answer changed is among the affected ones."""
    inhibitions, firing = Inhibitions(rules), list[Labels]()
    before = {labels: inhibited(inhibitions, labels) for labels in universe}
    assert not any(before.values())
    for labels, fires in events:
        firing = [other for other in firing if other != labels] + ([labels] if fires else [])
        switched = inhibitions.source_changed(labels, labels.fingerprint, fires)
        after = {other: inhibited(inhibitions, other) for other in universe}
        assert after == {other: by_definition(rules, firing, other) for other in universe}
        affected = {name for touched in switched for name in inhibitions.affected(touched)}
        assert {other.fingerprint for other in universe if before[other] != after[other]} <= affected
        assert affected == {o.fingerprint for o in universe if any(inhibitions.touches(touched, o) for touched in switched)}
        before = after


def test_the_cost_of_a_change_is_that_of_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 sources and 2,000 targets: a source that ends and begins is matched once, and concerns its own ten targets."""
    inhibitions = Inhibitions([rule("alertname=NodeDown", "alertname=Down", "node")])
    sources = [of(alertname="NodeDown", node=str(number)) for number in range(200)]
    targets = [of(alertname="Down", node=str(number % 200), pod=str(number)) for number in range(2_000)]
    for labels in sources:
        fire(inhibitions, labels)
    assert all(inhibited(inhibitions, labels) for labels in targets)

    matched: list[Labels] = []

    def counted(side: tuple[Matcher, ...], labels: Labels) -> bool:
        matched.append(labels)
        return match_all(side, labels)

    monkeypatch.setattr(inhibition, "match_all", counted)
    (ended,) = resolve(inhibitions, sources[7])
    assert matched == []
    assert set(inhibitions.affected(ended)) == {labels.fingerprint for labels in targets[7::200]}
    assert [labels for labels in targets if not inhibited(inhibitions, labels)] == targets[7::200]
    assert matched == []
    (began,) = fire(inhibitions, sources[7])
    assert began == ended
    assert matched == [sources[7], sources[7]]
