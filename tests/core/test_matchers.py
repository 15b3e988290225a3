"""Alertmanager's matcher languages: what each accepts, refuses and makes of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.matchers import MatcherMode, format_matchers, parse_matcher, parse_matchers

EQUAL, NOT_EQUAL, REGEX, NOT_REGEX = MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX


def m(name: str, value: str, op: MatchOp = EQUAL) -> Matcher:
    return Matcher(name, value, op)


UTF8_ACCEPTED = [
    ("", ()),
    ("{}", ()),
    ("  ", ()),
    ("foo=bar", (m("foo", "bar"),)),
    ("{foo=bar,}", (m("foo", "bar"),)),
    ("foo=bar,", (m("foo", "bar"),)),
    ("{ foo = bar }", (m("foo", "bar"),)),
    ("foo!=bar", (m("foo", "bar", NOT_EQUAL),)),
    ("foo=~[a-z]+", (m("foo", "[a-z]+", REGEX),)),
    ("{foo!~[a-z]+}", (m("foo", "[a-z]+", NOT_REGEX),)),
    ("{foo=🙂}", (m("foo", "🙂"),)),
    ("{foo=🙂bar}", (m("foo", "🙂bar"),)),
    (r'{"foo"="bar\n"}', (m("foo", "bar\n"),)),
    (r'{"foo"="bar\t"}', (m("foo", "bar\t"),)),
    (r'{"foo"="\"bar\""}', (m("foo", '"bar"'),)),
    (r'{"foo"="bar\\"}', (m("foo", "bar\\"),)),
    (r'{"foo"=~"\\d+"}', (m("foo", r"\d+", REGEX),)),
    (r'{"foo"="\xf0\x9f\x99\x82"}', (m("foo", "🙂"),)),
    (r'{"foo"="\360\237\231\202"}', (m("foo", "🙂"),)),
    (r'{"foo"="\U0001f642"}', (m("foo", "🙂"),)),
    ("{foo=bar,bar!=baz}", (m("foo", "bar"), m("bar", "baz", NOT_EQUAL))),
    ('foo="bar",bar!="baz"', (m("foo", "bar"), m("bar", "baz", NOT_EQUAL))),
    ('{name-with-dashes = "bar"}', (m("name-with-dashes", "bar"),)),
    ('{foo="bar,quux", job="job1"}', (m("foo", "bar,quux"), m("job", "job1"))),
    ('{foo=""}', (m("foo", ""),)),
]


@pytest.mark.parametrize(("text", "expected"), UTF8_ACCEPTED)
def test_utf8_accepts(text: str, expected: tuple[Matcher, ...]) -> None:
    parsed = parse_matchers(text, "utf8-strict")
    assert parsed.matchers == expected
    assert parsed.warnings == ()


UTF8_REFUSED = [
    (",", "0:1: unexpected ,: expected label name"),
    ("{,}", "1:2: unexpected ,: expected label name"),
    ("{", "0:1: end of input: expected close brace"),
    ("}", "0:1: }: expected opening brace"),
    ("foo=bar}", "0:8: }: expected opening brace"),
    ("{foo=bar", "0:8: end of input: expected close brace"),
    ("{foo=bar,", "0:9: end of input: expected close brace"),
    ("{foo=bar}}", "9:10: }: expected end of input"),
    ("{foo=bar}'", "9:10: ': invalid input: expected end of input"),
    ('{foo=:"bar"}', '6:11: unexpected "bar": expected a comma or close brace'),
    (r'{foo="bar\w"}', r'5:12: "bar\w": invalid input'),
    (r'{foo=~"\d+"}', r'6:11: "\d+": invalid input'),
    (r"{foo=bar\n}", r"8:9: \: invalid input: expected a comma or close brace"),
    (r'{"foo"="\xf0\x9f"}', r'7:17: "\xf0\x9f": invalid input'),
    (r'foo="\xf0\x9f"', r'4:14: "\xf0\x9f": invalid input'),
    ('{foo="bar', '5:9: "bar: missing end ": expected label value'),
    ("job=", "end of input: expected label value"),
    ("job", "end of input: expected an operator such as '=', '!=', '=~' or '!~'"),
    ("job!", "3:4: unexpected end of input, expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'"),
    ("foo!bar", "3:4: !: expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'"),
    ("a=b,,", "4:5: unexpected ,: expected a matcher or close brace after comma"),
    ("~", "0:1: ~: invalid input"),
]


@pytest.mark.parametrize(("text", "message"), UTF8_REFUSED)
def test_utf8_refuses_with_columns(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_matchers(text, MatcherMode.UTF8_STRICT)
    assert str(refused.value) == message


def test_a_bad_regular_expression_is_refused_in_both_languages() -> None:
    with pytest.raises(ValueError, match="failed to create matcher: invalid regular expression"):
        parse_matchers('{foo=~"invalid[regexp"}', "utf8-strict")
    with pytest.raises(ValueError, match="invalid regular expression"):
        parse_matchers('{foo=~"invalid[regexp"}', "classic")


CLASSIC_ACCEPTED = [
    ("", ()),
    ("{}", ()),
    ("{foo='}", (m("foo", "'"),)),
    ("{foo=`}", (m("foo", "`"),)),
    (r"{foo=\n}", (m("foo", "\n"),)),
    (r"{foo=\t}", (m("foo", r"\t"),)),
    ("{foo=bar\\}", (m("foo", "bar\\"),)),
    (r"{foo=\"}", (m("foo", '"'),)),
    ("tricky=~~~", (m("tricky", "~~", REGEX),)),
    (r"trickier==\\=\=\"", (m("trickier", r'=\=\="'),)),
    ("{foo=bar}}", (m("foo", "bar}"),)),
    ("{foo=,bar=}}", (m("foo", ""), m("bar", "}"))),
    ("job=", (m("job", ""),)),
    ("foo=bar}", (m("foo", "bar"),)),
    ('{foo="bar,quux", job="job1"}', (m("foo", "bar,quux"), m("job", "job1"))),
    ('{foo="bar", job="job1", }', (m("foo", "bar"), m("job", "job1"))),
    (r'{foo="say \"hi, you\"", a=b}', (m("foo", 'say "hi, you"'), m("a", "b"))),
    (r'foo="\xf0"', (m("foo", r"\xf0"),)),
    (' foo =~ "5.." ', (m("foo", "5..", REGEX),)),
    ("foo:bar!~x", (m("foo:bar", "x", NOT_REGEX),)),
    ("foo=a b", (m("foo", "a b"),)),
    ('foo="line\nbreak"', (m("foo", "line\nbreak"),)),
]


@pytest.mark.parametrize(("text", "expected"), CLASSIC_ACCEPTED)
def test_classic_accepts(text: str, expected: tuple[Matcher, ...]) -> None:
    assert parse_matchers(text, "classic").matchers == expected


CLASSIC_REFUSED = [
    ("foo!bar", "bad matcher format: foo!bar"),
    (",", "bad matcher format: "),
    ("a=b,,", "bad matcher format: "),
    ('"foo"=bar', 'bad matcher format: "foo"=bar'),
    ('"foo="bar""', 'bad matcher format: "foo="bar""'),
    ("name-with-dashes=bar", "bad matcher format: name-with-dashes=bar"),
    ("1foo=bar", "bad matcher format: 1foo=bar"),
    ('job="value', 'matcher value contains unescaped double quote: "value'),
    ('job=value"', 'matcher value contains unescaped double quote: value"'),
    ('job="', 'matcher value contains unescaped double quote: "'),
    ('job=foo"bar', 'matcher value contains unescaped double quote: foo"bar'),
    ('{"foo="bar"","job="job1""}', 'bad matcher format: "foo="bar""'),
    ('foo="b"ar"', 'matcher value contains unescaped double quote: "b"ar"'),
    (r'foo="bar\"', r'matcher value contains unescaped double quote: "bar\"'),
]


@pytest.mark.parametrize(("text", "message"), CLASSIC_REFUSED)
def test_classic_refuses_with_its_own_words(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_matchers(text, "classic")
    assert str(refused.value) == message


FALLBACK = [
    ("foo=bar", m("foo", "bar"), None),
    (r'foo="a\\b"', m("foo", r"a\b"), None),
    ("foo🙂=bar", m("foo🙂", "bar"), None),
    ('"foo"=bar', m("foo", "bar"), None),
    ("foo=!bar\\n", m("foo", "!bar\n"), r'write it as foo="!bar\n"'),
    ("job=", m("job", ""), 'write it as job=""'),
    (r'foo=~"\d+"', m("foo", r"\d+", REGEX), r'write it as foo=~"\\d+"'),
    (r'foo="\xf0\x9f\x99\x82"', m("foo", r"\xf0\x9f\x99\x82"), "which counts, but"),
    (r'foo="a\tb"', m("foo", r"a\tb"), "which counts, but"),
]


@pytest.mark.parametrize(("text", "expected", "warning"), FALLBACK)
@pytest.mark.parametrize("parse", [parse_matchers, parse_matcher])
def test_fallback_takes_classic_when_they_differ_and_says_so(parse, text, expected, warning) -> None:
    parsed = parse(text)
    assert parsed.matchers == (expected,)
    assert len(parsed.warnings) == (0 if warning is None else 1)
    if warning is not None:
        assert warning in parsed.warnings[0]


FALLBACK_REFUSED = [
    ("foo!bar", "bad matcher format: foo!bar"),
    ('foo="b"ar"', 'matcher value contains unescaped double quote: "b"ar"'),
    ("{foo=bar,,}", "bad matcher format: "),
]


@pytest.mark.parametrize(("text", "message"), FALLBACK_REFUSED)
def test_what_neither_language_reads_gets_the_classic_error(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_matchers(text)
    assert str(refused.value) == message


SINGLE_REFUSED = [
    ("{foo=bar}", "fallback", "unexpected open or close brace: {foo=bar}"),
    ("foo=bar}", "utf8-strict", "unexpected open or close brace: foo=bar}"),
    ("", "utf8-strict", "no matchers"),
    ("foo=bar,bar=baz", "utf8-strict", "expected 1 matcher, found 2"),
    ("", "fallback", "bad matcher format: "),
    ("", "classic", "bad matcher format: "),
]


@pytest.mark.parametrize(("text", "mode", "message"), SINGLE_REFUSED)
def test_exactly_one_matcher_and_no_braces(text: str, mode: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_matcher(text, mode)
    assert str(refused.value) == message


def test_a_comma_in_one_classic_matcher_belongs_to_the_value() -> None:
    """Where exactly one matcher is wanted, nothing separates, so fallback sees a disagreement that classic wins."""
    assert parse_matcher("foo=bar,bar=baz").matchers == (m("foo", "bar,bar=baz"),)


@pytest.mark.parametrize("mode", MatcherMode)
def test_text_that_cannot_be_utf8_is_refused(mode: MatcherMode) -> None:
    with pytest.raises(ValueError, match="not valid UTF-8"):
        parse_matchers('foo="\ud800"', mode)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="strict"):
        parse_matchers("a=b", "strict")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(NAMES, VALUES, st.sampled_from([EQUAL, NOT_EQUAL])), max_size=3))
def test_what_is_printed_reads_back_in_utf8(parts: list[tuple[str, str, MatchOp]]) -> None:
    """`format_matchers` writes texts that mean the same matchers again, whatever the names and values hold."""
    matchers = tuple(Matcher(*part) for part in parts)
    assert parse_matchers(format_matchers(matchers), "utf8-strict").matchers == matchers


@given(st.text(st.sampled_from("a=!~{},\"\\ n'x"), max_size=14), st.sampled_from(list(MatcherMode)))
def test_any_text_is_read_or_refused(text: str, mode: MatcherMode) -> None:
    """Nothing but a ValueError comes out of nonsense, and fallback reads whatever one of the two reads."""
    outcomes = {}
    for each in MatcherMode:
        try:
            outcomes[each] = parse_matchers(text, each).matchers
        except ValueError:
            outcomes[each] = None
    readable = any(outcomes[each] is not None for each in (MatcherMode.CLASSIC, MatcherMode.UTF8_STRICT))
    assert (outcomes[MatcherMode.FALLBACK] is not None) == readable
    if outcomes[MatcherMode.CLASSIC] is not None:
        assert outcomes[MatcherMode.FALLBACK] == outcomes[MatcherMode.CLASSIC]
