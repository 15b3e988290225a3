"""The sandbox: which of Jinja2 a template may use.

What is offered is listed, what is not listed is not there: filters whose cost has nothing to do with what they are given
(`center`, `indent`, `format`), methods of texts that multiply them, includes and recursive loops.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.filters import FILTERS as STANDARD_FILTERS
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.values import Struct, type_name
from evaluator.templating.jinja import limits
from evaluator.templating.jinja.names import MISSING, LabelView, Vocabulary, member, printed, text_of

_STANDARD: Final = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
]
_STEPPING: Final = frozenset(["map", "select", "reject", "selectattr", "rejectattr", "sort", "unique", "sum", "min", "max"])
"""Filters that do something with each item; of their arguments the items are the second."""
_TEXT_METHODS: Final = frozenset(
    [
        "lower",
        "upper",
        "capitalize",
        "title",
        "swapcase",
        "strip",
        "lstrip",
        "rstrip",
        "startswith",
        "endswith",
        "split",
        "rsplit",
        "splitlines",
        "partition",
        "rpartition",
        "removeprefix",
        "removesuffix",
        "find",
        "rfind",
        "count",
        "isdigit",
        "isalpha",
        "isalnum",
        "isspace",
        "isupper",
        "islower",
    ]
)
_TURNS: Final = "_turns"
_CONCATENATED: Final = "_concatenated"


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with the functions of a vocabulary, within bounds.

    undefined: what a name stands for that is not there. pages: everything printed is escaped for HTML.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, words: Vocabulary, *, undefined: type[Undefined] = StrictUndefined, pages: bool = False) -> None:
        super().__init__(
            undefined=undefined,
            keep_trailing_newline=True,
            finalize=printed,
            autoescape=pages,
            extensions=["jinja2.ext.loopcontrols"],
        )
        self.filters = {name: (_stepping if name in _STEPPING else _weighed)(STANDARD_FILTERS[name]) for name in _STANDARD}
        self.filters |= {"string": printed, "join": _join, "replace": _replace, "round": _round, **words.filters}
        kept = {name: self.globals[name] for name in ("dict", "namespace")}
        self.globals.clear()
        self.globals.update(kept, **words.globals, range=_range)
        self.globals.update({_TURNS: limits.turns, _CONCATENATED: _concatenated})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute; of labels always a label."""
        if isinstance(obj, LabelView):
            return obj[attribute]
        if not isinstance(obj, Undefined) and hasattr(obj, "go_kind"):
            found = member(obj, attribute)
            if found is MISSING:
                return self.undefined(hint=f"a {type_name(obj)} has no {attribute!r}", obj=obj, name=attribute)
            return found
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item; of labels always a label, of an alert a member, which is what `selectattr` and `map` ask for."""
        if isinstance(obj, LabelView):
            return obj[str(argument)]
        if isinstance(obj, Struct) and isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def wrap_str_format(self, value: Any) -> None:
        """`format` is not offered: printf is, and cannot be told to pad to a gigabyte."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may touch it: of texts only the methods that cannot multiply them, of numbers nothing."""
        if isinstance(obj, str | int | float):
            return isinstance(obj, str) and attr in _TEXT_METHODS
        return super().is_safe_attribute(obj, attr, value)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 -- Jinja2's own signature
        """A call from a template, paid for."""
        rendering = limits.current.get()
        name = __obj.name if isinstance(__obj, Macro) else ""
        rendering.spend(rendering.macros.get(name, rendering.turn))
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """An operation that could run away."""
        return limits.arithmetic(operator, left, right)


def price(node: nodes.Node) -> int:
    """Of doing once what is in a node: it can print each text that is literal in it; what else it prints is paid for then."""
    texts = (text.data for text in node.find_all(nodes.TemplateData))
    constants = (constant.value for constant in node.find_all(nodes.Const) if isinstance(constant.value, str))
    return limits.PER_STEP + sum(map(len, texts)) + sum(map(len, constants))


class Bounded(NodeTransformer):
    """Puts the bounds into a parsed template: loops pay for every turn, `~` for the length of what it makes."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 -- called by the name of the node
        """A loop."""
        turn = nodes.Const(price(node), lineno=node.lineno)
        self.generic_visit(node)
        node.iter = _call(_TURNS, [cast("nodes.Expr", node.iter), turn], node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802
        """`a ~ b`"""
        self.generic_visit(node)
        return _call(_CONCATENATED, node.nodes, node.lineno)


def _call(name: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    called = nodes.Name(name, "load", lineno=line)
    return nodes.Call(called, arguments, [], None, None, lineno=line)


def _weighed(standard: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(standard)
    def weighed(*args: Any, **kwargs: Any) -> Any:
        limits.weigh(*args)
        return standard(*args, **kwargs)

    return weighed


def _stepping(standard: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(standard)
    def stepping(surroundings: Any, items: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        limits.weigh(items, *args)
        return standard(surroundings, limits.steps(items), *args, **kwargs)

    return stepping


def _concatenated(*values: Any) -> str:
    return limits.concatenated([text_of(value) for value in values])


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > limits.LARGEST_RANGE:
        raise CallFailed(f"a range of more than {limits.LARGEST_RANGE} numbers")
    limits.weigh(found)
    return found


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [printed(item) for item in limits.turns(items)]
    limits.bounded_text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    limits.weigh(text)
    limits.bounded_text(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _round(number: float, precision: int = 0) -> float:
    return round(float(number), max(min(int(precision), 20), -20))
