"""The texts of receivers: templates of the configuration over the packaged defaults.

Files are read in order, and the last definition of a name counts; one that holds nothing but blanks takes nobody's place. A
file in Go's language defines as many templates as it likes; one whose name ends in `.j2` is one template in Jinja2, of the name
before that (`slack.default.text.j2`), and HTML where that name ends in `.html`. Each may call the others of either language.
A text of a receiver may define templates of its own, which are seen by that text only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Final, Literal

from markupsafe import Markup

from evaluator.templating.errors import CallFailed, TemplateError
from evaluator.templating.functions.alertmanager import NOTIFICATION_FUNCTIONS
from evaluator.templating.go import inspection
from evaluator.templating.go.nodes import Action, Command, Dot, Identifier, Pipe, String, Tree
from evaluator.templating.go.parser import parse
from evaluator.templating.go.quote import quoted
from evaluator.templating.go.template import Template
from evaluator.templating.go.values import ANY, STRING, Function, SafeHtml, function, presentable
from evaluator.templating.html.escapers import ESCAPERS
from evaluator.templating.html.escaping import escaped
from evaluator.templating.jinja.compile import Compiled, Language, compile_jinja
from evaluator.templating.jinja.notifications import Told, language
from evaluator.templating.languages import Trees, is_literal, read
from evaluator.templating.notification_data import NotificationData
from evaluator.templating.reach import called_by, in_jinja, speaks_of

MAIN: Final = ""
JINJA: Final = ".j2"
_PAGE: Final = ".html"
_CALL: Final = "_jinja"
_DEFAULTS: Final = resources.files("evaluator.templating") / "defaults"
_DEEPEST: Final = 8  # Jinja2 templates that call one another
_MOST_CALLS: Final = 2000

Render = Callable[[NotificationData], str]


class NotificationTexts:
    """All templates of one configuration. strict: what a Jinja2 text names must be there, where it otherwise is empty."""

    def __init__(self, templates: Sequence[tuple[str, str]] = (), *, strict: bool = False) -> None:
        """templates: names and texts of the files, in order. Raises TemplateError, which names the file."""
        self._strict = strict
        self._jinja: dict[str, Compiled] = {}
        self._trees = dict(_default_trees())
        self._packaged = dict(_default_jinja())
        self._trees.update((name, _calling(name, text, name + JINJA)) for name, text in self._packaged.items())
        for name, text in templates:
            if name.endswith(JINJA):
                self._add_jinja(name, text)
            else:
                _add(self._trees, parse(text, name, NOTIFICATION_FUNCTIONS, file=name))
        self._functions: Mapping[str, Function] = {
            **NOTIFICATION_FUNCTIONS,
            **ESCAPERS,
            _CALL: function(_CALL, self._call_jinja, STRING, ANY, scoped=True),
        }
        self._shared = Template(self._trees, self._functions)
        self._compiled = lru_cache(maxsize=1024)(self._compile)
        self._pages = lru_cache(maxsize=256)(self._compile_page)

    @property
    def trees(self) -> Mapping[str, Tree]:
        """All templates by name."""
        return self._trees

    def render(self, text: str, data: NotificationData) -> str:
        """The finished text. Raises TemplateError."""
        return text if is_literal(text) else self._compiled(text)(data)

    def render_html(self, text: str, data: NotificationData) -> str:
        """The finished text of a page or a mail, escaped as Go's html/template does it. Raises TemplateError."""
        return text if is_literal(text) else self._pages(text)(data)

    def kind(self, text: str) -> Literal["literal", "go", "jinja"]:
        """The language of a text. Raises TemplateError when it cannot be read."""
        if is_literal(text):
            return "literal"
        return "jinja" if isinstance(self._read(text, self._plain), Compiled) else "go"

    def check(self, text: str) -> None:
        """Raises TemplateError when the text cannot be read."""
        if not is_literal(text):
            self._compiled(text)

    def undefined(self, text: str) -> str:
        """The name of a template that a Go text calls, itself or through others, and that nobody defines; or nothing.

        Raises TemplateError when the text cannot be read.
        """
        found = {} if is_literal(text) else self._read(text, self._plain)
        if isinstance(found, Compiled):
            return ""
        trees = {**self._trees, **found}
        waiting, seen = list(found), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in trees:
                return name
            if name not in seen:
                seen.add(name)
                waiting += [call.name for call in inspection.calls(trees[name].body)]
        return ""

    def speaks_of(self, text: str, member: str, but: Collection[str] = ()) -> bool:
        """Whether the text, or a template that it calls, names this member of an alert. Raises TemplateError.

        but: members of that member which do not count.
        """
        if is_literal(text):
            return False
        found = self._read(text, self._plain)
        if isinstance(found, Compiled):
            named = in_jinja(member, text, but)
            return named or any(speaks_of(member, self._trees, name, but) for name in called_by(text))
        return speaks_of(member, {**self._trees, **found}, MAIN, but)

    # Go

    def _compile(self, text: str) -> Render:
        found = self._read(text, self._plain)
        if isinstance(found, Compiled):
            return _of_jinja(found)
        template = self._shared.extended(found)
        return lambda data: template.execute(MAIN, data.root, data)

    def _compile_page(self, text: str) -> Render:
        found = self._read(text, self._markup)
        if isinstance(found, Compiled):
            return _of_jinja(found)
        template = Template(escaped({**self._trees, **found}, MAIN), self._functions)
        return lambda data: template.execute(MAIN, data.root, data)

    def _read(self, text: str, jinja: Language) -> Trees | Compiled:
        return read(text, _parsed, NOTIFICATION_FUNCTIONS, jinja)

    # Jinja2

    @cached_property
    def _plain(self) -> Language:
        return language(self._text_of, pages=False, strict=self._strict)

    @cached_property
    def _markup(self) -> Language:
        return language(self._page_of, pages=True, strict=self._strict, mark=Markup)

    def _add_jinja(self, file: str, text: str) -> None:
        """A Jinja2 template stands among the others as one whose only action calls it; packaged ones are read when needed."""
        name = file.removesuffix(JINJA)
        try:
            self._jinja[name] = compile_jinja(text, self._markup if name.endswith(_PAGE) else self._plain)
        except TemplateError as error:
            raise _in_file(error, file) from None
        self._packaged.pop(name, None)
        self._trees[name] = _calling(name, text, file)

    def _call_jinja(self, data: NotificationData, name: str, dot: Any) -> str:
        """What a template of Go's calls. What is HTML need not be escaped again."""
        if name in self._packaged:
            self._add_jinja(name + JINJA, self._packaged.pop(name))
        try:
            with _deeper():
                text = self._jinja[name].render(Told(data, dot))
        except TemplateError as error:
            raise _in_file(error, name + JINJA) from None
        return SafeHtml(text) if name.endswith(_PAGE) else text

    def _text_of(self, name: str, data: NotificationData, dot: Any) -> str:
        self._known(name)
        with _deeper():
            return self._shared.execute(name, dot, data)

    def _page_of(self, name: str, data: NotificationData, dot: Any) -> str:
        self._known(name)
        with _deeper():
            return self._page_templates(name).execute(name, dot, data)

    def _page_templates(self, name: str) -> Template:
        found = self._escaped.get(name)
        if found is None:
            found = self._escaped[name] = Template(escaped(self._trees, name), self._functions)
        return found

    @cached_property
    def _escaped(self) -> dict[str, Template]:
        return {}

    def _known(self, name: str) -> None:
        if name not in self._trees:
            raise CallFailed(f'template "{name}" not defined')


