"""Alertmanager's classic matcher language: tolerant, values in quotes or bare.

`name op value` with any white space around the three, separated by commas outside quotes. In a value `\\n`, `\\"` and `\\\\`
are escapes and any other backslash is itself. One brace is dropped at either end, whether or not the other is there.
"""

from __future__ import annotations

import re

from evaluator.core.labels import Matcher, MatchOp

_SPACE = "\t\n\f\r "
_CLASSIC = re.compile(r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)")


def parse_classic_list(text: str) -> tuple[Matcher, ...]:
    """Read any number of matchers. Raises ValueError with Alertmanager's words."""
    parts = _split_outside_quotes(text.removeprefix("{").removesuffix("}"))
    last = parts.pop().strip()
    return tuple(parse_classic(part) for part in [*parts, *([last] if last else [])])


def _split_outside_quotes(text: str) -> list[str]:
    """Cut at commas; a quote right after an unescaped backslash neither opens nor closes."""
    parts, inside, escaped, start = [], False, False, 0
    for index, character in enumerate(text):
        if character == ",":
            # A pending escape stays pending across a comma, in Alertmanager too.
            if not inside:
                parts.append(text[start:index])
                start = index + 1
        elif character == '"':
            inside = inside if escaped else not inside
            escaped = False
        else:
            escaped = character == "\\" and not escaped
    return [*parts, text[start:]]


def parse_classic(text: str) -> Matcher:
    """Read one matcher. Raises ValueError with Alertmanager's words."""
    head = _CLASSIC.match(text)
    if head is None:
        raise ValueError(f"bad matcher format: {text}")
    name, op = head.groups()
    return Matcher(name, _classic_value(text[head.end() :].strip(_SPACE)), MatchOp(op))


def _classic_value(raw: str) -> str:
    quoted = raw.startswith('"')
    body = raw.removeprefix('"')
    value, position, closed = [], 0, not quoted
    while position < len(body):
        character, last = body[position], position == len(body) - 1
        if character == "\\" and not last:
            value.append({"n": "\n", '"': '"', "\\": "\\"}.get(body[position + 1], body[position : position + 2]))
            position += 2
            continue
        if character == '"':
            if not (quoted and last):
                raise ValueError(f"matcher value contains unescaped double quote: {raw}")
            closed = True
        else:
            value.append(character)
        position += 1
    if not closed:
        raise ValueError(f"matcher value contains unescaped double quote: {raw}")
    return "".join(value)
