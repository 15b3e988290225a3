"""Numbers as Go prints them.

`{{ $value }}` is the shortest text that reads back as the same float, with an exponent exactly when the decimal exponent
is below -4 or at least 6: 1000000 prints as `1e+06`. Python's `repr` has the
digits and another layout, so the digits are taken from it and laid out anew.
"""

from __future__ import annotations

import math
from typing import Final

_LARGEST_PLAIN: Final = 6


def special(value: float) -> str | None:
    """`NaN`, `+Inf`, `-Inf`; None for a number."""
    if math.isfinite(value):
        return None
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def shortest(value: float) -> str:
    """Go's `%v` of a float64."""
    if not math.isfinite(value):
        return special(value) or ""
    sign, digits, exponent = decompose(value)
    if -4 <= exponent < _LARGEST_PLAIN:
        return sign + _plain(digits, exponent)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{exponent:+03d}"


def shortest_sharp(value: float) -> str:
    """Go's `%#g` of a finite number: as short as it can be, but with a point, and with six digits that count."""
    mantissa, power, exponent = shortest(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    counted = len((whole + fraction).lstrip("-0")) or len(whole.lstrip("-"))
    return f"{whole}.{fraction}{'0' * (6 - counted)}{power}{exponent}"


def shortest_plain(value: float) -> str:
    """Go's `FormatFloat(value, 'f', -1, 64)`: never an exponent."""
    if not math.isfinite(value):
        return special(value) or ""
    sign, digits, exponent = decompose(value)
    return sign + _plain(digits, exponent)


def decompose(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits and decimal exponent of the first digit; for zero the digits are `0`."""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    exponent = len(whole) - 1 - leading + int(power or 0)
    digits = digits.rstrip("0")
    return (sign, digits, exponent) if digits else (sign, "0", 0)


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if exponent + 1 >= len(digits):
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def four_digits(value: float) -> str:
    """Go's `%.4g`, which Prometheus' humanizing functions print."""
    return special(value) or f"{value:.4g}"


def hexadecimal(value: float, precision: int | None, *, upper: bool) -> str:
    """Go's `%x` of a finite float: `0x1.8p+00`; precision: hexadecimal digits after the point."""
    fraction, exponent = math.frexp(abs(value))
    mantissa = int(fraction * 2**53)
    exponent = exponent - 1 if mantissa else 0
    digits = f"{_rounded(mantissa, precision):x}" if mantissa else "0" * 14
    if len(digits) > 14 or (mantissa and digits[0] not in "1"):
        digits, exponent = f"{int(digits, 16) >> 1:x}", exponent + 1
    tail = digits[1:].rstrip("0") if precision is None else digits[1:].ljust(precision, "0")[:precision]
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    text = f"{sign}0x{digits[0]}{'.' + tail if tail else ''}p{exponent:+03d}"
    return text.upper() if upper else text


def _rounded(mantissa: int, precision: int | None) -> int:
    """The 53 bits rounded half to even to `precision` hexadecimal digits after the first bit."""
    if precision is None or precision >= 13:
        return mantissa
    drop = 4 * (13 - precision)
    quotient, rest = divmod(mantissa, 1 << drop)
    half = 1 << (drop - 1)
    quotient += rest > half or (rest == half and quotient % 2 == 1)
    return quotient << drop


def binary(value: float) -> str:
    """Go's `%b` of a finite float: whole mantissa, `p`, binary exponent."""
    fraction, exponent = math.frexp(abs(value))
    shift = max(exponent - 53, -1074)
    mantissa = int(math.ldexp(fraction, exponent - shift)) if value else 0
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return f"{sign}{mantissa}p{shift if value else -1074:+d}"
