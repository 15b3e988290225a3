"""What a route, an inhibition rule or a silence says of the alerts that it concerns.

`matchers`, and the older `match` and `match_re`, are conditions that must hold together. Those of a route are kept sorted by
name, value and operator: their order is part of the group keys by which receivers know their incidents. Inhibition rules have
the three keys twice, with `source_` and `target_` before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Scalar, Table, find
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.matchers import MatcherMode, parse_matchers

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = tuple(MatchOp)


def is_label_name(name: str, mode: MatcherMode) -> bool:
    """Whether a label may be called `name`: in classic mode letters, digits and underscores, else any text."""
    return _CLASSIC_NAME.fullmatch(name) is not None if mode is MatcherMode.CLASSIC else bool(name)


class MatchModel(Model):
    """The three keys of a route. A null in `match_re` arrives as None; in `match` it is the empty text."""

    match: dict[str, Text] = Field(default_factory=dict)
    match_re: dict[str, Text] = Field(default_factory=dict)
    matchers: list[Text] = Field(default_factory=list)


def all_matchers(model: Model, node: Table, reading: Reading, prefix: str = "") -> tuple[Matcher, ...]:
    """The conditions under the three keys, in the order in which they are printed. prefix: `source_`, `target_` or none."""
    match, match_re, texts = (getattr(model, prefix + key) for key in ("match", "match_re", "matchers"))
    matchers = [
        *_match(match, f"{prefix}match", node, reading),
        *_match_re(match_re, f"{prefix}match_re", node, reading),
        *read_matchers(texts, f"{prefix}matchers", node, reading),
    ]
    return tuple(sorted(matchers, key=lambda matcher: (matcher.name, matcher.value, _OPERATORS.index(matcher.op))))


def read_matchers(texts: Sequence[str], key: str, node: Table, reading: Reading) -> Iterator[Matcher]:
    """The conditions of a list of texts, each of which may hold several. key: where the list stands."""
    for number, text in enumerate(texts):
        position = node.at(key, number)
        try:
            parsed = parse_matchers(text, reading.mode)
        except ValueError as error:
            reading.problems.error(position, str(error), 'write NAME="VALUE", with one of = != =~ !~')
            continue
        for warning in parsed.warnings:
            reading.problems.warn(position, warning)
        yield from parsed.matchers


def _match(pairs: dict[str, str], key: str, node: Table, reading: Reading) -> Iterator[Matcher]:
    for name, value in pairs.items():
        _check_name(key, name, node, reading)
        yield Matcher(name, value)


def _match_re(pairs: dict[str, str], key: str, node: Table, reading: Reading) -> Iterator[Matcher]:
    for name, value in pairs.items():
        _check_name(key, name, node, reading)
        scalar = find(node, key, name)
        if isinstance(scalar, Scalar) and scalar.null:
            message = f'{key} "{name}": the regular expression is missing'
            reading.problems.error(scalar.position, message, 'write ".*" for any value')
            continue
        try:
            Matcher(name, value, MatchOp.REGEX)
            yield Matcher(name, f"^(?:{value})$", MatchOp.REGEX)
        except ValueError as error:
            reading.problems.error(scalar.position, f'{key} "{name}": {error}')


def _check_name(key: str, name: str, node: Table, reading: Reading) -> None:
    if _CLASSIC_NAME.fullmatch(name) is None:
        table = find(node, key)
        position = table.key(name) if isinstance(table, Table) else table.position
        reading.problems.error(position, f'invalid label name "{name}" in {key}', "write it under matchers, in quotes")
