"""One text of a rule: literal, a Go template, or Jinja2; `languages` tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Final, Literal

from evaluator.core.frozen import frozen
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.go import inspection
from evaluator.templating.go.nodes import Chain, Dot, Field, Identifier, Tree, Variable
from evaluator.templating.go.nodes import Text as TextNode
from evaluator.templating.go.parser import parse
from evaluator.templating.go.template import Template
from evaluator.templating.go.values import presentable
from evaluator.templating.jinja.compile import RULES, Compiled
from evaluator.templating.languages import Trees, is_literal, read
from evaluator.templating.scope import VARIABLES, Scope

MAIN: Final = ""


@frozen
class Text:
    """A text that can be rendered.

    uses_query: it asks for other series. uses_now: it depends on when it is rendered. uses_value: on the sample's value.
    """

    source: str
    kind: Literal["literal", "go", "jinja"]
    uses_query: bool = False
    uses_now: bool = False
    uses_value: bool = False
    _render: Callable[[Scope], str] | None = field(default=None, repr=False, compare=False)

    @property
    def pure(self) -> bool:
        """Whether it depends on the sample alone."""
        return not (self.uses_query or self.uses_now)

    def render(self, scope: Scope) -> str:
        """The finished text. Raises TemplateError, and QueryNeeded for a query that `scope` does not answer."""
        return self.source if self._render is None else self._render(scope)


@lru_cache(maxsize=32768)
def compile_text(text: str) -> Text:
    """Read a text. Raises TemplateError when it is neither a Go template nor Jinja2."""
    if is_literal(text):
        return Text(text, "literal")
    found = read(text, parse_rule_text, RULE_FUNCTIONS, RULES)
    return _jinja_text(text, found) if isinstance(found, Compiled) else _go_text(text, found)


def parse_rule_text(text: str) -> Trees:
    """The text as a Go template. Raises TemplateError."""
    return parse(text, MAIN, RULE_FUNCTIONS, VARIABLES)


def _jinja_text(text: str, compiled: Compiled) -> Text:
    used = compiled.names
    return Text(
        text, "jinja", "query" in used, "now" in used, "value" in used, lambda scope: presentable(compiled.render(scope))
    )


def _go_text(text: str, trees: Mapping[str, Tree]) -> Text:
    if len(trees) == 1 and all(isinstance(statement, TextNode) for statement in trees[MAIN].body):
        return Text(text, "literal") if "{{" not in text else _constant(text, trees[MAIN])
    template = Template(trees, RULE_FUNCTIONS)
    words = list(inspection.words(trees.values()))
    called = {word.name for word in words if isinstance(word, Identifier)}

    def render(scope: Scope) -> str:
        root = scope.root
        return template.execute(MAIN, root, scope, tuple(root.fields.values()))

    return Text(text, "go", "query" in called, "now" in called, any(map(_may_be_value, words)), render)


def _constant(text: str, tree: Tree) -> Text:
    """A text whose only actions are comments."""
    shown = presentable("".join(statement.text for statement in tree.body if isinstance(statement, TextNode)))
    return Text(text, "go", _render=lambda _: shown)


def _may_be_value(word: object) -> bool:
    """Whether a word can be the sample's value: it, a field of its name, or something that holds it."""
    match word:
        case Variable(name="$value") | Variable(name="$", names=()) | Dot():
            return True
        case Variable(names=names) | Field(names=names) | Chain(names=names):
            return "Value" in names
        case _:
            return False
