"""Recorded names are replaced by their expressions, or refused with a reason. What the results mean is compared with
promtool in test_inlining_against_promtool."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.promql import Dialect, PromqlError, Recording, Recordings, inline, parse
from evaluator.promql.rewriting import only_matching, with_label


def recorded(expr: str, interval: int = 60, dialect: Dialect = Dialect.PROMETHEUS, **labels: str) -> Recording:
    return Recording(parse(expr, dialect), Labels(labels), timedelta(seconds=interval))


def inlined(expr: str, recordings: Recordings, dialect: Dialect = Dialect.PROMETHEUS) -> str:
    return inline(parse(expr, dialect), recordings)


def as_name(text: str, name: str) -> str:
    return f'label_replace({text}, "__name__", "{name}", "", "")'


ONE: Recordings = {"a:b": [recorded("sum by (job) (up)", interval=30)]}
NAMED = as_name("sum by (job) (up)", "a:b")

SHAPES = [
    ("a:b", NAMED),
    ("a:b > 1", f"{NAMED} > 1"),
    ("rate(a:b[5m])", f"rate(({NAMED})[5m:30s])"),
    ("rate(a:b[5m] offset 1h)", f"rate(({NAMED})[5m:30s] offset 1h)"),
    ("rate(a:b[5m] @ 10 offset 1h)", f"rate(({NAMED})[5m:30s] @ 10.000 offset 1h)"),
    ("max_over_time(a:b[5m:1m])", f"max_over_time({NAMED}[5m:1m])"),
    ("a:b offset 1h", as_name("last_over_time((sum by (job) (up))[30s:30s] offset 1h)", "a:b")),
    ("a:b @ end()", as_name("last_over_time((sum by (job) (up))[30s:30s] @ end())", "a:b")),
    ('{__name__="a:b", __name__!="x"}', NAMED),
    ('{__name__="a:b", __name__=~"x"}', "(vector(0) > 0)"),
    ("absent(a:b)", f"absent({NAMED})"),
    ("other + a:c", "other + a:c"),
    ('{job="x"}', '{job="x"}'),
    ('count({__name__=~".+"})', 'count({__name__=~".+"})'),
    ('{__name__=~"other|x"}', '{__name__=~"other|x"}'),
    ('{__name__!="other",job="x"}', '{__name__!="other",job="x"}'),
    ('info(a:b, {__name__="target_info"})', f'info({NAMED}, {{__name__="target_info"}})'),
    ("info(a:b)", f"info({NAMED})"),
    ("up # a:b", "up"),
    ('vector(1) or label_replace(up, "a:b", "a:b", "", "")', 'vector(1) or label_replace(up, "a:b", "a:b", "", "")'),
]


@pytest.mark.parametrize(("expr", "expected"), SHAPES)
def test_each_use_takes_the_shape_that_its_place_wants(expr: str, expected: str) -> None:
    assert inlined(expr, ONE) == expected
    assert parse(expected).text == expected


def test_rule_labels_are_put_on_and_decide_matchers() -> None:
    """A dollar in a label is text, not a reference to a group; an empty label is taken off."""
    recordings = {"r": [recorded("up", team="a$1", job="")]}
    full = as_name('label_replace(label_replace(up, "job", "", "", ""), "team", "a$$1", "", "")', "r")
    assert inlined('r{team="a$1",job=""}', recordings) == full
    assert inlined('r{team=~"b.*"}', recordings) == "(vector(0) > 0)"
    assert inlined('r{job="api"}', recordings) == "(vector(0) > 0)"


def test_other_matchers_filter_by_a_mark_that_is_taken_off() -> None:
    assert only_matching("x", Matcher("job", "a.b")) == (
        'label_replace(label_replace(x, "__evaluator_match__", "1", "job", "a\\\\.b") and on (__evaluator_match__) '
        'label_replace(vector(1), "__evaluator_match__", "1", "", ""), "__evaluator_match__", "", "", "")'
    )
    assert " unless on " in only_matching("x", Matcher("job", "a.*", MatchOp.NOT_REGEX))


def test_recordings_of_one_name_are_joined_and_the_shortest_interval_samples_them() -> None:
    recordings = {"r": [recorded("up", 60, level="a"), recorded("down", 15, level="b")]}
    one = as_name(with_label("up", "level", "a"), "r")
    other = as_name(with_label("down", "level", "b"), "r")
    assert inlined("-r", recordings) == f"-({one} or {other})"
    assert inlined("rate(r[1m])", recordings) == f"rate((({one} or {other}))[1m:15s])"
    assert inlined('r{level="b"}', recordings) == other


def test_a_scalar_is_recorded_as_a_vector() -> None:
    assert inlined("now > 5", {"now": [recorded("time() - 1")]}) == as_name("vector(time() - 1)", "now") + " > 5"


def test_chains_are_followed() -> None:
    recordings = {"one": [recorded("up")], "two": [recorded("one * 2")]}
    assert inlined("two", recordings) == as_name(as_name("up", "one") + " * 2", "two")


def test_circles_are_refused_by_name() -> None:
    recordings = {"a": [recorded("b + 1")], "b": [recorded("sum(c)")], "c": [recorded("b")]}
    with pytest.raises(PromqlError, match="circle: b -> c -> b"):
        inlined("a", recordings)


def test_a_name_may_build_on_another_recording_of_itself() -> None:
    """Which recording is meant is decided by its labels, so this is no circle."""
    recordings = {"r": [recorded("up", level="low"), recorded('sum(r{level="low"})', level="high")]}
    assert "sum(" in inlined('r{level="high"}', recordings)
    recordings = {"r": [recorded("sum(r)", level="high")]}
    with pytest.raises(PromqlError, match="circle: r -> r"):
        inlined("r", recordings)


REFUSED = [
    ('{__name__=~"a:.*"}', "covers the recorded name a:b"),
    ('sum({__name__=~"up|a:b", job="x"})', "covers the recorded name a:b"),
    ('info(up, {__name__="a:b"})', r"info\(\) cannot use the recorded name a:b"),
    ('info(up, {__name__=~"a.*"})', "covers the recorded name a:b"),
    ("new_function(a:b)", "cannot be replaced .*unknown function"),
    ("text", "never records anything: its result is a string"),
    ("ranges", "never records anything: its result is a matrix"),
]


@pytest.mark.parametrize(("expr", "message"), REFUSED)
def test_what_has_no_faithful_rewriting_is_refused(expr: str, message: str) -> None:
    recordings = {**ONE, "text": [recorded('"a"')], "ranges": [recorded("up[5m]")]}
    with pytest.raises(PromqlError, match=message):
        inlined(expr, recordings)


def test_an_unknown_expression_without_recorded_names_is_sent_as_it_is() -> None:
    assert inlined('new_function(up) # "a:b"', ONE) == "new_function(up)"


def test_a_recorded_expression_may_be_one_that_only_the_server_knows() -> None:
    recordings = {"r": [recorded("up default 0 # zero", dialect=Dialect.METRICSQL)]}
    assert inlined("r > 1", recordings, Dialect.METRICSQL) == as_name("up default 0", "r") + " > 1"


def test_an_unknown_recording_that_builds_on_a_recording_is_refused() -> None:
    recordings = {**ONE, "r": [recorded("a:b default 0", dialect=Dialect.METRICSQL)]}
    with pytest.raises(PromqlError, match=r"recorded name a:b cannot be replaced"):
        inlined("r", recordings, Dialect.METRICSQL)


@pytest.mark.parametrize(("dialect", "levels"), [(Dialect.METRICSQL, 10), (Dialect.PROMETHEUS, 20)])
def test_a_query_that_outgrows_the_server_is_refused(dialect: Dialect, levels: int) -> None:
    recordings = {f"r{n}": [recorded(f"r{n - 1} + r{n - 1}", dialect=dialect)] for n in range(1, levels)}
    with pytest.raises(PromqlError, match="characters long"):
        inlined(f"r{levels - 1}", recordings, dialect)


def test_an_endless_chain_is_refused() -> None:
    recordings = {f"r{n}": [recorded(f"sum(r{n - 1})")] for n in range(1, 2000)}
    with pytest.raises(PromqlError, match="too many recording rules"):
        inlined("r1999", recordings)


VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(VALUES, VALUES, st.sampled_from(["=", "!="]))
def test_what_comes_out_reads_back(label: str, wanted: str, op: str) -> None:
    """Whatever labels and matchers hold, the query is PromQL, printed as Prometheus prints it."""
    recordings = {"r": [Recording(parse("up"), Labels({"team": label}))]}
    matcher = str(Matcher("job", wanted, MatchOp(op)))
    text = inlined(f"r{{{matcher}}} offset 5m", recordings)
    assert parse(text).text == text
