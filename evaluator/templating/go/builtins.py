"""The functions that every Go template has.

`eq` and its kin compare only operands of the same basic kind: a float with a whole-number literal is an error at run time
(`gt $value 1`), which is the commonest mistake in rule files and must fail here as it fails there. `gt` and `ge` are
computed from `lt` and `eq`, so both are true for NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NoReturn
from urllib.parse import quote_plus

from evaluator.templating.errors import CallFailed
from evaluator.templating.go.printf import sprintf
from evaluator.templating.go.printing import show, sprint, sprintln
from evaluator.templating.go.times import Location, Time
from evaluator.templating.go.values import (
    ANY,
    STRING,
    AnyMap,
    Function,
    Kind,
    Pointer,
    Uint8,
    function,
    kind_of,
    to_bytes,
    to_text,
    truth,
    type_name,
)

_BASIC: Final = (Kind.BOOL, Kind.INT, Kind.UINT, Kind.FLOAT, Kind.COMPLEX, Kind.STRING)
_ORDERED: Final = (Kind.INT, Kind.UINT, Kind.FLOAT, Kind.STRING)
_WHOLE: Final = (Kind.INT, Kind.UINT)
_HTML: Final = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
_JS: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


# Comparisons


def _equal(left: Any, right: Any) -> bool:
    kinds = kind_of(left), kind_of(right)
    basic = [kind if kind in _BASIC else None for kind in kinds]
    if basic[0] == basic[1] is not None:
        return bool(left == right)
    if all(kind in _WHOLE for kind in kinds):
        return int(left) == int(right)
    if basic[0] != basic[1] and left is not None and right is not None:
        raise CallFailed("incompatible types for comparison")
    if left is None or right is None:
        return left is right
    if not (_comparable(left) and _comparable(right)):
        names = f"{show(left)}: {type_name(left)}, {type_name(right)}: {show(right)}"
        raise CallFailed(f"non-comparable types {names}")
    return bool(left is right if isinstance(left, Pointer) else left == right)


def _comparable(value: Any) -> bool:
    return isinstance(value, Time | Location | Pointer)


def eq(first: Any, *others: Any) -> bool:
    """Whether `first` equals any of the others."""
    if not others:
        raise CallFailed("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def less(left: Any, right: Any) -> bool:
    """`lt`"""
    kinds = kind_of(left), kind_of(right)
    if any(kind not in _BASIC for kind in kinds):
        raise CallFailed("invalid type for comparison")
    if kinds[0] is not kinds[1] and not all(kind in _WHOLE for kind in kinds):
        raise CallFailed("incompatible types for comparison")
    if kinds[0] not in _ORDERED:
        raise CallFailed("invalid type for comparison")
    if kinds[0] is Kind.STRING:
        return to_bytes(left) < to_bytes(right)
    return bool(left < right)


def _less_or_equal(left: Any, right: Any) -> bool:
    return less(left, right) or _equal(left, right)


# Containers


def _position(index: Any, most: int) -> int:
    if index is None:
        raise CallFailed("cannot index slice/array with nil")
    if kind_of(index) not in _WHOLE:
        raise CallFailed(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= most:
        raise CallFailed(f"index out of range: {int(index)}")
    return int(index)


def index(item: Any, *indexes: Any) -> Any:
    """An element: `index $list 0`, `index $labels "a-b"`, deeper with more indexes. A byte's number for a string."""
    if item is None:
        raise CallFailed("index of untyped nil")
    for step in indexes:
        item = _element(item.target if isinstance(item, Pointer) else item, step)
    return item


def _element(item: Any, step: Any) -> Any:
    kind = kind_of(item)
    if kind is Kind.MAP:
        return _entry(item, step)
    if kind not in (Kind.STRING, Kind.SLICE):
        raise CallFailed(f"can't index item of type {type_name(item)}")
    sequence: Sequence[Any] = to_bytes(item) if kind is Kind.STRING else item
    at = _position(step, len(sequence))
    if at == len(sequence):
        raise CallFailed(f"reflect: {kind.value} index out of range")
    return Uint8(sequence[at]) if kind is Kind.STRING else sequence[at]


