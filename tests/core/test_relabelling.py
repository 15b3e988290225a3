"""Relabelling, action by action; what a real Prometheus makes of the same rules is compared in the conformance tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.labels import Labels
from evaluator.core.posted.relabelling import Action, Relabel, relabel

LABELS = Labels({"a": "foo", "b": "bar", "c": "", "long": "two\nlines"})


def change(*rules: Relabel) -> dict[str, str] | None:
    """What becomes of `LABELS`: labels that are new or other than before, None for those taken away; None when dropped."""
    result = relabel(LABELS, rules)
    if result is None:
        return None
    changed = {name: value for name, value in result.items() if LABELS.get(name) != value}
    return changed | {name: None for name in LABELS if name not in result}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        (Relabel(target_label="d", replacement="x"), {"d": "x"}),
        (Relabel(source_labels=("a", "b"), target_label="d"), {"d": "foo;bar"}),
        (Relabel(source_labels=("a", "b"), separator="", target_label="d"), {"d": "foobar"}),
        (Relabel(source_labels=("a", "gone"), target_label="d"), {"d": "foo;"}),
        (Relabel(source_labels=("a",), regex="f(.)", target_label="d"), {}),
        (Relabel(source_labels=("a",), regex="f(.)(?P<rest>.*)", target_label="d", replacement="$1-${rest}"), {"d": "o-o"}),
        (Relabel(source_labels=("a",), regex="f(.*)", target_label="d", replacement="$1y"), {"d": None}),
        (Relabel(source_labels=("a",), regex="f(.*)", target_label="d", replacement="${1}y"), {"d": "ooy"}),
        (
            Relabel(source_labels=("a",), regex="f(.*)", target_label="d", replacement="$$1 $ ${ ${1 $9 $01"),
            {"d": "$1 $ ${ ${1  "},
        ),
        (Relabel(source_labels=("a",), target_label="b", replacement=""), {"b": None}),
        (Relabel(source_labels=("gone",), target_label="a"), {"a": None}),
        (Relabel(source_labels=("a",), regex="(f)(o*)", target_label="${2}_$1", replacement="x"), {"oo_f": "x"}),
        (Relabel(source_labels=("a",), target_label="${2}", replacement="x"), {}),
        (Relabel(source_labels=("a",), target_label="$1.x y"), {"foo.x y": "foo"}),
        (Relabel(source_labels=("a",), target_label="$1.x", classic=True), {}),
        (Relabel(source_labels=("a",), target_label="${1}_x", classic=True), {"foo_x": "foo"}),
        (Relabel(source_labels=("long",), target_label="d"), {"d": "two\nlines"}),
        (Relabel(source_labels=("long",), regex="two", target_label="d"), {}),
        (Relabel(source_labels=("a",), regex="foo|bar.*", target_label="d", replacement="x"), {"d": "x"}),
        (Relabel(source_labels=("a",), regex="", target_label="d", replacement="x"), {}),
        (Relabel(Action.LOWERCASE, ("a", "b"), target_label="d"), {"d": "foo;bar"}),
        (Relabel(Action.UPPERCASE, ("a", "b"), target_label="a"), {"a": "FOO;BAR"}),
        (Relabel(Action.HASH_MOD, ("a",), target_label="d", modulus=2**64 - 1), {"d": str(0xEDEF654FCCC4A4D8)}),
        (Relabel(Action.LABEL_MAP, regex="(a|b)", replacement="was_$1"), {"was_a": "foo", "was_b": "bar"}),
        (Relabel(Action.LABEL_MAP, regex="a|b", replacement="d"), {"d": "bar"}),
        (Relabel(Action.LABEL_DROP, regex="a|long|x"), {"a": None, "long": None}),
        (Relabel(Action.LABEL_KEEP, regex="a.*"), {"b": None, "c": None, "long": None}),
    ],
    ids=lambda value: str(value.action) if isinstance(value, Relabel) else "",
)
def test_what_a_rule_changes(rule: Relabel, changed: dict[str, str | None]) -> None:
    """An empty value takes a label away."""
    expected = {name: value for name, value in changed.items() if value is not None or name in LABELS}
    assert change(rule) == expected


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (Relabel(Action.KEEP, ("a",), regex="f.*"), True),
        (Relabel(Action.KEEP, ("a",), regex="f"), False),
        (Relabel(Action.DROP, ("a",), regex="f.*"), False),
        (Relabel(Action.DROP, ("a", "b"), regex="foo"), True),
        (Relabel(Action.DROP, ("gone",)), False),
        (Relabel(Action.KEEP_EQUAL, ("a",), target_label="a"), True),
        (Relabel(Action.KEEP_EQUAL, ("a",), target_label="b"), False),
        (Relabel(Action.KEEP_EQUAL, ("gone",), target_label="c"), True),
        (Relabel(Action.DROP_EQUAL, ("a",), target_label="a"), False),
        (Relabel(Action.DROP_EQUAL, ("a",), target_label="b"), True),
    ],
)
def test_what_a_rule_keeps(rule: Relabel, kept: bool) -> None:
    assert (change(rule) is not None) is kept


def test_rules_see_what_those_before_them_made() -> None:
    rules = (
        Relabel(source_labels=("a",), target_label="d"),
        Relabel(Action.LABEL_DROP, regex="a"),
        Relabel(Action.DROP, ("a",), regex="foo"),
    )
    assert change(*rules) == {"d": "foo", "a": None}


def test_what_was_set_counts_after_what_was_not_touched() -> None:
    """When labelmap gives two labels one name."""
    set_first = Relabel(target_label="a", replacement="new")
    assert change(set_first, Relabel(Action.LABEL_MAP, regex="a|b", replacement="d")) == {"a": "new", "d": "new"}


@pytest.mark.parametrize(
    ("action", "text", "expected"), [(Action.LOWERCASE, "ΑΣ İ", "ασ i"), (Action.UPPERCASE, "ß ŉ é", "ß ŉ É")]
)
def test_letters_change_one_by_one(action: Action, text: str, expected: str) -> None:
    """As in Go, where none becomes two."""
    result = relabel(Labels({"a": text}), (Relabel(action, ("a",), target_label="a"),))
    assert result == {"a": expected}


def test_an_expression_that_does_not_compile_is_refused_in_the_words_of_who_wrote_it() -> None:
    with pytest.raises(ValueError, match=r"invalid regular expression 'a\)\(b': unexpected \)"):
        Relabel(regex="a)(b")


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=4))
def test_without_rules_and_where_nothing_matches_labels_stay_the_same_object(pairs: dict[str, str]) -> None:
    """So whoever remembers what became of them need not compare."""
    labels = Labels(pairs)
    assert relabel(labels, ()) is labels
    assert relabel(labels, (Relabel(source_labels=("x" * 9,), regex="never", target_label="y"),)) is labels
