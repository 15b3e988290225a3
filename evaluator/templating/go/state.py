"""One render under way, and the bounds that keep it from running away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from evaluator.templating.errors import TemplateError

LONGEST: Final = 1 << 20  # characters that one render may print
STEPS: Final = 500_000  # about one step per node executed, and one per 64 characters that pass through a function
DEEPEST: Final = 64  # templates that call templates

Fail = Callable[[str], NoReturn]


class State:
    """One render: what was printed, the variables of the template at hand, and what is left of the bounds."""

    __slots__ = ("depth", "frame", "out", "room", "scope", "steps")

    def __init__(self, scope: Any, frame: list[Any]) -> None:
        self.scope = scope
        self.frame = frame
        self.out: list[str] = []
        self.room = LONGEST
        self.steps = STEPS
        self.depth = 0


Get = Callable[[State, Any], Any]


def charged(state: State, values: Sequence[Any], result: Any) -> Any:
    """The result of a call, after its price was paid: long texts and lists cost more."""
    price = 1 + _size(result)
    for value in values:
        price += _size(value)
    spend(state, price)
    return result


def _size(value: Any) -> int:
    kind = type(value)
    if kind is str:
        return len(value) >> 6
    return 0 if kind is float or not isinstance(value, list | dict) else len(value)


def spend(state: State, price: int) -> None:
    """Pay for work. Raises TemplateError when nothing is left."""
    state.steps -= price
    if state.steps < 0:
        raise TemplateError("the template does too much work: it was stopped")


def too_long() -> NoReturn:
    """What is printed has grown beyond all measure."""
    raise TemplateError(f"the text grows beyond {LONGEST} characters")