def _entry(item: Mapping[str, Any], key: Any) -> Any:
    if key is None:
        raise CallFailed("value is nil; should be of type string")
    if not isinstance(key, str):
        raise CallFailed(f"value has type {type_name(key)}; should be string")
    return item.get(key, None if isinstance(item, AnyMap) else "")


def cut(item: Any, *indexes: Any) -> Any:
    """`slice`: `item[i:j]`, by bytes for a string."""
    if item is None:
        raise CallFailed("slice of untyped nil")
    kind = kind_of(item)
    if len(indexes) > 3:
        raise CallFailed(f"too many slice indexes: {len(indexes)}")
    if kind is Kind.STRING and len(indexes) == 3:
        raise CallFailed("cannot 3-index slice a string")
    if kind not in (Kind.STRING, Kind.SLICE):
        raise CallFailed(f"can't slice item of type {type_name(item)}")
    sequence: Any = to_bytes(item) if kind is Kind.STRING else item
    bounds = [_position(bound, len(sequence)) for bound in indexes]
    for low, high in pairwise(bounds):
        if low > high:
            raise CallFailed(f"invalid slice index: {low} > {high}")
    start, end = (bounds + [0, len(sequence)][len(bounds) :])[:2] if len(bounds) < 2 else bounds[:2]
    piece = sequence[start:end]
    return to_text(piece) if kind is Kind.STRING else type(item)(piece)


def length(item: Any) -> int:
    """`len`: bytes of a string, entries of a map or list."""
    target = item.target if isinstance(item, Pointer) else item
    kind = kind_of(target)
    if kind is Kind.NIL:
        raise CallFailed("reflect: call of reflect.Value.Type on zero Value")
    if kind is Kind.STRING:
        return len(to_bytes(target))
    if kind not in (Kind.SLICE, Kind.MAP):
        raise CallFailed(f"len of type {type_name(item)}")
    return len(target)


# Texts


def _joined(values: Sequence[Any]) -> str:
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint([show(value) if value is None or isinstance(value, Pointer) else value for value in values])


def escape_html(*values: Any) -> str:
    """`html`"""
    return _joined(values).translate(_HTML)


def escape_js(*values: Any) -> str:
    """`js`: for a JavaScript string between either quotes."""
    return "".join(_js(char) for char in _joined(values))


def _js(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if char.isprintable():
        return char
    return "".join(f"\\u{ord(char):04X}")


def query_escape(text: str) -> str:
    """The text fit for a URL's query: a blank becomes `+`."""
    return quote_plus(to_bytes(text), safe="-_.~")


def _not_callable(*values: Any) -> NoReturn:
    if values[0] is None:
        raise CallFailed("call of nil")
    raise CallFailed(f"non-function of type {type_name(values[0])}")


BUILTINS: Final[Mapping[str, Function]] = {
    each.name: each
    for each in (
        function("and", lambda *values: values[-1], ANY, rest=ANY),
        function("or", lambda *values: values[-1], ANY, rest=ANY),
        function("not", lambda value: not truth(value), ANY),
        function("eq", eq, ANY, rest=ANY),
        function("ne", lambda left, right: not _equal(left, right), ANY, ANY),
        function("lt", less, ANY, ANY),
        function("le", _less_or_equal, ANY, ANY),
        function("gt", lambda left, right: not _less_or_equal(left, right), ANY, ANY),
        function("ge", lambda left, right: not less(left, right), ANY, ANY),
        function("len", length, ANY),
        function("index", index, ANY, rest=ANY),
        function("slice", cut, ANY, rest=ANY),
        function("print", lambda *values: sprint(values), rest=ANY),
        function("println", lambda *values: sprintln(values), rest=ANY),
        function("printf", lambda layout, *values: sprintf(layout, values), STRING, rest=ANY),
        function("html", escape_html, rest=ANY),
        function("js", escape_js, rest=ANY),
        function("urlquery", lambda *values: query_escape(_joined(values)), rest=ANY),
        function("call", _not_callable, ANY, rest=ANY),
    )
}
