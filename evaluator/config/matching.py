"""What a route or an inhibition rule says of the alerts that it concerns: `matchers`, and the older `match` and `match_re`.

All three are conditions that must hold together, and are kept sorted by name, value and operator: their order is part of
the group keys by which receivers know their incidents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from evaluator.config.models import Model
from evaluator.config.nodes import Scalar, Table, find
from evaluator.config.problems import Problems
from evaluator.config.scalars import Text
from evaluator.core.labels import Matcher, MatchOp
from evaluator.core.matchers import parse_matchers

_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = tuple(MatchOp)


class MatchModel(Model):
    """The three keys. A null in `match_re` arrives as None; in `match` it is the empty text."""

    match: dict[str, Text] = Field(default_factory=dict)
    match_re: dict[str, Text] = Field(default_factory=dict)
    matchers: list[Text] = Field(default_factory=list)


def all_matchers(model: MatchModel, node: Table, problems: Problems) -> tuple[Matcher, ...]:
    """The conditions of `model`, in the order in which they are printed."""
    matchers = [*_match(model, node, problems), *_match_re(model, node, problems), *_matchers(model, node, problems)]
    return tuple(sorted(matchers, key=lambda matcher: (matcher.name, matcher.value, _OPERATORS.index(matcher.op))))


def _match(model: MatchModel, node: Table, problems: Problems) -> Iterator[Matcher]:
    for name, value in model.match.items():
        _check_name("match", name, node, problems)
        yield Matcher(name, value)


def _match_re(model: MatchModel, node: Table, problems: Problems) -> Iterator[Matcher]:
    for name, value in model.match_re.items():
        _check_name("match_re", name, node, problems)
        scalar = find(node, "match_re", name)
        if isinstance(scalar, Scalar) and scalar.null:
            problems.error(scalar.position, f'match_re "{name}": the regular expression is missing', 'write ".*" for any value')
            continue
        try:
            Matcher(name, value, MatchOp.REGEX)
            yield Matcher(name, f"^(?:{value})$", MatchOp.REGEX)
        except ValueError as error:
            problems.error(scalar.position, f'match_re "{name}": {error}')


def _check_name(key: str, name: str, node: Table, problems: Problems) -> None:
    if _CLASSIC_NAME.fullmatch(name) is None:
        table = find(node, key)
        position = table.key(name) if isinstance(table, Table) else table.position
        problems.error(position, f'invalid label name "{name}" in {key}', "write it under matchers, in quotes")


def _matchers(model: MatchModel, node: Table, problems: Problems) -> Iterator[Matcher]:
    for number, text in enumerate(model.matchers):
        position = node.at("matchers", number)
        try:
            parsed = parse_matchers(text)
        except ValueError as error:
            problems.error(position, str(error), 'write NAME="VALUE", with one of = != =~ !~')
            continue
        for warning in parsed.warnings:
            problems.warn(position, warning)
        yield from parsed.matchers
