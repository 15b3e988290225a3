"""What one rendering may spend.

The sandbox of Jinja2 keeps a template away from Python, but not from endless work: `'x' * 10**9`, `10 ** 10 ** 10`, a loop
in a loop in a loop. Every loop turn, call, filter and printed text is therefore paid for, and long texts are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from evaluator.templating.errors import CallFailed

LONGEST: Final = 1 << 20  # characters of any text
LARGEST_RANGE: Final = 10_000
_UNITS: Final = 4_000_000
_BITS: Final = 4096  # of a whole number
PER_STEP: Final = 40


@dataclass(slots=True)
class Rendering:
    """One rendering under way: its scope, and what it may still spend.

    turn: the price of a loop turn or a call, where it has none of its own. macros: those of calls of macros, by their names.
    """

    scope: Any
    turn: int = PER_STEP
    macros: Mapping[str, int] = field(default_factory=dict)
    units: int = _UNITS

    def spend(self, units: int) -> None:
        """Pay. Raises CallFailed when nothing is left."""
        self.units -= units
        if self.units < 0:
            raise CallFailed("the template does too much work: it was stopped")


current: Final[ContextVar[Rendering]] = ContextVar("current")


def turns(items: Iterable[Any], price: int | None = None) -> Iterator[Any]:
    """The items, each one paid for."""
    rendering = current.get()
    for item in items:
        rendering.spend(rendering.turn if price is None else price)
        yield item


def steps(items: Iterable[Any]) -> Iterator[Any]:
    """Likewise, for a filter that looks at each of them but prints nothing."""
    rendering = current.get()
    for item in items:
        rendering.spend(PER_STEP)
        yield item


def weigh(*values: Any) -> None:
    """Pay for work that grows with the size of `values`."""
    rendering = current.get()
    sizes = (len(value) for value in values if isinstance(value, str | list | tuple | dict | range))
    rendering.spend(PER_STEP + sum(sizes))


def bounded_text(length: int) -> None:
    """Refuse a text that would be longer than any message."""
    if length > LONGEST:
        raise CallFailed(f"a text grows beyond {LONGEST} characters")


def concatenated(texts: Sequence[str]) -> str:
    """The texts as one, within bounds."""
    bounded_text(sum(map(len, texts)))
    weigh(*texts)
    return "".join(texts)


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    """`+`, `*`, `**` and `%`, within bounds. Raises CallFailed."""
    if operator == "+":
        return _sum(left, right)
    if not (_is_number(left) and _is_number(right)):
        raise CallFailed(f"`{operator}` is for numbers" + (", use printf" if operator == "%" else ""))
    if operator == "%":
        return left % right
    if operator == "**":
        return _power(left, right)
    _bounded_number(_bits(left) + _bits(right))
    return left * right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _bits(value: float) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _bounded_number(bits: int) -> None:
    if bits > _BITS:
        raise CallFailed("a number grows too large")


def _power(left: float, right: float) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _bounded_number(_bits(left) * abs(right))
    return left**right


def _sum(left: Any, right: Any) -> Any:
    if not _is_number(left):
        bounded_text(len(left) + len(right))
        weigh(left, right)
    return left + right
