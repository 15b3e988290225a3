"""Pipelines of Go as expressions of Jinja2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from evaluator.core.frozen import frozen
from evaluator.templating.conversion.dialects import FIELDS, LABELS, METHODS_OF_LABELS, Dialect
from evaluator.templating.go.nodes import (
    Argument,
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Pipe,
    String,
    Variable,
)

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Unconvertible(Exception):  # noqa: N818 -- named for what was found
    """Jinja2 has nothing like it."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@frozen
class Code:
    """An expression. loose: it needs parentheses where something binds tighter. piped: it ends in a filter.

    holds: what it is, as far as that shows: `labels`, `map`, `list`, `alerts`, `pairs`, `samples`, `text`, `number`.
    whole: it is the notification, or the sample's scope, itself; there is no expression for that.
    """

    text: str
    loose: bool = False
    piped: bool = False
    holds: str = ""
    whole: bool = False

    @property
    def tight(self) -> str:
        """Fit to stand before a dot or a bracket."""
        return f"({self.text})" if self.loose or self.piped else self.text

    @property
    def operand(self) -> str:
        """Fit to stand beside an operator."""
        return f"({self.text})" if self.loose else self.text


WHOLE: Final = Code("", whole=True)

_HOLDS: Final = {
    "Alerts": "alerts",
    "Firing": "alerts",
    "Resolved": "alerts",
    "SortedPairs": "pairs",
    "Names": "list",
    "Values": "list",
    "Remove": "labels",
    "Name": "text",
    "Status": "text",
    "Receiver": "text",
    "ExternalURL": "text",
    **dict.fromkeys(LABELS, "labels"),
}
_OPERATORS: Final = {"ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Names(dict[str, Code]):
    """Variables in force, by the names that they have in Go."""


class Expressions:
    """Converts expressions of one text."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def pipe(self, pipe: Pipe, dot: Code, names: Mapping[str, Code]) -> Code:
        """The value of a pipeline. Raises Unconvertible."""
        code: Code | None = None
        for command in pipe.commands:
            code = self._command(command, code, dot, names)
        assert code is not None
        return code

    def _command(self, command: Command, piped: Code | None, dot: Code, names: Mapping[str, Code]) -> Code:
        word = command.words[0]
        arguments = [self._word(each, dot, names) for each in command.words[1:]]
        if isinstance(word, Identifier):
            return self._call(word, arguments, piped)
        if isinstance(word, Field | Variable | Chain) and word.names and (arguments or piped):
            given = arguments if piped is None else [*arguments, piped]
            return self._members(self._base(word, dot, names), word.names, word.offset, given)
        if arguments or piped:
            raise Unconvertible(f"{word} is not a function", word.offset)
        return self._word(word, dot, names)

    def _word(self, word: Argument, dot: Code, names: Mapping[str, Code]) -> Code:
        match word:
            case Dot():
                return dot
            case Nil():
                return Code("none")
            case Bool(value=value):
                return Code("true" if value else "false")
            case Number():
                return _number(word)
            case String(value=value):
                return Code(literal(value), holds="text")
            case Identifier():
                return self._call(word, [], None)
            case Pipe():
                return self.pipe(word, dot, names)
            case Field() | Variable() | Chain():
                return self._members(self._base(word, dot, names), word.names, word.offset, [])

    def _base(self, word: Field | Variable | Chain, dot: Code, names: Mapping[str, Code]) -> Code:
        if isinstance(word, Field):
            return dot
        if isinstance(word, Chain):
            return self._word(word.base, dot, names)
        if word.name not in names:
            raise Unconvertible(f"{word.name} is not set here", word.offset)
        return names[word.name]

    # Fields

    def _members(self, code: Code, names: Sequence[str], offset: int, arguments: Sequence[Code]) -> Code:
        for index, name in enumerate(names):
            given = arguments if index == len(names) - 1 else ()
            code = self._member(code, name, offset, given)
        return code

    def _member(self, code: Code, name: str, offset: int, arguments: Sequence[Code]) -> Code:
        if code.whole:
            if name not in self.dialect.root:
                raise Unconvertible(f"there is no field {name}", offset)
            return Code(self.dialect.root[name], holds=_HOLDS.get(name, ""))
        if code.holds == "labels":
            return self._of_labels(code, name, arguments)
        if code.holds == "pairs" and name in ("Names", "Values"):
            return Code(f'{code.operand} | map(attribute="{name[:-1].lower()}") | list', piped=True, holds="list")
        if arguments:
            return Code(f"{code.tight}.{name}({', '.join(each.text for each in arguments)})")
        if name in FIELDS:
            return Code(f"{code.tight}.{FIELDS[name]}", holds=_HOLDS.get(name, ""))
        return Code(f"{code.tight}.{name}()" if name[:1].isupper() else _item(code, name))

    def _of_labels(self, code: Code, name: str, arguments: Sequence[Code]) -> Code:
        filtered = METHODS_OF_LABELS.get(name)
        if filtered is None:
            return Code(_item(code, name), holds="text")
        given = f"({', '.join(each.text for each in arguments)})" if arguments else ""
        return Code(f"{code.operand} | {filtered}{given}", piped=True, holds=_HOLDS[name])

    # Functions

    def _call(self, word: Identifier, arguments: Sequence[Code], piped: Code | None) -> Code:
        name = word.name
        if name.startswith("_") and piped is not None:
            return _in_page(name, piped, word)
        if name in self.dialect.unknown:
            raise Unconvertible(f"{name} has no counterpart in Jinja2", word.offset)
        everything = [*arguments, *([piped] if piped else [])]
        if any(each.whole for each in everything):
            raise Unconvertible(f"{name} of everything at once has no counterpart in Jinja2", word.offset)
        if name in self.dialect.calls and not everything:
            return Code(self.dialect.calls[name], holds="labels" if name == "routeLabels" else "")
        own = _OWN.get(name)
        if own is not None:
            return own(everything, word)
        if name in _FILTERS_ONLY and not everything:
            raise Unconvertible(f"{name} takes a sample", word.offset)
        if piped is not None or name in _FILTERS_ONLY:
            *given, last = everything
            shown = f"({', '.join(each.text for each in given)})" if given else ""
            return Code(f"{last.operand} | {name}{shown}", piped=True, holds=_RESULTS.get(name, ""))
        return Code(f"{name}({', '.join(each.text for each in everything)})", holds=_RESULTS.get(name, ""))


def _in_page(name: str, code: Code, word: Identifier) -> Code:
    """What escaping by context adds to a pipeline, where pages of Jinja2 escape everything alike."""
    if name in _AS_JINJA_DOES:
        return code
    if name in _PAGE_FILTERS:
        return Code(f"{code.operand} | {_PAGE_FILTERS[name]}", piped=True, holds="text")
    raise Unconvertible("a value in a script, a style or a value without quotes has no counterpart in Jinja2", word.offset)


_AS_JINJA_DOES: Final = frozenset({"_escape_text", "_escape_attribute", "_escape_rcdata", "_normalize_url"})
_PAGE_FILTERS: Final = {"_filter_url": "checked_url", "_escape_url": "urlQueryEscape"}
_FILTERS_ONLY: Final = frozenset({"value"})
_RESULTS: Final = {
    "query": "samples",
    "sortByLabel": "samples",
    "printf": "text",
    "title": "text",
    "toUpper": "text",
    "toLower": "text",
}


def literal(text: str) -> str:
    """A text as Jinja2 writes it."""
    quote = "'" if '"' in text and "'" not in text else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    for char, shown in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(char, shown)
    return f"{quote}{escaped}{quote}"


def _number(word: Number) -> Code:
    if isinstance(word.value, complex):
        raise Unconvertible(f"{word.text} is a complex number", word.offset)
    return Code(repr(word.value), holds="number")


def _item(code: Code, name: str) -> str:
    return f"{code.tight}.{name}" if _NAME.fullmatch(name) else f"{code.tight}[{literal(name)}]"


def _binary(operator: str) -> Callable[[Sequence[Code], Identifier], Code]:
    def build(values: Sequence[Code], word: Identifier) -> Code:
        if len(values) != 2:
            raise Unconvertible(f"{word.name} takes two values", word.offset)
        return Code(f"{_side(values[0])} {operator} {_side(values[1])}", loose=True)

    return build


def _side(code: Code) -> str:
    return f"({code.text})" if code.loose else code.text


def _eq(values: Sequence[Code], word: Identifier) -> Code:
    if len(values) < 2:
        raise Unconvertible("eq takes two values or more", word.offset)
    if len(values) == 2:
        return _binary("==")(values, word)
    return Code(f"{_side(values[0])} in ({', '.join(each.text for each in values[1:])})", loose=True)


def _joined(operator: str) -> Callable[[Sequence[Code], Identifier], Code]:
    def build(values: Sequence[Code], word: Identifier) -> Code:
        return values[0] if len(values) == 1 else Code(f" {operator} ".join(map(_side, values)), loose=True)

    return build


def _not(values: Sequence[Code], word: Identifier) -> Code:
    return Code(f"not {values[0].tight if values[0].loose else values[0].text}", loose=True)


def _length(values: Sequence[Code], word: Identifier) -> Code:
    return Code(f"{values[0].operand} | length", piped=True, holds="number")


def _index(values: Sequence[Code], word: Identifier) -> Code:
    holds = {"alerts": "alert", "samples": "sample", "pairs": "pair", "labels": "text"}.get(values[0].holds, "")
    return Code(values[0].tight + "".join(f"[{each.text}]" for each in values[1:]), holds=holds if len(values) == 2 else "")


def _slice(values: Sequence[Code], word: Identifier) -> Code:
    if len(values) > 3:
        raise Unconvertible("slice with three bounds has no counterpart in Jinja2", word.offset)
    low, high = ([each.text for each in values[1:]] + ["", ""])[:2]
    return Code(f"{values[0].tight}[{low}:{high}]", holds=values[0].holds)


def _print(values: Sequence[Code], word: Identifier) -> Code:
    if len(values) == 1:
        return values[0] if values[0].holds == "text" else Code(f"{values[0].operand} | string", piped=True, holds="text")
    for one, other in pairwise(values):
        if "text" not in (one.holds, other.holds):
            raise Unconvertible("print puts a blank between two values unless one of them is a text", word.offset)
    return Code(" ~ ".join(map(_side, values)), loose=True, holds="text")


def _html(values: Sequence[Code], word: Identifier) -> Code:
    text = _print(values, word) if len(values) > 1 else values[0]
    return Code(f"{text.operand} | e", piped=True, holds="text")


def _urlquery(values: Sequence[Code], word: Identifier) -> Code:
    text = _print(values, word)
    return Code(f"{text.operand} | urlQueryEscape", piped=True, holds="text")


def _join(values: Sequence[Code], word: Identifier) -> Code:
    if len(values) != 2:
        raise Unconvertible("join takes a separator and a list", word.offset)
    return Code(f"{values[1].operand} | join({values[0].text})", piped=True, holds="text")


def _list(values: Sequence[Code], word: Identifier) -> Code:
    return Code(f"[{', '.join(each.text for each in values)}]", holds="list")


def _append(values: Sequence[Code], word: Identifier) -> Code:
    return Code(f"{_side(values[0])} + {_list(values[1:], word).text}", loose=True, holds="list")


def _dict(values: Sequence[Code], word: Identifier) -> Code:
    pairs = zip(values[::2], values[1::2], strict=False)
    return Code("{" + ", ".join(f"{name.text}: {value.text}" for name, value in pairs) + "}", holds="map")


def at_least(least: int, build: Callable[[Sequence[Code], Identifier], Code]) -> Callable[[Sequence[Code], Identifier], Code]:
    """Raises Unconvertible for a call that could not succeed."""

    def checked(values: Sequence[Code], word: Identifier) -> Code:
        if len(values) < least:
            raise Unconvertible(f"{word.name} takes at least {least} values", word.offset)
        return build(values, word)

    return checked


_OWN: Final[Mapping[str, Callable[[Sequence[Code], Identifier], Code]]] = {
    "and": at_least(1, _joined("and")),
    "or": at_least(1, _joined("or")),
    "not": at_least(1, _not),
    "eq": _eq,
    **{name: _binary(operator) for name, operator in _OPERATORS.items()},
    "len": at_least(1, _length),
    "index": at_least(1, _index),
    "slice": at_least(1, _slice),
    "print": at_least(1, _print),
    "html": at_least(1, _html),
    "urlquery": at_least(1, _urlquery),
    "join": _join,
    "stringSlice": _list,
    "list": _list,
    "append": at_least(1, _append),
    "dict": _dict,
}


def renamed(code: Code, text: str) -> Code:
    """The same thing under a name of its own."""
    return replace(code, text=text, loose=False, piped=False)
