"""One text of a rule: literal, a Go template, or Jinja2.

Which of them it is shows in the text. What Go's parser accepts is a Go template, as every existing rule file expects; all
else is Jinja2. Two kinds of text satisfy Go's parser only by accident, as long as nothing in them is evidently Go (`$x`,
`.x`): one with Jinja2 statements (`{% if … %}`, which is literal text to Go) is Jinja2; and so is, when it reads well as
that, one whose calls could never succeed in Go for their number of arguments (`{{ value | humanize }}`, where `value` is
also the name of a Prometheus function that takes a sample).
"""

from __future__ import annotations

import re
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
_STATEMENT: Final = re.compile(
    r"\{%[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|macro|endmacro|call|filter|with|raw|block|include|import|from|extends)\b"
)
_GO_SIGN: Final = re.compile(r"\$|\{\{-?\s*(?:\.|/\*|(?:if|else|end|range|with|define|template|block)\b)")


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
    if not _evidently_go(trees):
        if _STATEMENT.search(text):
            return _as_jinja(text, TemplateError("to Go, `{%` is text"))
        if _never_succeeds(trees) and (compiled := _readable_jinja(text)):
            return _jinja_text(text, compiled)
    return _go_text(text, trees)


def _readable_jinja(text: str) -> Compiled | None:
    """The text as Jinja2, where it reads well as that and speaks of the sample."""
    try:
        compiled = compile_jinja(text)
    except TemplateError:
        return None
    return compiled if compiled.names & NAMES else None


def _as_jinja(text: str, go_error: TemplateError) -> Text:
    try:
        return _jinja_text(text, compile_jinja(text))
    except TemplateError as jinja_error:
        raise _both(text, go_error, jinja_error) from None


def _both(text: str, go_error: TemplateError, jinja_error: TemplateError) -> TemplateError:
    """One error of two: the one of the language that the author seems to have meant first."""
    meant_go = _GO_SIGN.search(text) and not _STATEMENT.search(text)
    first, second, other = (go_error, jinja_error, "Jinja2") if meant_go else (jinja_error, go_error, "a Go template")
    return TemplateError(f"{first.message} (as {other}: {second.message})", first.line, first.column, byte=first.byte)


def _evidently_go(trees: Mapping[str, Tree]) -> bool:
    """Whether it uses a variable or a field, whose syntax Jinja2 does not have."""
    return any(isinstance(word, Variable | Field | Chain | Dot) for word in inspection.words(trees.values()))


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
