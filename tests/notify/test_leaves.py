"""What the texts of a payload become."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.receivers.tree import Branch
from evaluator.notify.leaves import filled, value_of
from evaluator.notify.sheet import Sheet
from tests.notify.scenes import PlainTexts, rendered

VALUES: list[tuple[str, Any]] = [
    ("", None),
    ("null", None),
    (" true\n", True),
    ("false", False),
    ("yes", "yes"),
    ("5", 5),
    ("-0.5e3", -500.0),
    ("0012", "0012"),
    ("1e999", "1e999"),
    ("NaN", "NaN"),
    ("+491234", "+491234"),
    ('{"a": [1, null]}', {"a": [1, None]}),
    ('[{"a": 1},]', [{"a": 1}]),
    ('{a: yes, b: "5", c: 5, 6: ~}', {"a": "yes", "b": "5", "c": 5, "6": None}),
    ("[FIRING:2] High load", "[FIRING:2] High load"),
    ("[RESOLVED] [x]", "[RESOLVED] [x]"),
    ("Disk: 95% full", "Disk: 95% full"),
    ("- a\n- b", "- a\n- b"),
    ("{", "{"),
    ("[&a [1], *b]", "[&a [1], *b]"),
    ("[1, NaN]", [1, "NaN"]),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_what_is_written_like_a_value_is_one(text: str, value: Any) -> None:
    """And text for people stays text."""
    assert value_of(text) == value


def test_aliases_do_not_grow_without_end() -> None:
    doubled = "".join(f", &{below} [{','.join(['*' + above] * 9)}]" for above, below in pairwise("abcdefg"))
    bomb = f"[&a [x,x,x,x,x,x,x,x,x]{doubled}]"
    assert value_of(bomb) == bomb
    assert value_of("&a [*a]") == "&a [*a]"
    assert value_of("[&a [*a]]") == "[&a [*a]]"


@given(st.text() | st.builds("[{}]".format, st.text()) | st.builds("{{{}}}".format, st.text()))
def test_every_text_becomes_something_that_is_json(text: str) -> None:
    json.dumps(value_of(text), allow_nan=False)


def test_keys_are_templates_too_and_a_text_that_fails_says_it_all() -> None:
    tree = Branch((("{{ name }}", ("{{ name }}", None, "{{ nobody }}")),))
    sheet = Sheet(rendered(), PlainTexts(name="ann").render)
    value = filled("payload", tree, sheet, plainly=True)
    assert value["ann"][:2] == ["ann", None]
    assert "HighLatency" in value["ann"][2]
    assert sheet.failed[0][1].startswith("payload.{{ name }}: ")
