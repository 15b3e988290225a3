"""Go's fmt: `print`, `println`, `printf`, and how any value prints.

A mismatch of verb and value is no error: `%d` of a float prints `%!d(float64=1.5)`, a missing argument `%!d(MISSING)`, a
spare one `%!(EXTRA int=2)`. Flags stay in force inside such a note, and inside maps and lists, as in Go. A pointer inside
a list prints what it points to; Go prints its address there, which says nothing and differs on every run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from evaluator.core.labels import Labels
from evaluator.templating.go import numbers, quote
from evaluator.templating.go.values import Kind, Pointer, Stringer, Struct, kind_of, type_name

_WIDEST: Final = 1_000_000
_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<i1>\[[^]]*\]|\[)?(?P<width>\*|[0-9]+)?"
    r"(?:(?P<dot>\.(?!\Z))(?P<i2>\[[^]]*\]|\[)?(?P<precision>\*|[0-9]+)?)?(?P<i3>\[[^]]*\]|\[)?(?P<verb>.)?",
    re.DOTALL,
)
_BASES: Final = {"v": 10, "d": 10, "b": 2, "o": 8, "O": 8, "x": 16, "X": 16}


@dataclass(frozen=True, slots=True)
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


_PLAIN: Final = Form()


def show(value: Any) -> str:
    """A value as an action prints it: nil is `<no value>`, a pointer prints what it points to."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is float:
        return numbers.shortest(value)
    if value is None:
        return "<no value>"
    return _print(value.target if isinstance(value, Pointer) and not isinstance(value.target, Stringer) else value, "v", _PLAIN)


def sprint(values: Sequence[Any]) -> str:
    """Go's Sprint: a space between two operands when neither is a string."""
    pieces: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            pieces.append(" ")
        pieces.append(_print(value, "v", _PLAIN))
    return "".join(pieces)


def sprintln(values: Sequence[Any]) -> str:
    """Go's Sprintln: a space between all operands, and a newline."""
    return " ".join(_print(value, "v", _PLAIN) for value in values) + "\n"


def sprintf(layout: str, values: Sequence[Any]) -> str:
    """Go's Sprintf. Never fails: what does not fit is said in the text."""
    if layout == "%s" and len(values) == 1 and type(values[0]) is str:
        return values[0]
    return _Printf(layout, values).run()


class _Printf:
    """One run of Sprintf: which argument is next, whether arguments were picked by number."""

    def __init__(self, layout: str, values: Sequence[Any]) -> None:
        self.layout = layout
        self.values = values
        self.next = 0
        self.picked = False
        self.sound = True
        self.out: list[str] = []

    def run(self) -> str:
        position = 0
        while (start := self.layout.find("%", position)) >= 0:
            self.out.append(self.layout[position:start])
            match = _DIRECTIVE.match(self.layout, start)
            assert match is not None
            position = match.end()
            self._directive(match)
        self.out.append(self.layout[position:])
        if not self.picked and self.next < len(self.values):
            spare = ", ".join(_noted(value, _PLAIN) for value in self.values[self.next :])
            self.out.append(f"%!(EXTRA {spare})")
        return "".join(self.out)

    def _directive(self, match: re.Match[str]) -> None:
        self.sound = True
        form = _form(match["flags"])
        form = self._sized(match, form)
        self._pick(match["i3"])
        verb = match["verb"]
        if verb is None:
            self.out.append("%!(NOVERB)")
        elif verb == "%":
            self.out.append("%")
        elif not self.sound:
            self.out.append(f"%!{verb}(BADINDEX)")
        elif self.next >= len(self.values):
            self.out.append(f"%!{verb}(MISSING)")
        else:
            self.out.append(_print(self.values[self.next], verb, _for_v(form) if verb == "v" else form))
            self.next += 1

    def _sized(self, match: re.Match[str], form: Form) -> Form:
        self._pick(match["i1"])
        width, precision = match["width"], match["precision"]
        if width == "*":
            form = self._width_argument(form)
        elif width:
            self.sound = self.sound and not match["i1"]
            form = replace(form, width=min(int(width[:9]), _WIDEST))
        if not match["dot"]:
            return form
        self.sound = self.sound and not (match["i1"] and width != "*")
        self._pick(match["i2"])
        if precision == "*":
            return self._precision_argument(form)
        self.sound = self.sound and not (precision and match["i2"])
        return replace(form, precision=min(int((precision or "0")[:9]), _WIDEST))

    def _pick(self, index: str | None) -> None:
        if index is None:
            return
        self.picked = True
        text = index[1:-1]
        if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= len(self.values):
            self.next = int(text) - 1
        else:
            self.sound = False

    def _whole_argument(self) -> int | None:
        """The next argument where it is a whole number of a sensible size."""
        value = self.values[self.next] if self.next < len(self.values) else None
        self.next += self.next < len(self.values)
        if value is None or kind_of(value) not in (Kind.INT, Kind.UINT):
            return None
        return int(value) if abs(int(value)) <= _WIDEST else None

    def _width_argument(self, form: Form) -> Form:
        width = self._whole_argument()
        if width is None:
            self.out.append("%!(BADWIDTH)")
            return form
        if width < 0:
            return replace(form, width=-width, minus=True, zero=False)
        return replace(form, width=width)

    def _precision_argument(self, form: Form) -> Form:
        precision = self._whole_argument()
        if precision is None or precision < 0:
            self.out.append("%!(BADPREC)")
            return form
        return replace(form, precision=precision)


