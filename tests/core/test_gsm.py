"""Texts in the alphabet of short messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.gsm import MOST, fit, length, to_gsm


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Disk full on db-1", "Disk full on db-1"),
        ("Größe überschritten", "Größe überschritten"),
        ("naïve café, Łódź", "naive café, Lodz"),
        ("“quoted” – it’s…", '"quoted" - it\'s...'),
        ("a → b · c", "a -> b . c"),
        ("½ done", "1/2 done"),
        ("🔥 fire", " fire"),
        ("日本", ""),
        ("one\ntwo", "one\ntwo"),
        ("tab\there", "tab here"),
        ("{x}", "{x}"),
        ("rtl\u202e", "rtl"),
    ],
)
def test_what_becomes_of_letters(text: str, written: str) -> None:
    assert to_gsm(text) == written


def test_some_signs_take_the_room_of_two() -> None:
    assert length("€{}") == 6
    assert fit("€" * 80) == "€" * 80
    assert fit("€" * 81) == "€" * 78 + "..."


@given(st.text(max_size=400))
def test_it_always_fits(text: str) -> None:
    """And what is in the alphabet and short enough is left as it is."""
    fitted = fit(text)
    assert length(fitted) <= MOST
    assert to_gsm(fitted) == fitted
    assert fit(fitted) == fitted
