"""Which of the two languages a text is written in.

It shows in the text. What Go's parser accepts is a Go template, as every existing file expects; all else is Jinja2. Two kinds
of text satisfy Go's parser only by accident, as long as nothing in them is evidently Go (`$x`, `.x`): one with Jinja2
statements (`{% if … %}`, which is literal text to Go) is Jinja2; and so is, when it reads well as that, one whose calls could
never succeed in Go for their number of arguments (`{{ value | humanize }}`, where `value` is also a function of samples).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from evaluator.templating.errors import TemplateError
from evaluator.templating.go import inspection
from evaluator.templating.go.arguments import wrong_count
from evaluator.templating.go.nodes import Chain, Dot, Field, Identifier, Tree, Variable
from evaluator.templating.go.values import Function
from evaluator.templating.jinja.compile import Compiled, Language, compile_jinja

Trees = Mapping[str, Tree]
SIGNS: Final = ("{{", "{%", "{#")
_STATEMENT: Final = re.compile(
    r"\{%[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|macro|endmacro|call|filter|with|raw|block|include|import|from|extends)\b"
)
_GO_SIGN: Final = re.compile(r"\$|\{\{-?\s*(?:\.|/\*|(?:if|else|end|range|with|define|template|block)\b)")


def is_literal(text: str) -> bool:
    """Whether nothing in it could be a template."""
    return not any(sign in text for sign in SIGNS)


def read(text: str, go: Callable[[str], Trees], functions: Mapping[str, Function], language: Language) -> Trees | Compiled:
    """The trees of a Go template, or a Jinja2 text. go: Go's parser. Raises TemplateError when it is neither."""
    try:
        trees = go(text)
    except TemplateError as go_error:
        return _as_jinja(text, go_error, language)
    if not _evidently_go(trees):
        if _STATEMENT.search(text):
            return _as_jinja(text, TemplateError("to Go, `{%` is text"), language)
        if _never_succeeds(trees, functions) and (compiled := _readable_jinja(text, language)):
            return compiled
    return trees


def _readable_jinja(text: str, language: Language) -> Compiled | None:
    """The text as Jinja2, where it reads well as that and speaks of what there is."""
    try:
        compiled = compile_jinja(text, language)
    except TemplateError:
        return None
    return compiled if compiled.names & language.names else None


def _as_jinja(text: str, go_error: TemplateError, language: Language) -> Compiled:
    try:
        return compile_jinja(text, language)
    except TemplateError as jinja_error:
        raise _both(text, go_error, jinja_error) from None


def _both(text: str, go_error: TemplateError, jinja_error: TemplateError) -> TemplateError:
    """The error of the language that the author seems to have meant; of both, where that does not show."""
    if _GO_SIGN.search(text) and not _STATEMENT.search(text):
        return go_error
    return TemplateError(
        f"{jinja_error.message} (as a Go template: {go_error.message})",
        jinja_error.line,
        jinja_error.column,
        byte=jinja_error.byte,
    )


def _evidently_go(trees: Trees) -> bool:
    """Whether it uses a variable or a field, whose syntax Jinja2 does not have."""
    return any(isinstance(word, Variable | Field | Chain | Dot) for word in inspection.words(trees.values()))


def _never_succeeds(trees: Trees, functions: Mapping[str, Function]) -> bool:
    """Whether some call has a number of arguments that its function never takes."""
    for command, piped in inspection.commands(trees.values()):
        for index, word in enumerate(command.words):
            if isinstance(word, Identifier):
                given = len(command.words) - 1 if index == 0 else 0
                if wrong_count(functions[word.name], given, given + (piped and index == 0)):
                    return True
    return False
