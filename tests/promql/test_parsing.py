"""What an expression is read as, how it is printed, and where the line between wrong and newer runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.core.evaluation.answers import ResultType
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.settings import DatasourceKind
from evaluator.promql import Dialect, PromqlError, Selector, parse, selectors_of
from tests.effort import examples

# As the `query` field of /api/v1/rules of a Prometheus 2.42 shows them.
PRINTED = [
    ("up", "up"),
    ("sum(up) by (a)", "sum by (a) (up)"),
    ("sum by () (up)", "sum(up)"),
    ("sum without () (up)", "sum without () (up)"),
    ("topk by (a)(5, up)", "topk by (a) (5, up)"),
    ("SUM(a) BY (b)", "sum by (b) (a)"),
    ("a AND b", "a and b"),
    ("a + ignoring() b", "a + b"),
    ("a * ignoring(z) group_left b", "a * ignoring (z) group_left () b"),
    ("a * on(x,y) group_right(z) b", "a * on (x, y) group_right (z) b"),
    ("a == bool 1", "a == bool 1"),
    ("a and on() b", "a and on () b"),
    ("a or b and c unless d", "a or b and c unless d"),
    ("-a ^ 2", "-a ^ 2"),
    ("(a ^ b) ^ c", "(a ^ b) ^ c"),
    ("- a", "-a"),
    ("a - -1", "a - -1"),
    ("2 ^ -1", "2 ^ -1"),
    ("a > 999999", "a > 999999"),
    ("a > 0.0001", "a > 0.0001"),
    ("a > 1e5", "a > 100000"),
    ("a > -Inf", "a > -Inf"),
    ("a > Inf", "a > +Inf"),
    ("a > NaN", "a > NaN"),
    ("a > 0x1F", "a > 31"),
    ("a > 017", "a > 15"),
    ("a @ 1609746000", "a @ 1609746000.000"),
    ("a[5m:] @ end() offset 1m", "a[5m:] @ end() offset 1m"),
    ("a[1h:5m] offset 1d @ 5", "a[1h:5m] @ 5.000 offset 1d"),
    ("a @ start()", "a @ start()"),
    ("a[5m] offset -90s", "a[5m] offset -1m30s"),
    ("a offset 1y2w", "a offset 379d"),
    ("a[100ms]", "a[100ms]"),
    ('a{b="c",d!~`e\\d+`,f=~\'g"h\'}', 'a{b="c",d!~"e\\\\d+",f=~"g\\"h"}'),
    ('a{on="x",b=""}', 'a{b="",on="x"}'),
    ('{__name__="up"}', '{__name__="up"}'),
    ('{__name__=~"up|down"}', '{__name__=~"up|down"}'),
    ('"str\\ting é"', '"str\\ting é"'),
    ('a{b="x\\u00a0y\\x01"}', 'a{b="x\\u00a0y\\x01"}'),
    ('count_values("v", a)', 'count_values("v", a)'),
    ("quantile without(a) (0.9, a)", "quantile without (a) (0.9, a)"),
    ("sum by (on, by) (a)", "sum by (on, by) (a)"),
    ("sum( # total\n  a{b='#'}\n)", 'sum(a{b="#"})'),
    ("holt_winters(a[5m], 0.5, 0.5)", "holt_winters(a[5m], 0.5, 0.5)"),
    ('label_replace(a, "b", "$1", "c", "(.*)")', 'label_replace(a, "b", "$1", "c", "(.*)")'),
    ("sum", "sum"),
    ("foo:bar:baz", "foo:bar:baz"),
]

# Newer than 2.42, or printed otherwise by it: numbers without exponents, nothing lost after an empty ignoring().
PRINTED_AS_TODAY = [
    ("a > 1000000", "a > 1000000"),
    ("a > 1e-07", "a > 0.0000001"),
    ("a > 1_000", "a > 1000"),
    ("a * ignoring() group_left(x) b", "a * ignoring () group_left (x) b"),
    ("+a", "a"),
    ("a > 1h", "a > 3600"),
    ('{"foo.bar", "a b"="c"}', '{"a b"="c",__name__="foo.bar"}'),
    ('sum by ("a.b") (up)', 'sum by ("a.b") (up)'),
    ("a + on(x) group_left fill_right(2) b", "a + on (x) group_left () fill_right (2) b"),
    ("a + fill(0.5) b", "a + fill (0.5) b"),
    ('info(up, {a="b"})', 'info(up, {a="b"})'),
    ("limitk(2, up)", "limitk(2, up)"),
    ("double_exponential_smoothing(a[5m], 0.5, 0.5)", "double_exponential_smoothing(a[5m], 0.5, 0.5)"),
]


@pytest.mark.parametrize(("text", "printed"), PRINTED + PRINTED_AS_TODAY)
@pytest.mark.parametrize("dialect", Dialect)
def test_expressions_are_printed_as_prometheus_prints_them(text: str, printed: str, dialect: Dialect) -> None:
    expression = parse(text, dialect)
    assert expression.known
    assert expression.text == printed
    assert parse(printed, dialect) == expression


TYPES = [
    ("up", ResultType.VECTOR),
    ("(up)", ResultType.VECTOR),
    ("-up", ResultType.VECTOR),
    ("up + 1", ResultType.VECTOR),
    ("sum(up)", ResultType.VECTOR),
    ("vector(1)", ResultType.VECTOR),
    ("1 + 2", ResultType.SCALAR),
    ("1 > bool 2", ResultType.SCALAR),
    ("-(1)", ResultType.SCALAR),
    ("time() - 5", ResultType.SCALAR),
    ("scalar(up)", ResultType.SCALAR),
    ("up[5m]", ResultType.MATRIX),
    ("rate(up[5m])[1h:1m]", ResultType.MATRIX),
    ('"text"', ResultType.STRING),
]


@pytest.mark.parametrize(("text", "expected"), TYPES)
def test_result_types(text: str, expected: ResultType) -> None:
    assert parse(text).result_type is expected


WRONG = [
    ("", 1, 1, "no expression found"),
    ("  # only a comment", 1, 1, "no expression found"),
    ("sum(\n  up", 1, 4, r"unclosed '\('"),
    ("up)", 1, 3, "nothing is open"),
    ("up[5m)", 1, 6, r"expected '\]'"),
    ('up{a="b}', 1, 6, "unterminated string"),
    ('up{a="b\nc"}', 1, 6, "unterminated string"),
    ("up{a=`b}", 1, 6, "unterminated string"),
    ("up > $limit", 1, 6, "unexpected character: '\\$'"),
    ("a\n  && b", 2, 3, "unexpected character: '&'"),
    ("up > 1e400", 1, 6, "value out of range"),
    ("sum by (job)\n  rate(x[5m])", 2, 3, "unexpected rate"),
    ("sum by job (x)", 1, 8, "unexpected job"),
    ("sum(rate(a[5m])) by", 1, 20, "unexpected end of input"),
    ("a == = b", 1, 6, "unexpected ="),
    ("a + * b", 1, 5, r"unexpected \*"),
    ("a +", 1, 4, "unexpected end of input"),
    ("a b{}", 1, 3, "unexpected b"),
    ("histogram_quantile(0.9 rate(a[5m]))", 1, 24, "unexpected rate"),
    ("rate(up)", 1, 1, "expected type matrix"),
    ("sum(a) + rate(5)", 1, 10, "expected type matrix"),
    ("up and 1", 1, 4, "not allowed in binary scalar expression"),
    ('up{a=~"("}', 1, 7, "invalid regular expression"),
    ('up{a!~"x(?=y)"}', 1, 7, "invalid regular expression"),
    (r'up{a=~"\d"}', 1, 7, "double the backslash or use backticks"),
    ("up{a=b}", 1, 6, "unexpected identifier 'b'"),
    ("up[5x]", 1, 4, "bad number or duration syntax"),
    ("1 > 2", None, None, "must use BOOL"),
    ("{}", None, None, "at least one non-empty matcher"),
    ('{a=~".*"}', None, None, "at least one non-empty matcher"),
    ("topk(up)", None, None, "wrong number of arguments"),
    ("up[0s]", None, None, "greater than 0"),
    ("WITH (x = up) x", 1, 9, "unexpected ="),
    ('up{a="b" or a="c"}', None, None, "MetricsQL"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_what_no_prometheus_can_read_is_refused_with_its_place(
    text: str, line: int | None, column: int | None, message: str
) -> None:
    with pytest.raises(PromqlError, match=message) as refused:
        parse(text)
    assert (refused.value.line, refused.value.column) == (line, column)


NEWER = [
    ("new_function(up)", 'unknown function "new_function"'),
    ("sum(new_function(up)) > 0", 'unknown function "new_function"'),
    ("up smoothed", 'unknown word "smoothed"'),
    ("rate(up[5m] anchored)", 'unknown word "anchored"'),
    ("up </ 5", "unknown operator </"),
    ("up[5m + 1m]", "arithmetic on durations"),
    ("up[step()]", "arithmetic on durations"),
    ("up[1h:step() / 2]", "arithmetic on durations"),
    ("up offset (1m + 1m)", "arithmetic on durations"),
    (r'up{a="\xff"}', "a string whose bytes are not UTF-8"),
    ("up @ -5", "a time before 1970 after @"),
    ("(" * 300 + "up" + ")" * 300, "more than 250 operators and levels"),
    ("+".join(["up"] * 300), "more than 250 operators and levels"),
]


@pytest.mark.parametrize(("text", "reason"), NEWER)
def test_what_may_be_newer_is_left_to_the_server(text: str, reason: str) -> None:
    expression = parse(f"  {text} # why\n")
    assert not expression.known
    assert expression.reason.startswith(reason)
    assert expression.text == text
    assert (expression.result_type, expression.selectors) == (None, ())


METRICSQL = [
    "up default 0",
    "rate(up)",
    "WITH (x = up) x",
    '{a="b" or c="d"}',
    "rate(up[5m]) keep_metric_names",
    "up if (down)",
    "label_set(up, 'a', 'b')",
    "up[1.5h]",
    "up > 8Ki",
    "sum(up) limit 5",
    "{}",
    r'up{a="\d"}',
    "up > $limit",
]


@pytest.mark.parametrize("text", METRICSQL)
def test_metricsql_is_left_to_victoriametrics(text: str) -> None:
    expression = parse(text, Dialect.METRICSQL)
    assert not expression.known
    assert expression.reason
    assert expression.text == text


@pytest.mark.parametrize("text", ["", "sum(up", 'up{a="b}', "up}", 'up{a=~"("}'])
def test_metricsql_must_still_pair_its_brackets_and_quotes(text: str) -> None:
    with pytest.raises(PromqlError):
        parse(text, Dialect.METRICSQL)


def test_the_dialect_follows_from_the_kind_of_datasource() -> None:
    assert [Dialect(kind) for kind in DatasourceKind] == [Dialect.PROMETHEUS, Dialect.METRICSQL]


def test_functions_and_aggregations_are_listed() -> None:
    expression = parse('topk(2, SUM by (a) (rate(x[5m]))) unless absent(y{b="c"})')
    assert expression.functions == {"topk", "sum", "rate", "absent"}


def test_selectors_are_listed_bare_and_in_order() -> None:
    expression = parse('rate(a{b=~"c"}[5m] offset 1h) / {__name__="d", e!="f"} @ 5 > max_over_time(g[1h:1m])')
    assert expression.selectors == (
        Selector("a", (Matcher("b", "c", MatchOp.REGEX),), 'a{b=~"c"}'),
        Selector("d", (Matcher("e", "f", MatchOp.NOT_EQUAL),), '{__name__="d",e!="f"}'),
        Selector("g", (), "g"),
    )


def test_selectors_expected_to_match_leave_out_what_absent_asks_for() -> None:
    expression = parse("absent(a) or absent((b)) or absent_over_time(c[5m]) or absent(sum(d)) or e or e or absent(e)")
    assert [each.text for each in selectors_of(expression)] == ["d", "e"]


def test_the_second_argument_of_info_is_a_selector_only_when_it_names_metrics() -> None:
    assert [each.text for each in parse('info(a, {b="c"})').selectors] == ["a"]
    assert [each.text for each in parse('info(a, {__name__=~".+_info"})').selectors] == ["a", '{__name__=~".+_info"}']


def test_a_name_may_be_fixed_by_matchers_alone() -> None:
    selectors = [parse(text).selectors[0] for text in ('{__name__=~"a|b"}', '{__name__="a",__name__=~"a.*"}', '{b="c"}')]
    assert [each.name for each in selectors] == [None, "a", None]
    assert selectors[1].matchers == (Matcher("__name__", "a.*", MatchOp.REGEX),)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on the PATH")
def test_promtool_agrees_on_what_is_wrong(tmp_path: Path) -> None:
    """promtool 2.42 accepts every printed form, and refuses all that is refused here."""
    good = [printed for _, printed in PRINTED]
    bad = [text for text, *_ in WRONG]
    for number, expr in enumerate(good + bad):
        rules = {"groups": [{"name": "g", "rules": [{"alert": "a", "expr": expr}]}]}
        (tmp_path / f"{number:03}.yml").write_text(json.dumps(rules))
    files = sorted(tmp_path.glob("*.yml"))
    run = subprocess.run(["promtool", "check", "rules", *files], capture_output=True, text=True, timeout=60, check=False)
    output = run.stdout + run.stderr
    refused = {number for number, path in enumerate(files) if f"{path}: " in output}
    assert refused == set(range(len(good), len(good) + len(bad)))


LABELS = st.sampled_from(["job", "on", "by", "a_1"])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
DURATIONS = st.sampled_from(["1ms", "90s", "5m", "1h30m", "2w", "1y"])
NUMBERS = st.floats(allow_nan=True, allow_infinity=True).map(lambda value: str(value).replace("inf", "Inf"))


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\\/", "/")


SHIFTS = st.sampled_from(["", " offset 5m", " offset -1h", " @ 12.5", " @ start() offset 2w"])
MATCHERS = st.builds(lambda name, op, value: f"{name}{op}{quoted(value)}", LABELS, st.sampled_from(["=", "!="]), WORDS)
SELECTORS = st.builds(
    lambda name, matchers: f"{name}{{{','.join(matchers)}}}",
    st.sampled_from(["up", "a:b", "sum", "offset"]),
    st.lists(MATCHERS, max_size=2),
)
LISTS = st.lists(LABELS, max_size=2).map(lambda names: f"({', '.join(names)})")


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda one: f"({one})", inner),
        st.builds(lambda one: f"-({one})", inner),
        st.builds(lambda op, names, one: f"{op} by {names} ({one})", st.sampled_from(["sum", "MAX"]), LISTS, inner),
        st.builds(lambda names, one: f"topk(3, {one}) without {names}", LISTS, inner),
        st.builds(lambda one, span, step: f"max_over_time(({one})[{span}:{step}])", inner, DURATIONS, st.just("") | DURATIONS),
        st.builds(lambda selector, span, shift: f"rate({selector}[{span}]{shift})", SELECTORS, DURATIONS, SHIFTS),
        st.builds(
            lambda one, op, two: f"({one}) {op} {two}", inner, st.sampled_from(["+", "^", "> bool", "/ on (job)"]), inner
        ),
        st.builds(lambda one, names, two: f"({one}) * ignoring {names} group_left () ({two})", inner, LISTS, inner),
        st.builds(lambda one, op, two: f"{one} {op} {two}", inner, st.sampled_from(["and", "or", "unless on ()"]), inner),
        st.builds(lambda one, number: f"({one}) > {number}", inner, NUMBERS),
        st.builds(lambda one, text: f'label_replace({one}, "a", {quoted(text)}, "b", "")', inner, WORDS),
    )


EXPRESSIONS = st.recursive(st.builds(lambda one, shift: one + shift, SELECTORS, SHIFTS), composed, max_leaves=6)


@given(EXPRESSIONS)
@settings(max_examples=examples(50))
def test_what_is_printed_reads_back_the_same(text: str) -> None:
    expression = parse(text)
    assert expression.known, expression.reason
    assert parse(expression.text) == expression


SCRAPS = [
    "up",
    "sum",
    "by",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "5m",
    "1",
    '"a"',
    "`",
    "'",
    "a",
    "=",
    "=~",
    "==",
    "+",
    "-",
    "and",
]
MORE_SCRAPS = ["offset", "@", ":", "#", "\n", " ", "bool", "on", "rate", "é", "$", "start", "</", "\\", "group_left", "0x"]


@given(st.lists(st.sampled_from(SCRAPS + MORE_SCRAPS), max_size=12).map(" ".join), st.sampled_from(list(Dialect)))
@settings(max_examples=examples(100))
def test_any_scraps_are_read_or_refused(text: str, dialect: Dialect) -> None:
    """Whatever stands there, the outcome is an expression or a PromqlError inside the text."""
    lines = text.count("\n") + 1
    try:
        place, known = 1, bool(parse(text, dialect).text)
    except PromqlError as error:
        place, known = error.line or 1, True
    assert known
    assert 1 <= place <= lines