def _calling(name: str, text: str, file: str) -> Tree:
    words = (Identifier(0, _CALL), String(0, quoted(name), name), Dot(0))
    return Tree(name, text, (Action(0, Pipe(0, (), False, (Command(0, words),))),), 1, file)


def _of_jinja(compiled: Compiled) -> Render:
    def render(data: NotificationData) -> str:
        with _deeper():
            return presentable(compiled.render(Told(data, data.root)))

    return render


_calls: Final[ContextVar[tuple[int, list[int]]]] = ContextVar("calls")


@contextmanager
def _deeper() -> Iterator[None]:
    """Templates that call one another across languages are bounded together. Raises CallFailed."""
    depth, left = _calls.get((0, [_MOST_CALLS]))
    left[0] -= 1
    if depth == _DEEPEST or left[0] < 0:
        raise CallFailed("templates call templates without end")
    token = _calls.set((depth + 1, left))
    try:
        yield
    finally:
        _calls.reset(token)


def is_packaged(name: str) -> bool:
    """Whether a template of that name comes with the evaluator."""
    return name in _default_trees() or name in _default_jinja()


def packaged_parts(name: str) -> frozenset[str]:
    """The packaged Go templates that one is made of: its own name, and those that it calls, itself or through others."""
    trees, waiting, found = _default_trees(), [name], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [call.name for call in inspection.calls(trees[name].body)] if name in trees else []
    return frozenset(found)


def defined_by(file: str, text: str) -> frozenset[str]:
    """The names that a file of templates defines, blank or not. Raises TemplateError."""
    if file.endswith(JINJA):
        return frozenset({file.removesuffix(JINJA)})
    return frozenset(parse(text, file, NOTIFICATION_FUNCTIONS, file=file)) - {file}


def _parsed(text: str) -> Trees:
    return parse(text, MAIN, NOTIFICATION_FUNCTIONS)


def _in_file(error: TemplateError, file: str) -> TemplateError:
    """The error with the file that it is in, unless it names one."""
    if error.file:
        return error
    return TemplateError(
        error.message, error.line, error.column, at=error.at, template=error.template, byte=error.byte, file=file
    )


def _add(trees: dict[str, Tree], more: Mapping[str, Tree]) -> None:
    for name, tree in more.items():
        if name not in trees or not tree.blank:
            trees[name] = tree


@lru_cache(maxsize=1)
def _default_jinja() -> Mapping[str, str]:
    files = [file for file in _DEFAULTS.iterdir() if file.name.endswith(JINJA)]
    return {file.name.removesuffix(JINJA): file.read_text(encoding="utf-8") for file in files}


@lru_cache(maxsize=1)
def _default_trees() -> Mapping[str, Tree]:
    trees: dict[str, Tree] = {}
    for file in sorted((file for file in _DEFAULTS.iterdir() if file.name.endswith(".tmpl")), key=lambda file: file.name):
        try:
            _add(trees, parse(file.read_text(encoding="utf-8"), file.name, NOTIFICATION_FUNCTIONS, file=file.name))
        except TemplateError as error:
            raise AssertionError(f"the packaged templates cannot be read: {error}") from error
    return trees
