"""A Jinja2 text, read once and rendered many times."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

import jinja2
from jinja2 import meta, nodes

from evaluator.core.frozen import frozen
from evaluator.templating.errors import CallFailed, TemplateError
from evaluator.templating.jinja import limits
from evaluator.templating.jinja.environment import Bounded, Sandbox, price
from evaluator.templating.jinja.names import RULE_WORDS, LabelView
from evaluator.templating.scope import Scope, plain_value

_FILE: Final = "<template>"
_A_CALL: Final = 100  # units, beside what the macro may print
_QUOTED: Final = re.compile(r"['\"]([^'\"]+)['\"]")
_OBJECT: Final = re.compile(r"<(?:\w+\.)*(\w+) object at 0x[0-9a-f]+>")
"""How Python names what has no name in a text: with an address, which is another one each time."""
_MODULE: Final = re.compile(r"\bevaluator\.(?:\w+\.)*(?=\w)")
_FAILURES: Final = (
    jinja2.TemplateError,
    CallFailed,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


@frozen
class Compiled:
    """A text that was read. names: the variables and functions that it uses, filters included."""

    render: Callable[[Any], str]
    names: frozenset[str]


@frozen
class Language:
    """What templates of one kind may speak of. names: of their variables. values: what these are in a scope."""

    sandbox: Sandbox
    names: frozenset[str]
    values: Callable[[Any], dict[str, Any]]


def _of_sample(scope: Scope) -> dict[str, Any]:
    return {
        "labels": LabelView(scope.labels),
        "value": plain_value(scope.value),
        "external_labels": LabelView(scope.external_labels),
        "external_url": scope.external_url,
        "now": scope.now.timestamp(),
    }


RULES: Final = Language(Sandbox(RULE_WORDS), frozenset(_of_sample(Scope())), _of_sample)


def compile_jinja(text: str, language: Language = RULES) -> Compiled:
    """Read a Jinja2 text. Raises TemplateError for wrong syntax and for names and filters that do not exist."""
    sandbox = language.sandbox
    token = limits.current.set(limits.Rendering(Scope(), len(text)))
    try:
        tree = sandbox.parse(text)
        _refuse(text, tree, language)
        names = frozenset(meta.find_undeclared_variables(tree)) | {each.name for each in tree.find_all(nodes.Filter)}
        prices = price(tree), _macros(tree)
        code = sandbox.compile(Bounded().visit(tree), filename=_FILE)
        template = jinja2.Template.from_code(sandbox, code, sandbox.make_globals(None))
    except jinja2.TemplateSyntaxError as error:
        raise _placed(text, _sentence(error.message or "wrong syntax"), error.lineno) from None
    except CallFailed as error:
        raise TemplateError(str(error)) from None
    except RecursionError:
        raise TemplateError("nested too deeply") from None
    finally:
        limits.current.reset(token)
    return Compiled(_renderer(template, prices, language), names)


def _macros(tree: nodes.Template) -> Mapping[str, int]:
    """What a call of each macro costs; of the dearest where several have one name."""
    found: dict[str, int] = {}
    for macro in tree.find_all(nodes.Macro):
        found[macro.name] = max(_A_CALL + price(macro), found.get(macro.name, 0))
    return found


def _refuse(text: str, tree: nodes.Template, language: Language) -> None:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        raise TemplateError(f"`{type(node).__name__.lower()}` is not available here", node.lineno)
    for loop in tree.find_all(nodes.For):
        if loop.recursive:
            raise TemplateError("recursive loops are not available here", loop.lineno)
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}  # also where only one branch sets it
    known = language.names | set(language.sandbox.globals) | stored
    for name in sorted(meta.find_undeclared_variables(tree) - known):
        line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
        near = difflib.get_close_matches(name, known, 1)
        raise _placed(text, f'unknown name "{name}"' + (f', did you mean "{near[0]}"?' if near else ""), line)


def _placed(text: str, message: str, line: int) -> TemplateError:
    """An error with its column, found by the first quoted word of the message, since Jinja2 knows lines only."""
    quoted = _QUOTED.search(message)
    lines = text.splitlines()
    found = lines[line - 1].find(quoted[1]) if quoted and line <= len(lines) else 0
    return TemplateError(message, line, max(found, 0) + 1)


def _sentence(message: str) -> str:
    return message.rstrip(".")


def _renderer(template: jinja2.Template, prices: tuple[int, Mapping[str, int]], language: Language) -> Callable[[Any], str]:
    def render(scope: Any) -> str:
        token = limits.current.set(limits.Rendering(scope, *prices))
        try:
            return _joined(template, language.values(scope))
        except TemplateError:
            raise
        except _FAILURES as error:
            raise TemplateError(_reason(error), _line(error.__traceback__), at="") from None
        finally:
            limits.current.reset(token)

    return render


def _joined(template: jinja2.Template, values: dict[str, Any]) -> str:
    pieces: list[str] = []
    room = limits.LONGEST
    for piece in template.generate(values):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            raise CallFailed(f"the text grows beyond {limits.LONGEST} characters")
    return "".join(pieces)


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return _sentence(_MODULE.sub("", _OBJECT.sub(r"a \1", str(error)))) or type(error).__name__


def _line(traceback: TracebackType | None) -> int:
    """The last line of the template that was being rendered."""
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
