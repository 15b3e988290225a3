"""What Go values look like here.

Python's own types stand for Go's where they can: `str`, `float`, `bool`, `int`, `None` for nil, a `dict` or a `Labels` for
`map[string]string` (a missing key is the empty string), a `list` for `[]interface {}`. Everything else says of itself what
it is in Go: its type's name, its kind, its methods. A string is text; bytes that are no UTF-8 (Go's strings are bytes, and
`slice` may cut a character) are carried as surrogates and become U+FFFD at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType, NoneType
from typing import Any, ClassVar, Final

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels


class Kind(Enum):
    """Go's kinds, as far as templates tell them apart."""

    NIL = "nil"
    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    COMPLEX = "complex"
    STRING = "string"
    MAP = "map"
    SLICE = "slice"
    STRUCT = "struct"
    POINTER = "pointer"


@frozen
class Param:
    """The type of a parameter. types: the Python types it accepts; empty for `interface {}`, which accepts everything."""

    name: str
    kind: Kind | None
    types: frozenset[type] = frozenset()


@frozen
class Function:
    """A function or a method. rest: the type of a variadic tail. scoped: it receives the scope as first argument.

    `call` raises `CallFailed` (any ValueError or ArithmeticError counts) to stop the template.
    """

    name: str
    call: Callable[..., Any]
    params: tuple[Param, ...] = ()
    rest: Param | None = None
    scoped: bool = False


def function(name: str, call: Callable[..., Any], *params: Param, rest: Param | None = None, scoped: bool = False) -> Function:
    """A `Function`, its parameters listed."""
    return Function(name, call, params, rest, scoped)


class Value:
    """Base of the values that have a Go type of their own."""

    __slots__ = ()
    go_type: ClassVar[str]
    go_kind: ClassVar[Kind]
    go_methods: ClassVar[Mapping[str, Function]] = MappingProxyType({})


class Stringer:
    """A value that prints itself."""

    __slots__ = ()

    def go_string(self) -> str:
        """What `String()` returns."""
        raise NotImplementedError


class Sourced:
    """A value that writes itself as Go source, for `%#v`."""

    __slots__ = ()

    def go_source(self) -> str:
        """What `GoString()` returns."""
        raise NotImplementedError


class Struct:
    """A struct: fields by name, in their order. loose: those declared as `interface {}`.

    hidden: fields that Go's struct does not have; they can be asked for, and do not show when it is printed as a whole.
    """

    __slots__ = ("fields", "go_type", "hidden", "loose")
    go_kind: ClassVar[Kind] = Kind.STRUCT

    def __init__(
        self,
        go_type: str,
        fields: dict[str, Any],
        loose: frozenset[str] = frozenset(),
        hidden: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.go_type = go_type
        self.fields = fields
        self.loose = loose
        self.hidden = hidden


class Pointer:
    """A pointer that is not nil; always true, and no number or time where one is asked for by kind."""

    __slots__ = ("target",)
    go_kind: ClassVar[Kind] = Kind.POINTER

    def __init__(self, target: Any) -> None:
        self.target = target

    @property
    def go_type(self) -> str:
        """`*` and what it points to."""
        return "*" + type_name(self.target)

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """Those of what it points to."""
        methods: Mapping[str, Function] = getattr(self.target, "go_methods", {})
        return methods


class AnyMap(dict[str, Any], Value):
    """`map[string]interface {}`; a missing key is nil."""

    __slots__ = ()
    go_type = "map[string]interface {}"
    go_kind = Kind.MAP


class Strings(list[str], Value):
    """`[]string`"""

    __slots__ = ()
    go_type = "[]string"
    go_kind = Kind.SLICE


class SafeHtml(str, Value):
    """`template.HTML`: markup that somebody vouched for. No `string` where one is asked for by type."""

    __slots__ = ()
    go_type = "template.HTML"
    go_kind = Kind.STRING


class SafeUrl(str, Value):
    """`template.URL`: likewise a URL."""

    __slots__ = ()
    go_type = "template.URL"
    go_kind = Kind.STRING


class Int64(int, Value):
    """`int64`"""

    go_type = "int64"
    go_kind = Kind.INT


class Uint64(int, Value):
    """`uint64`"""

    go_type = "uint64"
    go_kind = Kind.UINT


class Uint8(int, Value):
    """`uint8`, what indexing a string yields."""

    go_type = "uint8"
    go_kind = Kind.UINT


_TYPES: Final[dict[type, tuple[str, Kind]]] = {
    NoneType: ("nil", Kind.NIL),
    bool: ("bool", Kind.BOOL),
    int: ("int", Kind.INT),
    float: ("float64", Kind.FLOAT),
    complex: ("complex128", Kind.COMPLEX),
    str: ("string", Kind.STRING),
    dict: ("map[string]string", Kind.MAP),
    Labels: ("map[string]string", Kind.MAP),
    list: ("[]interface {}", Kind.SLICE),
    tuple: ("[]interface {}", Kind.SLICE),
}

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

ANY: Final = Param("interface {}", None)
STRING: Final = Param("string", Kind.STRING, frozenset({str}))
FLOAT: Final = Param("float64", Kind.FLOAT, frozenset({float}))
INT: Final = Param("int", Kind.INT, frozenset({int}))
STRINGS: Final = Param("[]string", Kind.SLICE, frozenset({Strings}))
ANY_LIST: Final = Param("[]interface {}", Kind.SLICE, frozenset({list, tuple}))


def type_name(value: Any) -> str:
    """The name of a value's Go type."""
    known = _TYPES.get(type(value))
    return known[0] if known else value.go_type


def kind_of(value: Any) -> Kind:
    """The kind of a value."""
    known = _TYPES.get(type(value))
    return known[1] if known else value.go_kind


_ALWAYS_TRUE: Final = frozenset({Kind.STRUCT, Kind.POINTER})


def truth(value: Any) -> bool:
    """Whether a value is true in `if`: not zero, not empty, not nil. NaN, structs and pointers are."""
    if type(value) in _TYPES:
        return bool(value)
    return value.go_kind in _ALWAYS_TRUE or bool(value)


def is_loose(holder: Any, name: str) -> bool:
    """Whether what `holder` holds under `name` is declared as `interface {}` there."""
    return isinstance(holder, AnyMap) or (isinstance(holder, Struct) and name in holder.loose)


def to_bytes(text: str) -> bytes:
    """A string as Go holds it."""
    return text.encode("utf-8", "surrogateescape")


def to_text(raw: bytes) -> str:
    """The opposite of `to_bytes`."""
    return raw.decode("utf-8", "surrogateescape")


def presentable(text: str) -> str:
    """The text with what is no UTF-8 replaced by U+FFFD, byte by byte; fit to be stored and sent."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def is_go(value: Any) -> bool:
    """Whether the value has a counterpart in Go."""
    return type(value) in _TYPES or hasattr(value, "go_kind")
