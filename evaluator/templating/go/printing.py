"""How any Go value prints under any verb; `print` and `println`.

A verb that does not fit the value is no error: `%d` of a float prints `%!d(float64=1.5)`. Flags stay in force inside such a
note, and inside maps and lists, as in Go. A pointer inside a list prints what it points to; Go prints its address there,
which says nothing and differs on every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.templating.errors import CallFailed
from evaluator.templating.go import numbers, quote
from evaluator.templating.go.values import Kind, Pointer, Sourced, Stringer, Struct, kind_of, type_name

LONGEST: Final = 1 << 20  # characters of anything printed
_BASES: Final = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}


@frozen
class Form:
    """What stands between the `%` and the verb. detailed: `%+v`; source: `%#v`."""

    plus: bool = False
    minus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    width: int | None = None
    precision: int | None = None
    detailed: bool = False
    source: bool = False

    def padded(self, text: str) -> str:
        """The text brought to the width, counted in characters."""
        if self.width is None or len(text) >= self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero else " ")


PLAIN: Final = Form()


def show(value: Any) -> str:
    """A value as an action prints it: nil is `<no value>`, a pointer prints what it points to."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is float:
        return numbers.shortest(value)
    if value is None:
        return "<no value>"
    return print_value(
        value.target if isinstance(value, Pointer) and not isinstance(value.target, Stringer) else value, "v", PLAIN
    )


def sprint(values: Sequence[Any]) -> str:
    """Go's Sprint: a space between two operands when neither is a string."""
    pieces: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            pieces.append(" ")
        pieces.append(print_value(value, "v", PLAIN))
    return "".join(bounded(pieces))


def sprintln(values: Sequence[Any]) -> str:
    """Go's Sprintln: a space between all operands, and a newline."""
    return " ".join(bounded(print_value(value, "v", PLAIN) for value in values)) + "\n"


