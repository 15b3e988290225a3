"""Values print as Go's `strconv.FormatFloat(value, 'e', -1, 64)` does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.api.numbers import exponent

TEXTS = [
    (1.0, "1e+00"),
    (0.0, "0e+00"),
    (-0.0, "-0e+00"),
    (-1.5, "-1.5e+00"),
    (120.0, "1.2e+02"),
    (0.001, "1e-03"),
    (123456.789, "1.23456789e+05"),
    (1e21, "1e+21"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (5e-324, "5e-324"),
    (math.inf, "+Inf"),
    (-math.inf, "-Inf"),
    (math.nan, "NaN"),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_texts(value: float, text: str) -> None:
    assert exponent(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_printed_reads_as_the_same_number(value: float) -> None:
    """One digit before the point, no zero at the end, and never a digit lost."""
    text = exponent(value)
    assert float(text) == value
    mantissa, _, power = text.lstrip("-").partition("e")
    assert len(mantissa.partition(".")[0]) == 1
    assert not (mantissa.partition(".")[1] and mantissa.endswith(("0", ".")))
    assert len(power) >= 3
