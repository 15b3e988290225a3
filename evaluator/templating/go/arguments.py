"""Whether a function takes what it is given: how many arguments, of which types, and what to say when it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from evaluator.templating.errors import TemplateError
from evaluator.templating.go.state import Fail
from evaluator.templating.go.values import Function, Kind, Param, Pointer, type_name


def wrong_count(function: Function, given: int, count: int) -> str:
    """Why a function cannot take so many arguments; empty when it can. given: without the piped one, count: with it."""
    if function.rest is None and count != len(function.params):
        return f"wrong number of args for {function.name}: want {len(function.params)} got {count}"
    if count < len(function.params):
        return f"wrong number of args for {function.name}: want at least {len(function.params)} got {given}"
    return ""


def param_types(function: Function, count: int) -> list[Param]:
    """The types of so many arguments."""
    rest = [function.rest] * (count - len(function.params)) if function.rest else []
    return [*function.params, *rest]


def checked(param: Param, fail: Fail, nil_type: str) -> Callable[[Any], Any] | None:
    """What makes sure that an argument has the type asked for. nil_type: the type that a nil has there, if it has one."""
    if not param.types:
        return None
    types, name, nullable = param.types, param.name, param.kind in (Kind.SLICE, Kind.MAP, Kind.POINTER)

    def check(value: Any) -> Any:
        if type(value) in types or (value is None and nullable):
            return value
        if isinstance(value, Pointer) and type(value.target) in types:
            return value.target
        if value is None and not nil_type:
            return fail(f"invalid value; expected {name}")
        return fail(f"wrong type for value; expected {name}; got {nil_type if value is None else type_name(value)}")

    return check


def called_badly(error: ValueError | ArithmeticError, name: str, fail: Fail) -> NoReturn:
    """A function refused its arguments."""
    if isinstance(error, TemplateError):
        raise error
    fail(f"error calling {name}: {error}")
