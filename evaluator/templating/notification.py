"""The texts of receivers: templates of the configuration over the packaged defaults.

Files are read in order, and the last definition of a name counts; one that holds nothing but blanks takes nobody's place.
A text of a receiver may define templates of its own, which are seen by that text only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from evaluator.templating.errors import TemplateError
from evaluator.templating.functions.alertmanager import NOTIFICATION_FUNCTIONS
from evaluator.templating.go.nodes import Tree
from evaluator.templating.go.parser import parse
from evaluator.templating.go.template import Template
from evaluator.templating.html.escapers import ESCAPERS
from evaluator.templating.html.escaping import escaped
from evaluator.templating.notification_data import NotificationData

MAIN: Final = ""
_OF_PAGES: Final = {**NOTIFICATION_FUNCTIONS, **ESCAPERS}
_DEFAULTS: Final = resources.files("evaluator.templating") / "defaults"


class NotificationTexts:
    """All templates of one configuration."""

    def __init__(self, templates: Sequence[tuple[str, str]] = ()) -> None:
        """templates: names and texts of the files, in order. Raises TemplateError, which names the file."""
        trees = dict(_default_trees())
        for name, text in templates:
            _add(trees, parse(text, name, NOTIFICATION_FUNCTIONS, file=name))
        self._trees = trees
        self._shared = Template(trees, NOTIFICATION_FUNCTIONS)
        self._compiled = lru_cache(maxsize=1024)(self._compile)
        self._pages = lru_cache(maxsize=256)(self._compile_page)

    def render(self, text: str, data: NotificationData) -> str:
        """The finished text. Raises TemplateError."""
        if "{{" not in text:
            return text
        return self._compiled(text).execute(MAIN, data.root, data)

    def render_html(self, text: str, data: NotificationData) -> str:
        """The finished text of a page or a mail, escaped as Go's html/template does it. Raises TemplateError."""
        if "{{" not in text:
            return text
        return self._pages(text).execute(MAIN, data.root, data)

    def check(self, text: str) -> None:
        """Raises TemplateError when the text cannot be read."""
        self._compiled(text)

    def _compile(self, text: str) -> Template:
        return self._shared.extended(parse(text, MAIN, NOTIFICATION_FUNCTIONS))

    def _compile_page(self, text: str) -> Template:
        trees = {**self._trees, **parse(text, MAIN, NOTIFICATION_FUNCTIONS)}
        return Template(escaped(trees, MAIN), _OF_PAGES)


def _add(trees: dict[str, Tree], more: Mapping[str, Tree]) -> None:
    for name, tree in more.items():
        if name not in trees or not tree.blank:
            trees[name] = tree


@lru_cache(maxsize=1)
def _default_trees() -> Mapping[str, Tree]:
    trees: dict[str, Tree] = {}
    for file in sorted((file for file in _DEFAULTS.iterdir() if file.name.endswith(".tmpl")), key=lambda file: file.name):
        try:
            _add(trees, parse(file.read_text(encoding="utf-8"), file.name, NOTIFICATION_FUNCTIONS, file=file.name))
        except TemplateError as error:
            raise AssertionError(f"the packaged templates cannot be read: {error}") from error
    return trees
