"""Go's `printf`: the layout, and which argument goes where.

A mismatch is never an error: a missing argument prints `%!d(MISSING)`, a spare one `%!(EXTRA int=2)`, a layout that ends
too early `%!(NOVERB)`. A layout is read once and remembered, for the same few are used over and over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from evaluator.core.frozen import frozen
from evaluator.templating.go.printing import PLAIN, Form, bounded, noted, print_value
from evaluator.templating.go.values import Kind, kind_of

_WIDEST: Final = 1_000_000
_DIRECTIVE: Final = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<i1>\[[^]]*\]|\[)?(?P<width>\*|[0-9]+)?"
    r"(?:(?P<dot>\.(?!\Z))(?P<i2>\[[^]]*\]|\[)?(?P<precision>\*|[0-9]+)?)?(?P<i3>\[[^]]*\]|\[)?(?P<verb>.)?",
    re.DOTALL,
)


@frozen
class _Directive:
    """One `%…`. before_*: numbers of arguments in brackets; *_given: by an argument; sound: no number is misplaced."""

    form: Form
    verb: str
    before_width: str | None
    width_given: bool
    before_precision: str | None
    precision_given: bool
    before_verb: str | None
    sound: bool


def sprintf(layout: str, values: Sequence[Any]) -> str:
    """Go's Sprintf. What does not fit is said in the text. Raises CallFailed only for a text beyond all measure."""
    return "".join(bounded(_Printf(values).pieces(layout)))


@lru_cache(maxsize=4096)
def _read(layout: str) -> tuple[str | _Directive, ...]:
    pieces: list[str | _Directive] = []
    position = 0
    while (start := layout.find("%", position)) >= 0:
        match = _DIRECTIVE.match(layout, start)
        assert match is not None
        pieces += [layout[position:start], _directive(match)]
        position = match.end()
    return (*pieces, layout[position:])


def _directive(match: re.Match[str]) -> _Directive:
    width, precision, verb = match["width"], match["precision"], match["verb"] or ""
    misplaced_width = match["i1"] and (width not in (None, "*") or (match["dot"] and width != "*"))
    misplaced_precision = match["i2"] and precision not in (None, "*")
    return _Directive(
        form=_form(match, verb),
        verb=verb,
        before_width=match["i1"],
        width_given=width == "*",
        before_precision=match["i2"],
        precision_given=precision == "*",
        before_verb=match["i3"],
        sound=not (misplaced_width or misplaced_precision),
    )


def _form(match: re.Match[str], verb: str) -> Form:
    flags, width, precision = match["flags"], match["width"], match["precision"]
    minus, value = "-" in flags, verb == "v"
    return Form(
        plus="+" in flags and not value,
        minus=minus,
        sharp="#" in flags and not value,
        space=" " in flags,
        zero="0" in flags and not minus,
        width=_size(width) if width and width != "*" else None,
        precision=_size(precision or "0") if match["dot"] and precision != "*" else None,
        detailed="+" in flags and value and "#" not in flags,
        source="#" in flags and value,
    )


def _size(digits: str) -> int:
    return min(int(digits[:9]), _WIDEST)


class _Printf:
    """One run: which argument is next, whether arguments were picked by number."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.next = 0
        self.picked = False
        self.sound = True

    def pieces(self, layout: str) -> Iterator[str]:
        for piece in _read(layout):
            if isinstance(piece, str):
                yield piece
            else:
                yield from self._printed(piece)
        if not self.picked and self.next < len(self.values):
            spare = ", ".join(bounded(noted(value, PLAIN) for value in self.values[self.next :]))
            yield f"%!(EXTRA {spare})"

    def _printed(self, directive: _Directive) -> Iterator[str]:
        self.sound = directive.sound
        form = directive.form
        self._pick(directive.before_width)
        if directive.width_given:
            form, complaint = self._width(form)
            yield complaint
        self._pick(directive.before_precision)
        if directive.precision_given:
            form, complaint = self._precision(form)
            yield complaint
        self._pick(directive.before_verb)
        yield self._value(directive.verb, form)

    def _value(self, verb: str, form: Form) -> str:
        if verb == "%":
            return "%"
        if not verb:
            return "%!(NOVERB)"
        if not self.sound:
            return f"%!{verb}(BADINDEX)"
        if self.next >= len(self.values):
            return f"%!{verb}(MISSING)"
        self.next += 1
        return print_value(self.values[self.next - 1], verb, form)

    def _pick(self, index: str | None) -> None:
        if index is None:
            return
        self.picked = True
        digits = index[1:-1]
        if digits.isascii() and digits.isdecimal() and 1 <= int(digits[:9]) <= len(self.values):
            self.next = int(digits[:9]) - 1
        else:
            self.sound = False

    def _whole(self) -> int | None:
        """The next argument where it is a whole number of a sensible size."""
        if self.next >= len(self.values):
            return None
        value = self.values[self.next]
        self.next += 1
        if kind_of(value) not in (Kind.INT, Kind.UINT) or abs(int(value)) > _WIDEST:
            return None
        return int(value)

    def _width(self, form: Form) -> tuple[Form, str]:
        width = self._whole()
        if width is None:
            return form, "%!(BADWIDTH)"
        if width < 0:
            return replace(form, width=-width, minus=True, zero=False), ""
        return replace(form, width=width), ""

    def _precision(self, form: Form) -> tuple[Form, str]:
        precision = self._whole()
        if precision is None or precision < 0:
            return form, "%!(BADPREC)"
        return replace(form, precision=precision), ""
