"""Texts of others, instants in words, and what a URL asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from evaluator.core.labels import Labels, Matcher, MatchOp
from evaluator.core.matchers import MatcherMode
from evaluator.web.choice import Choice, read_choice, read_matchers
from evaluator.web.paging import page_of
from evaluator.web.plain import leads_somewhere, shown
from evaluator.web.status import without_secrets
from evaluator.web.words import parse_instant, relative, span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Grüße, 世界, שלום", "Grüße, 世界, שלום"),
        ("gpj\u202eexe", "gpj⟨U+202E⟩exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("bell\x07", "bell⟨U+0007⟩"),
        ("half \ud83d", "half ⟨U+D83D⟩"),
        ("x" * 1_000_010, "x" * 10 + "… (1,000,000 more characters)"),
    ],
)
def test_nothing_is_hidden_in_a_text(text: str, seen: str) -> None:
    assert shown(text, 10 if len(text) > 100 else 200) == seen


@given(st.text(max_size=300), st.integers(1, 50))
def test_a_shown_text_is_visible_and_bounded(text: str, most: int) -> None:
    """Whatever it was: nothing unprintable but line breaks and tabs, and no more than eleven letters for each one of it."""
    seen = shown(text, most)
    assert all(sign.isprintable() or sign in "\n\t" for sign in seen)
    assert len(seen) <= 11 * most + 30


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://run.book/a?b=c#d", True),
        ("http://run.book", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//run.book", False),
        ("see https://run.book", False),
        ("https://run.book and more", False),
        ("https://run.book/\u202e", False),
        ("https://" + "x" * 3000, False),
    ],
)
def test_a_link_is_a_web_address_and_nothing_else(text: str, link: bool) -> None:
    assert leads_somewhere(text) is link


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s"), (0.4, "0s"), (23, "23s"), (60, "1m"), (250, "4m 10s"), (7980, "2h 13m"), (7200, "2h"), (273600, "3d 4h")],
)
def test_a_span_has_two_units_at_most(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_where_an_instant_lies() -> None:
    assert relative(NOW + timedelta(seconds=90), NOW) == "in 1m 30s"
    assert relative(NOW - timedelta(seconds=90), NOW) == "1m 30s ago"
    assert relative(NOW, NOW) == "just now"


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-01 12:00", "2026-03-01T12:00:00Z", "2026-03-01 12:00:00 UTC"),
        *("2026-03-01T13:00:00+01:00", " 2026-03-01 12:00 "),
    ],
)
def test_an_instant_is_in_utc_unless_it_says_otherwise(text: str) -> None:
    assert parse_instant(text) == NOW


@pytest.mark.parametrize("text", ["", "soon", "12:00", "2026-13-01", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|out of range"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///evaluator.db", "sqlite:///evaluator.db"),
        ("postgresql://me:secret@db:5432/alerts?password=x", "postgresql://db:5432/alerts"),
        ("https://user:p@ss@host/path#x", "https://host/path"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, place: str) -> None:
    assert without_secrets(url) == place


# -- choices ----------------------------------------------------------------------------------------------------------


def read(query: str) -> Choice:
    """What a query string asks for."""
    return read_choice(QueryParams(query), MatcherMode.FALLBACK)


def test_a_choice_survives_its_own_link() -> None:
    """Whatever the label's value is made of."""
    matchers = (Matcher("a", 'x"\\ü\n&=#'), Matcher("b", "c|d", MatchOp.NOT_REGEX))
    choice = Choice(matchers, state="firing", receiver="te&am")
    assert read(choice.link().removeprefix("?")) == choice


def test_a_chip_is_added_once_and_removed() -> None:
    choice = read('filter=a="b"&page=7')
    assert choice.adding("a", "b") is None
    added = choice.adding("c", "d")
    assert added is not None
    both = read(added.removeprefix("?"))
    assert (both.matchers, both.page) == ((Matcher("a", "b"), Matcher("c", "d")), 1)
    assert read(both.without(Matcher("a", "b")).removeprefix("?")).matchers == (Matcher("c", "d"),)


def test_a_value_that_is_too_long_makes_no_link() -> None:
    assert Choice().adding("a", "x" * 10_000) is None


@pytest.mark.parametrize(
    ("word", "name", "found"),
    [
        ("disk", "NodeDiskFull", True),
        ("DISK", "NodeDiskFull", True),
        ("a.b", "axb", False),
        ("up (now)", "Up (now)", True),
        ("über", "Über", True),
    ],
)
def test_a_word_is_looked_for_in_names(word: str, name: str, found: bool) -> None:
    (matcher,) = read_matchers(word, MatcherMode.FALLBACK)
    assert matcher.matches(Labels({"alertname": name})) is found


@pytest.mark.parametrize(("text", "page"), [("3", 3), ("0", 1), ("-1", 1), ("x", 1), ("9" * 30, 1), ("", 1)])
def test_a_page_that_is_none_is_the_first(text: str, page: int) -> None:
    assert read(f"page={text}").page == page


def test_a_page_beyond_the_last_is_the_last() -> None:
    page = page_of(range(101), 99, 50)
    assert (page.number, list(page.items), page.first_item, page.last_item) == (3, [100], 101, 101)
    assert page_of([], 5, 50).number == 1
