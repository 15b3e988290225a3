"""Building blocks in PromQL for turning an expression into what a recorded series would have been.

Every function takes the text of any expression and returns one that can stand wherever a call can.
"""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.durations import format_duration
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.quoting import quote

EMPTY = "(vector(0) > 0)"

_MARK = "__evaluator_match__"
_SPECIAL = frozenset("\\.+*?()|[]{}^$")


def with_label(vector: str, name: str, value: str) -> str:
    """Every series with the label set to `value`, or without the label when that is empty."""
    return f'label_replace({vector}, {quote(name)}, {quote(value.replace("$", "$$"))}, "", "")'


def only_matching(vector: str, matcher: Matcher) -> str:
    """The series that satisfy `matcher`, unchanged.

    PromQL has no filter on labels of a computed vector. So the ones that match are marked with a label, kept or dropped
    by that mark, and the mark is taken off again; what is left out is decided by the server's own regular expressions.
    """
    pattern = matcher.value if matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX) else _literally(matcher.value)
    marked = f'label_replace({vector}, "{_MARK}", "1", {quote(matcher.name)}, {quote(pattern)})'
    keep = "and" if matcher.op in (MatchOp.EQUAL, MatchOp.REGEX) else "unless"
    return with_label(f"{marked} {keep} on ({_MARK}) {with_label('vector(1)', _MARK, '1')}", _MARK, "")


def sampled(vector: str, span: timedelta, interval: timedelta, shift: str) -> str:
    """The range that evaluating every `interval` would have recorded. shift: offset and `@`, with a space before."""
    return f"({vector})[{format_duration(span)}:{format_duration(interval)}]{shift}"


def shifted(vector: str, interval: timedelta, shift: str) -> str:
    """The vector at another time, as the last evaluation before it would have recorded it."""
    return f"last_over_time({sampled(vector, interval, interval, shift)})"


def _literally(text: str) -> str:
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)
