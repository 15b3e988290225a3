"""The functions of rule templates as Jinja2 globals and filters.

In a filter the piped value takes the last place, as it does in a Go pipeline: `text | reReplaceAll("a", "b")` and
`value | printf("%.2f")` mean the same in both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import GeneratorType
from typing import Any, Final

from jinja2 import Undefined

from evaluator.core.frozen import frozen
from evaluator.templating.errors import CallFailed
from evaluator.templating.functions.prometheus import PROMETHEUS
from evaluator.templating.go.arguments import wrong_count
from evaluator.templating.go.builtins import BUILTINS
from evaluator.templating.go.printing import show
from evaluator.templating.go.values import Function, Kind, Param, Pointer, Value, is_go, type_name
from evaluator.templating.jinja.limits import current, weigh
from evaluator.templating.notification_data import KV

MISSING: Final = object()


class LabelView(dict[str, str], Value):
    """Labels in a template: attributes and items are label values, never methods; what is absent is empty."""

    __slots__ = ()
    go_type = "map[string]string"
    go_kind = Kind.MAP

    def __missing__(self, name: str) -> str:
        return ""


class KVView(LabelView, KV):
    """Labels of a notification in a template."""

    __slots__ = ()
    go_type = "template.KV"


def to_go(value: Any) -> Any:
    """A value of Jinja2 as the functions expect it. Raises CallFailed for what has no counterpart."""
    if isinstance(value, Undefined):
        return str(value)  # a strict undefined says what is missing, any other is empty
    if isinstance(value, str):
        return str(value)
    if isinstance(value, range | GeneratorType):
        return list(value)
    if not is_go(value):
        raise CallFailed(f"a value of type {type(value).__name__} cannot be used here")
    return value


def printed(value: Any) -> str:
    """What `{{ value }}` prints: numbers as Go prints them, nothing for none."""
    text = text_of(value)
    weigh(text)
    return text


def text_of(value: Any) -> str:
    """A value as text, wherever one is needed. Raises CallFailed for what has none, such as a function or a loop."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Undefined):
        return str(value)
    if callable(value):
        raise CallFailed("a function is printed, where it should be called")
    return show(to_go(value))


def _checked(function: Function, param: Param, value: Any) -> Any:
    value = to_go(value)
    if not param.types or type(value) in param.types:
        return value
    if type(value) is Pointer and type(value.target) in param.types:
        return value.target
    raise CallFailed(f"{function.name}: expected {param.name}, got {type_name(value)}")


def _called(function: Function, values: tuple[Any, ...]) -> Any:
    complaint = wrong_count(function, len(values), len(values))
    if complaint:
        raise CallFailed(complaint)
    params = [*function.params, *[function.rest] * (len(values) - len(function.params))]
    arguments = [_checked(function, param, value) for param, value in zip(params, values, strict=True) if param]
    weigh(*arguments)
    return function.call(current.get().scope, *arguments) if function.scoped else function.call(*arguments)


def as_global(function: Function) -> Callable[..., Any]:
    """A function that is called by name."""
    return lambda *values: _called(function, values)


def as_filter(function: Function) -> Callable[..., Any]:
    """A function that values are piped into."""
    return lambda piped, *values: _called(function, (*values, piped))


def member(value: Any, name: str) -> Any:
    """A field (`sample.labels`, `alert.starts_at`) or a method (`time.Format`) of a Go value; MISSING where there is none.

    Go's names, or the same in lower case with underscores; a method that takes nothing is called by the latter alone.
    """
    target = value.target if isinstance(value, Pointer) else value
    fields = {**getattr(target, "fields", {}), **getattr(target, "hidden", {})}
    found = fields.get(_alike(name, fields), MISSING)
    if isinstance(found, Mapping) and not isinstance(found, LabelView):
        return LabelView(found) if type(found) is not KV else KVView(found)
    methods = getattr(target, "go_methods", {})
    method = methods.get(_alike(name, methods))
    if found is not MISSING or method is None:
        return found
    return _called_on(method, target, ()) if name != method.name and not method.params else _bound(method, target)


def _alike(name: str, known: Iterable[str]) -> str:
    plain = name.replace("_", "").lower()
    return next((one for one in known if name == one or plain == one.lower()), name)


def _bound(method: Function, target: Any) -> Callable[..., Any]:
    return lambda *values: _called_on(method, target, values)


def _called_on(method: Function, target: Any, values: tuple[Any, ...]) -> Any:
    complaint = wrong_count(method, len(values), len(values))
    if complaint:
        raise CallFailed(complaint)
    return method.call(target, *(_checked(method, param, value) for param, value in zip(method.params, values, strict=True)))


def first(items: Any) -> Any:
    """The first sample, or the first item of any list. Raises CallFailed when there is none."""
    items = to_go(items)
    if isinstance(items, list | tuple | str) and not items:
        raise CallFailed("first() called on vector with no elements")
    return items[0]


@frozen
class Vocabulary:
    """The functions that templates of one kind have, as globals and as filters."""

    globals: Mapping[str, Callable[..., Any]]
    filters: Mapping[str, Callable[..., Any]]


def vocabulary(functions: Mapping[str, Function], variables: Collection[str], **more: Callable[..., Any]) -> Vocabulary:
    """Go's functions by their names. variables: names that are values here. more: functions of Jinja2's own."""
    called = {name: as_global(function) for name, function in functions.items() if name not in variables}
    piped = {name: as_filter(function) for name, function in functions.items() if function.params or function.rest}
    return Vocabulary({**called, "first": first, **more}, {**piped, "first": first, **more})


RULE_WORDS: Final = vocabulary({**PROMETHEUS, "printf": BUILTINS["printf"]}, ("now", "value"))
