"""`frozen` beside the standard library's `@dataclass(frozen=True, slots=True)`: whoever uses a value sees no difference."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.core.frozen import frozen

T = TypeVar("T")


def both(make: Callable[[Callable[[type], Any]], Any]) -> Any:
    """The same class, made by us and by the standard library."""
    return pytest.mark.parametrize("cls", [make(frozen), make(dataclass(frozen=True, slots=True))], ids=["ours", "theirs"])


def everything(decorator: Callable[[type], Any]) -> Any:
    """Each kind of field."""

    @decorator
    class Everything:
        name: str
        number: int = 3
        parts: dict[str, int] = field(default_factory=dict)
        hidden: str = field(default="", repr=False, compare=False)
        derived: int = field(init=False, default=7)
        shared: ClassVar[int] = 9

        def __post_init__(self) -> None:
            object.__setattr__(self, "derived", self.number + 1)

        @property
        def twice(self) -> int:
            return 2 * self.number

    return Everything


def pair(decorator: Callable[[type], Any]) -> Any:
    """Two fields that can be hashed."""

    @decorator
    class Pair(Generic[T]):
        left: int
        right: tuple[T, ...] = ()

    return Pair


@frozen
class Base:
    """To be inherited from, and to be found by pickle."""

    one: int


@frozen
class Derived(Base):
    """One field more."""

    two: str = "b"


@frozen
class Nothing:
    """Without fields."""


@both(everything)
def test_fields_defaults_and_what_is_shown(cls: Any) -> None:
    one = cls("a", parts={"x": 1}, hidden="h")
    assert [each.name for each in fields(one)] == ["name", "number", "parts", "hidden", "derived"]
    assert repr(one) == "everything.<locals>.Everything(name='a', number=3, parts={'x': 1}, derived=4)"
    assert asdict(one) == {"name": "a", "number": 3, "parts": {"x": 1}, "hidden": "h", "derived": 4}
    assert is_dataclass(one)
    assert (one.twice, cls.shared, cls.__match_args__) == (6, 9, ("name", "number", "parts", "hidden"))


@both(everything)
def test_what_is_compared(cls: Any) -> None:
    assert cls("a", hidden="x") == cls("a", hidden="y")
    assert cls("a") != cls("a", 4)
    assert cls("a").__eq__("a") is NotImplemented


@both(everything)
def test_a_factory_makes_one_for_each_value(cls: Any) -> None:
    assert cls("a").parts is not cls("a").parts


@both(everything)
def test_nothing_can_be_changed(cls: Any) -> None:
    one = cls("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name
    with pytest.raises((FrozenInstanceError, TypeError)):  # the library stumbles over the class that it replaced
        one.unheard_of = 1
    assert not hasattr(one, "__dict__")


@both(everything)
def test_replaced_and_copied(cls: Any) -> None:
    one = cls("a", 5, {"x": 1})
    assert replace(one, name="b") == cls("b", 5, {"x": 1})
    assert copy.copy(one) == one
    deep = copy.deepcopy(one)
    assert deep == one
    assert deep.parts is not one.parts


@both(everything)
def test_the_signature_tells_of_names_types_and_defaults(cls: Any) -> None:
    signature = inspect.signature(cls)
    assert list(signature.parameters) == ["name", "number", "parts", "hidden"]
    assert signature.parameters["number"].default == 3
    assert signature.parameters["number"].annotation == "int"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        cls()
    with pytest.raises(TypeError, match="unexpected keyword argument 'derived'"):
        cls("a", derived=1)


@given(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 1), max_size=2)), st.integers(0, 2), st.lists(st.integers(0, 1)))
def test_equality_and_hash_are_those_of_the_fields(first: tuple[int, list[int]], left: int, right: list[int]) -> None:
    ours, theirs = pair(frozen), pair(dataclass(frozen=True, slots=True))
    mine, other = ours(first[0], tuple(first[1])), ours(left, tuple(right))
    assert (mine == other) == (theirs(first[0], tuple(first[1])) == theirs(left, tuple(right)))
    assert hash(mine) == hash(theirs(first[0], tuple(first[1])))


def test_what_cannot_be_hashed_says_so() -> None:
    with pytest.raises(TypeError, match="unhashable type: 'dict'"):
        hash(everything(frozen)("a"))


def test_a_class_keeps_what_it_defines() -> None:
    @frozen
    class Loud:
        word: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Loud) and self.word.lower() == other.word.lower()

        def __hash__(self) -> int:
            return hash(self.word.lower())

        def __repr__(self) -> str:
            return self.word.upper()

    assert Loud("a") == Loud("A")
    assert hash(Loud("a")) == hash(Loud("A"))
    assert repr(Loud("a")) == "A"


def test_patterns() -> None:
    match Derived(1, "c"):
        case Derived(one, two=two):
            assert (one, two) == (1, "c")


def test_inherited_fields_come_first() -> None:
    assert repr(Derived(1)) == "Derived(one=1, two='b')"
    assert Derived(1) != Base(1)
    assert isinstance(Derived(1), Base)


def test_without_fields() -> None:
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(())
    assert repr(Nothing()) == "Nothing()"


def test_a_method_is_compiled_once_and_for_its_own_class() -> None:
    """However it is reached first: by a value of a class that inherits from it, or by its name."""
    inherited = Base.__eq__(Derived(1), Derived(1))
    assert inherited is True
    assert inspect.isfunction(vars(Base)["__eq__"])
    assert vars(Base)["__eq__"] is Base.__eq__
    assert Base(1).__init__.__func__ is vars(Base)["__init__"]  # type: ignore[misc]
    assert vars(Derived)["__init__"].__qualname__ == "Derived.__init__"


def test_pickled() -> None:
    assert pickle.loads(pickle.dumps(Derived(1, "c"))) == Derived(1, "c")
