"""One text of a rule: literal, a Go template, or Jinja2.

Which of them it is shows in the text. What Go's parser accepts is a Go template, as every existing rule file expects; all
else is Jinja2. Two kinds of text satisfy Go's parser only by accident, and are Jinja2 when they read well as that: one with
Jinja2 statements (`{% if … %}`, literal text to Go), and one whose calls could never succeed in Go for their number of
arguments (`{{ value | humanize }}`, where `value` is also the name of a Prometheus function that takes a sample).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from evaluator.templating.errors import TemplateError
from evaluator.templating.functions.prometheus import RULE_FUNCTIONS
from evaluator.templating.go import inspection
from evaluator.templating.go.arguments import wrong_count
from evaluator.templating.go.nodes import Chain, Dot, Field, Identifier, Tree, Variable
from evaluator.templating.go.nodes import Text as TextNode
from evaluator.templating.go.parser import parse
from evaluator.templating.go.template import Template
from evaluator.templating.go.values import presentable
from evaluator.templating.jinja.compile import NAMES, Compiled, compile_jinja
from evaluator.templating.scope import VARIABLES, Scope

MAIN: Final = ""
_SIGNS: Final = ("{{", "{%", "{#")


@dataclass(frozen=True, slots=True)
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
    if not any(sign in text for sign in _SIGNS):
        return Text(text, "literal")
    try:
        trees = parse(text, MAIN, RULE_FUNCTIONS, VARIABLES)
    except TemplateError as go_error:
        return _as_jinja(text, go_error)
    return _jinja_by_accident_go(text, trees) or _go_text(text, trees)


def _jinja_by_accident_go(text: str, trees: Mapping[str, Tree]) -> Text | None:
    """See the top of the module."""
    states = "{%" in text
    if not (states or _never_succeeds(trees)):
        return None
    try:
        compiled = compile_jinja(text)
    except TemplateError:
        return None
    return _jinja_text(text, compiled) if states or compiled.names & NAMES else None


def _as_jinja(text: str, go_error: TemplateError) -> Text:
    try:
        return _jinja_text(text, compile_jinja(text))
    except TemplateError as jinja_error:
        raise _both(text, go_error, jinja_error) from None


def _both(text: str, go_error: TemplateError, jinja_error: TemplateError) -> TemplateError:
    """One error of two: the one of the language that the author seems to have meant first."""
    meant_jinja = "{%" in text or jinja_error.line > go_error.line or not _lexes_as_go(text)
    first, second = (jinja_error, go_error) if meant_jinja else (go_error, jinja_error)
    other = "a Go template" if meant_jinja else "Jinja2"
    return TemplateError(f"{first.message} (as {other}: {second.message})", first.line, first.column, byte=first.byte)


def _lexes_as_go(text: str) -> bool:
    return "$" in text or "{{." in text.replace(" ", "") or "{{end}}" in text.replace(" ", "")


def _jinja_text(text: str, compiled: Compiled) -> Text:
    used = compiled.names
    return Text(text, "jinja", "query" in used, "now" in used, "value" in used, compiled.render)


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


def _never_succeeds(trees: Mapping[str, Tree]) -> bool:
    """Whether some call has a number of arguments that its function never takes."""
    for command, piped in inspection.commands(trees.values()):
        for index, word in enumerate(command.words):
            if isinstance(word, Identifier):
                given = len(command.words) - 1 if index == 0 else 0
                if wrong_count(RULE_FUNCTIONS[word.name], given, given + (piped and index == 0)):
                    return True
    return False
