"""Numbers as Prometheus' JSON writes them."""

from __future__ import annotations


def exponent(value: float) -> str:
    """A float as `/api/v1/alerts` writes it: shortest digits, always with an exponent, `1e+00`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    mantissa, _, power = f"{value!r}".lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, decimals = mantissa.lstrip("-").partition(".")
    digits = (whole + decimals).lstrip("0")
    if not digits.strip("0"):
        return f"{sign}0e+00"
    leading = len(whole + decimals) - len(digits)
    shift = len(whole) - leading - 1 + int(power or 0)
    digits = digits.rstrip("0")
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'-' if shift < 0 else '+'}{abs(shift):02d}"
