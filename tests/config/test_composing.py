"""From YAML to nodes: texts stay what was written, places are right, and no small file becomes a large tree."""

from __future__ import annotations

import pytest

from evaluator.config import compose as composing
from evaluator.config.compose import compose
from evaluator.config.nodes import Document, Scalar, Table, find, plain
from evaluator.config.problems import Problems
from evaluator.core.evaluation.rules import Position


def read(text: str, environ: dict[str, str] | None = None) -> tuple[Document | None, list[str]]:
    problems = Problems()
    document = compose(text, "f", problems, environ)
    return document, [str(problem) for problem in problems.sorted()]


def value(text: str) -> object:
    document, problems = read(text)
    assert problems == []
    assert document is not None
    assert document.root is not None
    return plain(document.root)


@pytest.mark.parametrize(
    "written",
    ["17:00", "1:5", "no", "yes", "on", "1e3", "0x10", "0o17", "017", "1_000", ".5", ".inf", "2024-01-01", "True", "=", "<"],
)
def test_a_plain_scalar_stays_what_was_written(written: str) -> None:
    """Prometheus decodes into text fields, so `17:00` is no number of minutes and `no` is not false."""
    assert value(f"a: {written}\n") == {"a": written}


@pytest.mark.parametrize(
    ("written", "expected"), [("", None), ("~", None), ("null", None), ("'null'", "null"), ("''", ""), ("'~'", "~")]
)
def test_null_is_only_null_without_quotes(written: str, expected: str | None) -> None:
    assert value(f"a: {written}\n") == {"a": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x {b: c}\nd: *x\n", {"a": {"b": "c"}, "d": {"b": "c"}}),
        ("a: &x {b: c, e: f}\nd: {<<: *x, b: g}\n", {"a": {"b": "c", "e": "f"}, "d": {"b": "g", "e": "f"}}),
        (
            "a: [&x {b: 1}, &y {b: 2, c: 3}]\nd: {<<: [*x, *y]}\n",
            {"a": [{"b": "1"}, {"b": "2", "c": "3"}], "d": {"b": "1", "c": "3"}},
        ),
        ("a: {'<<': b}\n", {"a": {"<<": "b"}}),
        ("&k key: value\nother: *k\n", {"key": "value", "other": "key"}),
        ("a: {url: http://x:1, b: c}\n", {"a": {"url": "http://x:1", "b": "c"}}),
        ("a: !!str 5\nb: !!int '7'\n", {"a": "5", "b": "7"}),
        ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", {"a": "one\ntwo\n", "b": "one two"}),
        ("\ufeffa: b\n".removeprefix("\ufeff"), {"a": "b"}),
        ("a: 'ключ 🙂'\n", {"a": "ключ 🙂"}),
    ],
)
def test_anchors_merge_keys_and_styles(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "~\n"])
def test_a_file_that_holds_nothing_has_no_root(text: str) -> None:
    document, problems = read(text)
    assert document is not None
    assert document.root is None
    assert problems == []


def test_places_are_counted_in_characters_from_one() -> None:
    document, _ = read("ä: [b, {ö: c}]\n")
    assert document is not None
    assert isinstance(document.root, Table)
    assert document.root.key("ä") == Position("f", 1, 1)
    assert document.root.at("ä", 1) == Position("f", 1, 8)
    assert document.root.at("ä", 1, "ö") == Position("f", 1, 12)
    assert document.root.at("ä", 7, "nowhere") == Position("f", 1, 4)


INSIDE = """\
plain: sum(up
quoted: 'sum(up'
literal: |
  sum(
    up
folded: >
  sum(
  up
indented: |2
    sum(
anchored: &x up
"""


@pytest.mark.parametrize(
    ("key", "line", "column", "expected"),
    [
        ("plain", 1, 5, (1, 12)),
        ("quoted", 1, 1, (2, 10)),
        ("literal", 2, 3, (5, 5)),
        ("folded", 1, 6, (6, 9)),
        ("indented", 1, 3, (10, 5)),
        ("anchored", 1, 1, (11, 14)),
        ("literal", 9, 1, (3, 10)),
    ],
)
def test_a_place_inside_a_scalar_is_found_where_it_can_be(key: str, line: int, column: int, expected: tuple[int, int]) -> None:
    """A fault in an expression is pointed at in the file; where folding hides it, the scalar is."""
    document, _ = read(INSIDE)
    assert document is not None
    assert document.root is not None
    scalar = find(document.root, key)
    assert isinstance(scalar, Scalar)
    assert document.inside(scalar, line, column) == Position("f", *expected)


def test_aliases_are_counted_as_if_they_were_written_out() -> None:
    """A few hundred bytes that would become a thousand million values are refused before they do."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    document, problems = read("\n".join(lines))
    assert document is None
    assert problems == ["f:6:25: has more than 500000 values after its aliases are expanded"]


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_depth_is_limited(text: str) -> None:
    document, problems = read(text)
    assert document is None
    assert len(problems) == 1


def test_a_limit_on_depth_leaves_room_for_real_files() -> None:
    document, problems = read("[" * 90 + "]" * 90)
    assert problems == []
    assert document is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b\x00\n", "f:1:5: character \\x00 is not allowed in YAML; remove it, or write it as an escape in double quotes"),
        (
            "a: b\nc: \x1b[31m\n",
            "f:2:4: character \\x1b is not allowed in YAML; remove it, or write it as an escape in double quotes",
        ),
        ('a: "\\ud800"\n', "f:1:4: holds half of a surrogate pair, which is not a character"),
        ("a: {b: 1, b: 2, b: 3}\n", 'f:1:11: mapping key "b" already defined at line 1'),
        ("a: {<<: {b: 1}, <<: {b: 2}}\n", 'f:1:17: mapping key "<<" already defined at line 1'),
    ],
)
def test_what_no_text_may_hold(text: str, expected: str) -> None:
    _, problems = read(text)
    assert problems[0] == expected


@pytest.mark.parametrize(
    "text", ["a: b\n", "a: {b: [c, 'd']}\n", "a: |\n  x\n", "- a\n- &x b\n- *x\n", "a: b: c\n", "a: [\n", "\ta: b\n"]
)
def test_both_parsers_agree(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the parser in C everything is the same, and slower."""
    with_c = read(text)
    everything = composing.YAML
    monkeypatch.setattr(composing, "YAML", lambda typ, pure: everything(typ=typ, pure=True))
    assert read(text) == with_c