def bounded(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces, until together they are longer than any message. Raises CallFailed."""
    room = LONGEST
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise CallFailed(f"the text grows beyond {LONGEST} characters")
        yield piece


def noted(value: Any, form: Form) -> str:
    """`type=value` of the notes on mismatches."""
    return "<nil>" if value is None else f"{type_name(value)}={print_value(value, 'v', form)}"


def _mismatch(value: Any, verb: str, form: Form) -> str:
    return f"%!{verb}({noted(value, form)})"


def print_value(value: Any, verb: str, form: Form, depth: int = 0) -> str:
    """A value under a verb."""
    if verb == "T":
        return form.padded("<nil>" if value is None else type_name(value))
    shown = value.target if isinstance(value, Pointer) and isinstance(value.target, Stringer) else value
    if isinstance(shown, Stringer) and verb in "vsqxX" and not form.source:
        return _string(shown.go_string(), verb, form)
    if isinstance(shown, Sourced) and form.source:
        return form.padded(shown.go_source())
    return _PRINTERS[kind_of(value)](value, verb, form, depth)


def _nil(value: Any, verb: str, form: Form, depth: int) -> str:
    return form.padded("<nil>") if verb == "v" else _mismatch(value, verb, form) if not depth else f"%!{verb}(<nil>)"


def _bool(value: bool, verb: str, form: Form, _: int) -> str:
    return form.padded("true" if value else "false") if verb in "tv" else _mismatch(value, verb, form)


def _string(value: str, verb: str, form: Form, _: int = 0) -> str:
    if verb in "xX":
        return form.padded(
            quote.hexadecimal(value, upper=verb == "X", spaced=form.space, prefixed=form.sharp, limit=form.precision)
        )
    if verb not in "vsq":
        return _mismatch(value, verb, form)
    cut = value if form.precision is None else value[: form.precision]
    if verb != "q" and not form.source:
        return form.padded(cut)
    if form.sharp and quote.can_backquote(cut):
        return form.padded(f"`{cut}`")
    return form.padded(quote.quoted(cut, ascii_only=form.plus))


def _integer(value: int, verb: str, form: Form, _: int) -> str:
    if verb in _BASES:
        return _digits(int(value), verb, form)
    code = value if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else 0xFFFD
    if verb == "c":
        return form.padded(chr(code))
    if verb == "q":
        return form.padded(quote.quoted(chr(code), "'", ascii_only=form.plus))
    if verb == "U":
        shown = f" '{chr(code)}'" if form.sharp and chr(code).isprintable() else ""
        unsigned = value % 2**64
        return replace(form, zero=False).padded(f"U+{unsigned:0{max(form.precision or 4, 4)}X}{shown}")
    return _mismatch(value, verb, form)


def _digits(value: int, verb: str, form: Form) -> str:
    unpadded = replace(form, zero=False)
    if form.precision == 0 and value == 0:
        return unpadded.padded("")
    sign = "-" if value < 0 else "+" if form.plus else " " if form.space else ""
    least = form.precision
    if least is None:
        least = form.width - len(sign) if form.zero and form.width is not None else 1
    digits = f"{abs(value):{ {2: 'b', 8: 'o', 10: 'd', 16: 'x'}[_BASES[verb]] }}".rjust(least, "0")
    digits = digits.upper() if verb == "X" else digits
    return unpadded.padded(sign + _base_prefix(verb, form, digits) + digits)


def _base_prefix(verb: str, form: Form, digits: str) -> str:
    if verb == "O":
        return "0o" + ("0" if form.sharp and not digits.startswith("0") else "")
    if not form.sharp:
        return ""
    return {"b": "0b", "x": "0x", "X": "0X", "o": "" if digits.startswith("0") else "0"}.get(verb, "")


def _float(value: float, verb: str, form: Form, _: int) -> str:
    if verb not in "vbgGxXfFeE":
        return _mismatch(value, verb, form)
    text = numbers.special(value) or _finite(value, verb, form)
    signed = text if text[0] in "+-" else "+" + text
    if form.space and signed[0] == "+" and not form.plus:
        signed = " " + signed[1:]
    if signed[1] in "IN":
        bare = signed[1:] if signed[1] == "N" and not form.space and not form.plus else signed
        return replace(form, zero=False).padded(bare)
    if not form.plus and signed[0] == "+":
        return form.padded(signed[1:])
    if form.zero and form.width is not None:
        return signed[0] + replace(form, width=form.width - 1).padded(signed[1:])
    return form.padded(signed)


def _finite(value: float, verb: str, form: Form) -> str:
    if verb == "b":
        return numbers.binary(value)
    if verb in "xX":
        return numbers.hexadecimal(value, form.precision, upper=verb == "X")
    if verb in "vgG" and form.precision is None:
        text = numbers.shortest_sharp(value) if form.sharp else numbers.shortest(value)
        return text.upper() if verb == "G" else text
    precision = 6 if form.precision is None else form.precision
    letter = {"v": "g", "F": "f"}.get(verb, verb)
    return f"{value:{'#' if form.sharp else ''}.{precision}{letter}}"


def _complex(value: complex, verb: str, form: Form, _: int) -> str:
    imaginary = _float(value.imag, verb, replace(form, plus=True), 0)
    return f"({_float(value.real, verb, form, 0)}{imaginary}i)"


def _map(value: Mapping[str, Any], verb: str, form: Form, depth: int) -> str:
    keys = value if isinstance(value, Labels) else sorted(value)
    pairs = (f"{print_value(key, verb, form, depth + 1)}:{print_value(value[key], verb, form, depth + 1)}" for key in keys)
    shown = bounded(pairs)
    return f"{type_name(value)}{{{', '.join(shown)}}}" if form.source else f"map[{' '.join(shown)}]"


def _slice(value: Sequence[Any], verb: str, form: Form, depth: int) -> str:
    items = (print_value(item, verb, form, depth + 1) for item in value)
    shown = bounded(items)
    return f"{type_name(value)}{{{', '.join(shown)}}}" if form.source else f"[{' '.join(shown)}]"


def _struct(value: Struct, verb: str, form: Form, depth: int) -> str:
    named = form.detailed or form.source
    fields = ((f"{name}:" if named else "") + print_value(field, verb, form, depth + 1) for name, field in value.fields.items())
    return f"{value.go_type}{{{', '.join(fields)}}}" if form.source else f"{{{' '.join(fields)}}}"


def _pointer(value: Pointer, verb: str, form: Form, depth: int) -> str:
    shown = print_value(value.target, verb, form, depth + 1)
    return f"&{shown}" if kind_of(value.target) in (Kind.STRUCT, Kind.MAP, Kind.SLICE) else shown


_PRINTERS: Final[dict[Kind, Callable[[Any, str, Form, int], str]]] = {
    Kind.NIL: _nil,
    Kind.BOOL: _bool,
    Kind.INT: _integer,
    Kind.UINT: _integer,
    Kind.FLOAT: _float,
    Kind.COMPLEX: _complex,
    Kind.STRING: _string,
    Kind.MAP: _map,
    Kind.SLICE: _slice,
    Kind.STRUCT: _struct,
    Kind.POINTER: _pointer,
}
