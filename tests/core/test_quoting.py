"""String literals as Go reads and prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.quoting import quote, unquote

READ = [
    ('""', ""),
    ("'it''s'".replace("''", r"\'"), "it's"),
    (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'),
    (r'"\x41\101\u00e9\U0001f642"', "AAé🙂"),
    (r'"\xc3\xa9"', "é"),
    (r"`\d+" "" + '"`', r"\d+" + '"'),
    ("`a\nb\rc`", "a\nbc"),
    ("'\"'", '"'),
]


@pytest.mark.parametrize(("literal", "text"), READ)
def test_literals_are_read(literal: str, text: str) -> None:
    assert unquote(literal) == text


REFUSED = [
    ("", "not a quoted string"),
    ('"', "not a quoted string"),
    ("abc", "not a quoted string"),
    ("\"a'", "not a quoted string"),
    (r'"\d"', r"unknown escape sequence \\d"),
    (r'"\'"', r"unknown escape sequence \\'"),
    (r'"\x4"', r"unknown escape sequence \\x"),
    (r'"\400"', "larger than a byte"),
    (r'"\ud800"', "no character"),
    (r'"\U00110000"', "no character"),
    (r'"\xff"', "not valid UTF-8"),
    ('"a"b"', "ends before its last character"),
    ('"a\nb"', "ends before its last character"),
    ('"a\\\nb"', "unknown escape sequence"),
    ("`a`b`", "backtick"),
    ('"a\\"', "unknown escape sequence"),
]


@pytest.mark.parametrize(("literal", "message"), REFUSED)
def test_what_is_no_literal_is_refused(literal: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unquote(literal)


PRINTED = [
    ("plain é 🙂", '"plain é 🙂"'),
    ('a"b\\c', r'"a\"b\\c"'),
    ("\a\n\t\x1b\x7f", r'"\a\n\t\x1b\x7f"'),
    ("\u00a0\u200b\U000e0001", r'"\u00a0\u200b\U000e0001"'),
]


@pytest.mark.parametrize(("text", "literal"), PRINTED)
def test_printing_escapes_what_go_escapes(text: str, literal: str) -> None:
    assert quote(text) == literal


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_printed_reads_back(text: str) -> None:
    assert unquote(quote(text)) == text
