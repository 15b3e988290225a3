"""What values hold: fields of structs, entries of maps, and what a range goes over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluator.core.labels import Labels
from evaluator.templating.go.printing import show
from evaluator.templating.go.state import Fail
from evaluator.templating.go.values import AnyMap, Kind, Pointer, Struct, kind_of


def member(receiver: Any, name: str, called: str, fail: Fail) -> Any:
    """A field of a struct, or the entry of a map. called: the type's name for the complaint that there is neither."""
    target = receiver.target if isinstance(receiver, Pointer) else receiver
    if isinstance(target, Struct) and name in target.fields:
        return target.fields[name]
    if isinstance(target, Struct) and name in target.hidden:
        return target.hidden[name]
    if isinstance(target, Mapping):
        return target.get(name, None if isinstance(target, AnyMap) else "")
    return fail(f"can't evaluate field {name} in type {called}")


def pairs(value: Any, both: bool, fail: Fail) -> Iterable[tuple[Any, Any]]:
    """What a range goes over: index and item, key and value in the order of the keys, or the numbers below one."""
    target = value.target if isinstance(value, Pointer) else value
    kind = kind_of(target)
    if kind is Kind.SLICE:
        return enumerate(target)
    if kind is Kind.MAP:
        return target.items() if type(target) is Labels else sorted(target.items())
    if kind in (Kind.INT, Kind.UINT):
        if both:
            fail(f"can't use {show(target)} to iterate over more than one variable")
        return ((None, number) for number in range(target))
    if target is None:
        return ()
    return fail(f"range can't iterate over {show(target)}")