def _form(flags: str) -> Form:
    minus = "-" in flags
    return Form("+" in flags, minus, "#" in flags, " " in flags, "0" in flags and not minus) if flags else _PLAIN


def _for_v(form: Form) -> Form:
    if form.sharp:
        return replace(form, sharp=False, source=True)
    return replace(form, plus=False, detailed=True) if form.plus else form


def _noted(value: Any, form: Form) -> str:
    """`type=value` of the notes on mismatches."""
    return "<nil>" if value is None else f"{type_name(value)}={_print(value, 'v', form)}"


def _mismatch(value: Any, verb: str, form: Form) -> str:
    return f"%!{verb}({_noted(value, form)})"


def _print(value: Any, verb: str, form: Form, depth: int = 0) -> str:
    if verb == "T":
        return form.padded("<nil>" if value is None else type_name(value))
    shown = value.target if isinstance(value, Pointer) and isinstance(value.target, Stringer) else value
    if isinstance(shown, Stringer) and verb in "vsqxX" and not form.source:
        return _string(shown.go_string(), verb, form)
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
    if verb in "vgG" and form.precision is None and not form.sharp:
        text = numbers.shortest(value)
        return text.upper() if verb == "G" else text
    precision = 6 if form.precision is None else form.precision
    letter = {"v": "g", "F": "f"}.get(verb, verb)
    return f"{value:{'#' if form.sharp else ''}.{precision}{letter}}"


def _complex(value: complex, verb: str, form: Form, _: int) -> str:
    imaginary = _float(value.imag, verb, replace(form, plus=True), 0)
    return f"({_float(value.real, verb, form, 0)}{imaginary}i)"


def _map(value: Mapping[str, Any], verb: str, form: Form, depth: int) -> str:
    keys = value if isinstance(value, Labels) else sorted(value)
    pairs = (f"{_print(key, verb, form, depth + 1)}:{_print(value[key], verb, form, depth + 1)}" for key in keys)
    return f"{type_name(value)}{{{', '.join(pairs)}}}" if form.source else f"map[{' '.join(pairs)}]"


def _slice(value: Sequence[Any], verb: str, form: Form, depth: int) -> str:
    items = (_print(item, verb, form, depth + 1) for item in value)
    return f"{type_name(value)}{{{', '.join(items)}}}" if form.source else f"[{' '.join(items)}]"


def _struct(value: Struct, verb: str, form: Form, depth: int) -> str:
    named = form.detailed or form.source
    fields = ((f"{name}:" if named else "") + _print(field, verb, form, depth + 1) for name, field in value.fields.items())
    return f"{value.go_type}{{{', '.join(fields)}}}" if form.source else f"{{{' '.join(fields)}}}"


def _pointer(value: Pointer, verb: str, form: Form, depth: int) -> str:
    shown = _print(value.target, verb, form, depth + 1)
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
