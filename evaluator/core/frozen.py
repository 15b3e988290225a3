"""Values that never change: what `@dataclass(frozen=True, slots=True)` makes, made sooner and filled faster.

Nearly everything here is such a value. The standard library compiles six functions for each class, one after the other, and
that was a third of what a start took; and what it compiles fills a slot by its name, through the method that forbids exactly
that. Here a method is compiled when somebody first calls it, which for most classes nobody does in a given run, and a slot is
filled by its own descriptor: a class takes a sixth of the time, a value half of it. Fields, their defaults and their order are
still the standard library's, so `replace`, `fields`, `asdict` and patterns know nothing of the difference;
`tests/core/test_frozen.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
Known = Sequence[Field[Any]]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of values of one whose annotations name the fields. What the class defines itself stays."""
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    later = {name: _Later(made, name, write) for name, write in _WRITTEN.items()}
    for name, method in {**later, "__repr__": _shown}.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    for name, method in (("__setattr__", _refuse), ("__delattr__", _refuse), ("__setstate__", _filled)):
        setattr(made, name, method)
    return made


class _Later:
    """Stands for a method of `owner` until it is first looked up; then it is compiled, and takes this place."""

    def __init__(self, owner: type[Any], name: str, write: Callable[[type[Any], Known], Iterator[str]]) -> None:
        self._owner = owner
        self._name = name
        self._write = write

    def __get__(self, instance: object, asker: type[Any] | None = None) -> Any:
        known = fields(self._owner)
        scope: dict[str, Any] = {"MISSING": MISSING}
        for number, one in enumerate(known):
            scope[f"set_{number}"] = getattr(self._owner, one.name).__set__
            scope[f"default_{number}"] = one.default if one.default_factory is MISSING else one.default_factory
        exec("\n".join(self._write(self._owner, known)), scope)  # the text is made of names that were checked to be some
        method = scope[self._name]
        method.__qualname__ = f"{self._owner.__qualname__}.{self._name}"
        if self._name == "__init__":
            method.__annotations__ = {**{one.name: one.type for one in known if one.init}, "return": None}
        setattr(self._owner, self._name, method)
        return method.__get__(instance, asker)


def _init(cls: type[Any], known: Known) -> Iterator[str]:
    """Fields' descriptors, defaults and factories go by the numbers of the fields."""
    yield f"def __init__({', '.join(['self', *_parameters(known)])}):"
    yield from (f" {line}" for line in _filling(known))
    yield " self.__post_init__()" if hasattr(cls, "__post_init__") else " pass"


def _parameters(known: Known) -> Iterator[str]:
    """A default that is made anew for each value is asked for by leaving its argument out."""
    for number, one in enumerate(known):
        if one.init:
            given = f"default_{number}" if one.default_factory is MISSING else "MISSING"
            needed = one.default is MISSING and one.default_factory is MISSING
            yield one.name if needed else f"{one.name}={given}"


def _filling(known: Known) -> Iterator[str]:
    for number, one in enumerate(known):
        made = f"default_{number}" if one.default_factory is MISSING else f"default_{number}()"
        if not one.init:
            if one.default is not MISSING or one.default_factory is not MISSING:
                yield f"set_{number}(self, {made})"
        elif one.default_factory is MISSING:
            yield f"set_{number}(self, {one.name})"
        else:
            yield f"set_{number}(self, {made} if {one.name} is MISSING else {one.name})"


def _eq(cls: type[Any], known: Known) -> Iterator[str]:
    yield "def __eq__(self, other):"
    same = f"({_compared('self', known)}) == ({_compared('other', known)})"
    yield f" return {same} if other.__class__ is self.__class__ else NotImplemented"


def _hash(cls: type[Any], known: Known) -> Iterator[str]:
    yield "def __hash__(self):"
    yield f" return hash(({_compared('self', known)}))"


def _compared(whose: str, known: Known) -> str:
    return "".join(f"{whose}.{one.name}, " for one in known if one.compare)


_WRITTEN = {"__init__": _init, "__eq__": _eq, "__hash__": _hash}


def _shown(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _filled(self: object, state: tuple[None, dict[str, Any]]) -> None:
    """Fill a copy, or what was pickled: of an object with slots only these are its state."""
    for name, content in state[1].items():
        object.__setattr__(self, name, content)
