"""Texts cut to fit, and mentions broken: never a torn character, tag or entity, never a whole channel called by a label."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.notify.fitting import ALERT, characters, cut_bytes, cut_until, fitted, in_bytes
from evaluator.notify.html_cut import cut_html
from evaluator.notify.mentions import without_mentions
from tests.notify.scenes import alert, rendered

MENTION = re.compile(r"@everyone|<@\d+>")


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("abc", 3, "abc"),
        ("abcdef", 5, "ab…"),
        ("ééé", 6, "ééé"),
        ("éééé", 7, "éé…"),
        ("é🔥🔥", 8, "é…"),
        ("é🔥🔥", 9, "é🔥…"),
    ],
)
def test_bytes(text: str, most: int, kept: str) -> None:
    assert cut_bytes(text, most) == kept


@given(st.text(max_size=60), st.integers(4, 50))
def test_bytes_are_never_more_than_allowed(text: str, most: int) -> None:
    assert len(cut_bytes(text, most).encode(errors="replace")) <= most


@given(st.text(max_size=60), st.integers(1, 60))
def test_the_longest_beginning_that_fits_is_kept(text: str, most: int) -> None:
    kept = cut_until(text, lambda shorter: len(shorter) <= most)
    assert kept == (text if len(text) <= most else text[: most - 1] + "…")


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("<b>bold</b>", 11, "<b>bold</b>"),
        ("<b>bold</b> more", 12, "<b>bold</b>…"),
        ("<b>bold</b> more", 10, "<b>bo…</b>"),
        ("<b>bold</b> more", 7, "…"),
        ("a &amp; b and more", 8, "a &amp;…"),
        ("a &amp; b and more", 7, "a …"),
        ('<a href="http://x/?a&b">link</a> more', 31, '<a href="http://x/?a&b">li…</a>'),
        ("<b><i>deep</i></b> more", 18, "<b><i>dee…</i></b>"),
        ("1 < 2 & 3 > 2 for ever", 10, "1 < 2 & 3…"),
    ],
)
def test_html_remains_html(text: str, most: int, kept: str) -> None:
    assert cut_html(text, most) == kept


@given(st.lists(st.sampled_from(["<b>", "</b>", "<i>", "</i>", "&amp;", "<", "&", "x", "é"]), max_size=40), st.integers(1, 60))
def test_html_is_never_longer_than_allowed_and_no_entity_is_torn(pieces: list[str], most: int) -> None:
    text = "".join(pieces)
    kept = cut_html(text, most)
    assert len(kept) <= most
    assert not re.search(r"&a(?!mp;)|</?[bi](?!>)", kept)


def test_a_label_calls_nobody_and_a_template_does() -> None:
    """A mention that a template makes of a label's value stays; one that stands in a label is broken."""
    told = rendered(alert("@everyone", owner="77", note="see <@12>"))
    text = without_mentions("@everyone <@12> <@77> <@99>", told, MENTION)
    assert text == "@\u200beveryone <@\u200b12> <@77> <@99>"


BLOCKS = "head\n\x1eone\n\n\x1etwo\n\n\x1ethree\n\nand 5 more"


@pytest.mark.parametrize(
    ("text", "most", "alerts", "kept"),
    [
        (BLOCKS, 100, 8, "head\none\n\ntwo\n\nthree\n\nand 5 more"),
        (BLOCKS, 30, 8, "head\none\n\ntwo\n\nand 6 more"),
        (BLOCKS, 20, 8, "head\none\n\nand 7 more"),
        (BLOCKS, 19, 8, "head\no…\n\nand 7 more"),
        ("\x1eonly one and long", 8, 1, "only on…"),
        ("nothing says where alerts begin", 8, 3, "nothing…"),
        ("", 8, 3, ""),
        ("\x1ea\x1eb", 100, 1, "ab"),
    ],
)
def test_what_does_not_fit_is_cut_between_alerts_and_counted(text: str, most: int, alerts: int, kept: str) -> None:
    """A template's own count of what it leaves out gives way to the whole count."""
    assert fitted(text, characters(most), alerts) == kept


@given(st.lists(st.text("ab \n", max_size=30), min_size=1, max_size=12), st.integers(15, 200), st.integers(0, 10))
def test_as_many_whole_alerts_as_fit_are_kept(blocks: list[str], most: int, beyond: int) -> None:
    alerts = len(blocks) + beyond
    kept = fitted(ALERT + ALERT.join(blocks), characters(most), alerts)
    assert len(kept) <= most
    assert ALERT not in kept
    if kept != "".join(blocks) and "…" not in kept:
        said, _, count = kept.rpartition("\n\nand ")
        whole = alerts - int(count.removesuffix(" more"))
        assert said == "".join(blocks[:whole]).rstrip()
        more = f"{''.join(blocks[: whole + 1]).rstrip()}\n\nand {alerts - whole - 1} more"
        assert len(more) > most or whole + 1 == len(blocks)


def test_bytes_count_where_bytes_are_counted() -> None:
    assert fitted("\x1eéé\x1e" + "é" * 20, in_bytes(16), 2) == "éé\n\nand 1 more"
    assert fitted("\x1eéé\x1eéé", in_bytes(8), 2) == "éééé"


def test_html_is_cut_between_its_tags() -> None:
    text = "<b>head</b>\x1e<i>one</i>\x1e<i>two, at length</i>"
    assert fitted(text, characters(35), 2, cut_html) == "<b>head</b><i>one</i>\n\nand 1 more"
    assert fitted("\x1e<i>only one</i>", characters(12), 1, cut_html) == "<i>only…</i>"
