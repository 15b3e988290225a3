"""Label sets, fingerprints and matchers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.labels import NO_LABELS, Labels, Matcher, MatchOp, compile_regex, match_all

FINGERPRINTS = [
    # read from a running Alertmanager 0.25 after posting these labels
    ({"alertname": "X"}, "d2aeefc389ca7746"),
    ({"severity": "x"}, "18cdb383c542cc26"),
    ({"a": "bc"}, "a0a3542c19b900ab"),
    ({"ab": "c"}, "20ba9b3025a8b421"),
    ({"alertname": "Down", "instance": "a:9090", "job": "api"}, "79ae2a453d946035"),
    ({"alertname": "a", "b": '"\\\n\t'}, "25e3ff828ea10f00"),
    ({"alertname": "é", "job": "日本語🙂"}, "30dce2bd061a5d43"),
    ({"a": "2", "alertname": "Z", "_": "3", "__x": "y", "A": "1"}, "27682458955418b8"),
]


@pytest.mark.parametrize(("labels", "fingerprint"), FINGERPRINTS)
def test_fingerprints_are_those_of_alertmanager(labels: dict[str, str], fingerprint: str) -> None:
    assert Labels(labels).fingerprint == fingerprint


LABELS = st.dictionaries(st.text("abc_é🙂", min_size=1, max_size=3), st.text('xyz"\\\n', max_size=3), max_size=4)


@given(LABELS, st.randoms(use_true_random=False))
def test_order_does_not_matter(labels: dict[str, str], chance: object) -> None:
    """Equal sets are equal, hash alike and have one fingerprint, in whichever order they were written."""
    pairs = list(labels.items())
    chance.shuffle(pairs)  # type: ignore[attr-defined]
    one, other = Labels(labels), Labels(pairs)
    assert one == other == labels
    assert hash(one) == hash(other)
    assert one.fingerprint == other.fingerprint
    assert list(one) == sorted(labels)
    assert not one < other


@given(LABELS, LABELS)
def test_different_sets_differ(one: dict[str, str], other: dict[str, str]) -> None:
    assert (Labels(one) == Labels(other)) is (one == other)
    assert (Labels(one).fingerprint == Labels(other).fingerprint) is (one == other)
    assert (str(Labels(one)) == str(Labels(other))) is (one == other)


def test_external_labels_fill_what_is_absent_or_empty() -> None:
    """As Prometheus does before it sends an alert; what the alert says itself wins."""
    labels = Labels({"a": "1", "b": "", "c": "3"})
    assert labels.filled_from({"a": "x", "b": "y", "d": "z"}) == {"a": "1", "b": "y", "c": "3", "d": "z"}
    assert labels.filled_from({}) is labels


def test_parts() -> None:
    labels = Labels({"b": "2", "a": "1"})
    assert labels.only(["a", "z"]) == {"a": "1"}
    assert labels.without("a") == {"b": "2"}
    assert labels.without("z") is labels
    assert NO_LABELS.only(["a"]) == {}
    labels.as_dict()["a"] = "changed"
    assert labels["a"] == "1"


def test_texts_escape_what_would_end_them() -> None:
    assert str(Labels({"b": 'say "hi"\n', "a": "c:\\x"})) == r'{a="c:\\x", b="say \"hi\"\n"}'
    assert str(Matcher("a", '"', MatchOp.NOT_REGEX)) == r'a!~"\""'


MATCHES = [
    (MatchOp.EQUAL, "x", "x", True),
    (MatchOp.EQUAL, "", None, True),
    (MatchOp.EQUAL, "x", None, False),
    (MatchOp.NOT_EQUAL, "x", None, True),
    (MatchOp.NOT_EQUAL, "", None, False),
    (MatchOp.REGEX, "a|b", "b", True),
    (MatchOp.REGEX, "a|b", "ab", False),
    (MatchOp.REGEX, "prod", "production", False),
    (MatchOp.REGEX, ".*", None, True),
    (MatchOp.REGEX, ".+", None, False),
    (MatchOp.NOT_REGEX, ".+", None, True),
    (MatchOp.NOT_REGEX, "a.*", "abc", False),
    (MatchOp.REGEX, "(?i)PROD", "prod", True),
    (MatchOp.REGEX, "a.c", "a\nc", False),
    (MatchOp.REGEX, "日.語", "日本語", True),
]


@pytest.mark.parametrize(("op", "pattern", "value", "expected"), MATCHES)
def test_matchers(op: MatchOp, pattern: str, value: str | None, expected: bool) -> None:
    labels = {} if value is None else {"l": value}
    assert Matcher("l", pattern, op).matches(labels) is expected


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?=x)", r"\1", "*"])
def test_what_re2_cannot_read_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="invalid regular expression"):
        compile_regex(pattern)


def test_all_have_to_match() -> None:
    assert match_all([], {})
    assert not match_all([Matcher("a", "1"), Matcher("b", "2")], {"a": "1"})


def test_labels_that_were_kept_are_the_labels_they_were() -> None:
    labels = Labels({"job": "api", "alertname": "Down"})
    back = Labels.kept(labels.as_dict(), labels.fingerprint)
    assert (back, hash(back), str(back), back.fingerprint) == (labels, hash(labels), str(labels), labels.fingerprint)
