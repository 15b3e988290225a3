"""Values that never change: what `@dataclass(frozen=True, slots=True)` makes, made sooner and filled faster.

Nearly everything here is such a value. The standard library compiles six functions for each class, one after the other, and
that was a third of what a start took; and what it compiles fills a slot by its name, through the method that forbids exactly
that. Here one text per class is compiled, and a slot is filled by its own descriptor: a class takes a third of the time, a
value half of it. Fields, their defaults and their order are still the standard library's, so `replace`, `fields`, `asdict`
and patterns know nothing of the difference; `tests/core/test_frozen.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of values of one whose annotations name the fields. What the class defines itself stays."""
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    methods = {**_compiled(made, fields(made)), "__repr__": _shown}  # type: ignore[arg-type]  # a dataclass by now
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    for name, method in (("__setattr__", _refuse), ("__delattr__", _refuse), ("__setstate__", _filled)):
        setattr(made, name, method)
    return made


def _compiled(cls: type[Any], known: Sequence[Field[Any]]) -> dict[str, Any]:
    """`__init__`, `__eq__` and `__hash__`; the fields' descriptors, defaults and factories go by the numbers of the fields."""
    scope: dict[str, Any] = {"MISSING": MISSING}
    for number, one in enumerate(known):
        scope[f"set_{number}"] = getattr(cls, one.name).__set__
        scope[f"default_{number}"] = one.default if one.default_factory is MISSING else one.default_factory
    mine = "".join(f"self.{one.name}, " for one in known if one.compare)
    theirs = "".join(f"other.{one.name}, " for one in known if one.compare)
    filling = [*_filling(known), *(["self.__post_init__()"] if hasattr(cls, "__post_init__") else [])]
    lines = [
        f"def __init__({', '.join(['self', *_parameters(known)])}):",
        *(f" {line}" for line in filling or ["pass"]),
        "def __eq__(self, other):",
        f" return ({mine}) == ({theirs}) if other.__class__ is self.__class__ else NotImplemented",
        "def __hash__(self):",
        f" return hash(({mine}))",
    ]
    methods: dict[str, Any] = {}
    exec("\n".join(lines), scope, methods)  # the text is made of names that were checked to be some
    for method in methods.values():
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
    methods["__init__"].__annotations__ = {**{one.name: one.type for one in known if one.init}, "return": None}
    return methods


def _parameters(known: Sequence[Field[Any]]) -> Iterator[str]:
    """A default that is made anew for each value is asked for by leaving its argument out."""
    for number, one in enumerate(known):
        if one.init:
            given = f"default_{number}" if one.default_factory is MISSING else "MISSING"
            needed = one.default is MISSING and one.default_factory is MISSING
            yield one.name if needed else f"{one.name}={given}"


def _filling(known: Sequence[Field[Any]]) -> Iterator[str]:
    for number, one in enumerate(known):
        made = f"default_{number}" if one.default_factory is MISSING else f"default_{number}()"
        if not one.init:
            if one.default is not MISSING or one.default_factory is not MISSING:
                yield f"set_{number}(self, {made})"
        elif one.default_factory is MISSING:
            yield f"set_{number}(self, {one.name})"
        else:
            yield f"set_{number}(self, {made} if {one.name} is MISSING else {one.name})"


def _shown(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _filled(self: object, state: tuple[None, dict[str, Any]]) -> None:
    """Fill a copy, or what was pickled: of an object with slots only these are its state."""
    for name, content in state[1].items():
        object.__setattr__(self, name, content)
