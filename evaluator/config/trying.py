"""Texts of receivers and labels of routes are tried on examples when they are read: what would always fail fails now.

Alertmanager finds out when the first alert fires. A template that calls one that nobody defines can never say anything, and is
an error. One that fails for an example may do well with other alerts, and is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from evaluator.config.models import holds_secret, items
from evaluator.config.nodes import Node, Scalar, Table, scalars_of
from evaluator.config.problems import Problems
from evaluator.config.receivers import KINDS
from evaluator.config.texts import notification_fault
from evaluator.core.evaluation.rules import Position
from evaluator.templating import NotificationTexts, TemplateError
from evaluator.templating.examples import example_data
from evaluator.templating.languages import is_literal
from evaluator.templating.notification import is_packaged
from evaluator.templating.notification_data import NotificationData

_REMEDY = "when it fails, the plain notification is sent"
_REMEDY_OF_LABELS = "when it fails, the label is told as it is written"
_NO_TEXTS = ("http_config", "tls_config", "sigv4")
_PAGES = (("email", "html"),)
_OF_PAGES = "page."


def try_texts(top: Table, files: Sequence[Path], problems: Problems) -> None:
    """Add a problem for every text that cannot be rendered; secrets are not looked at. files: the templates of the file."""
    written, labels = list(_texts(top)), list(_labels(top.child("route")))
    if not written and not labels and not files:
        return
    try:
        texts = NotificationTexts([(file.name, file.read_text(encoding="utf-8-sig")) for file in files], strict=True)
    except (OSError, UnicodeDecodeError, TemplateError):
        return  # has been said where the files were read
    shown = {file.name: str(file) for file in files}
    trial = _Trial(texts, shown, problems)
    for kind, key, scalar in written:
        trial.text(scalar, f'"{key}": ', page=(kind, key) in _PAGES)
    for name, scalar in labels:
        trial.text(scalar, f'"labels": "{name}": ', remedy=_REMEDY_OF_LABELS)
    trial.overridden()


def _texts(top: Table) -> Iterator[tuple[str, str, Scalar]]:
    """Every text of every integration that may be a template, with its kind and key."""
    for receiver in items(top, "receivers", Problems()):
        for kind, key, node in _values(receiver):
            if key not in _NO_TEXTS and not holds_secret(KINDS[kind].model, key):
                yield from ((kind, key, scalar) for scalar in scalars_of(node) if not is_literal(scalar.text))


def _labels(route: Node | None) -> Iterator[tuple[str, Scalar]]:
    """Every label of a route and of those below it that may be a template, with its name."""
    if not isinstance(route, Table):
        return
    labels = route.child("labels")
    for name, value in labels.values.items() if isinstance(labels, Table) else ():
        if isinstance(value, Scalar) and not is_literal(value.text):
            yield name, value
    for below in items(route, "routes", Problems()):
        yield from _labels(below)


def _values(receiver: Node) -> Iterator[tuple[str, str, Node]]:
    if not isinstance(receiver, Table):
        return
    for kind in KINDS:
        for integration in items(receiver, f"{kind}_configs", Problems()):
            if isinstance(integration, Table):
                yield from ((kind, key, value) for key, value in integration.values.items())


class _Trial:
    """Renders texts for the examples. shown: the files of templates as they appear in messages, by their names."""

    def __init__(self, texts: NotificationTexts, shown: Mapping[str, str], problems: Problems) -> None:
        self._texts = texts
        self._shown = shown
        self._problems = problems
        self._examples = example_data()
        self._pages = example_data("person:ana", page=True)

    def text(self, scalar: Scalar, prefix: str, *, page: bool = False, remedy: str = _REMEDY) -> None:
        """One text, unless it is no template at all, which has been said."""
        if notification_fault(scalar.text):
            return
        missing = self._texts.undefined(scalar.text)
        if missing:
            self._problems.error(
                scalar.position, f'{prefix}template "{missing}" not defined', "define it in a file of templates"
            )
            return
        self._render(scalar.text, scalar.position, prefix, self._examples, page=page, remedy=remedy)

    def overridden(self) -> None:
        """Packaged templates that a file has taken the place of: receivers use them although no text of the file names them."""
        for name, tree in self._texts.trees.items():
            if tree.file in self._shown and is_packaged(name) and not name.startswith("__"):
                position = Position(self._shown[tree.file], 1, 1)
                examples = self._pages if name.startswith(_OF_PAGES) else self._examples
                text, prefix = f'{{{{ template "{name}" . }}}}', f'template "{name}": '
                self._render(text, position, prefix, examples, page=name.endswith(".html"))

    def _render(
        self,
        text: str,
        position: Position,
        prefix: str,
        examples: Iterable[NotificationData],
        *,
        page: bool,
        remedy: str = _REMEDY,
    ) -> None:
        render = self._texts.render_html if page else self._texts.render
        try:
            for data in examples:
                render(text, data)
        except TemplateError as error:
            place = self._place(error, position)
            self._problems.warn(place, f"{prefix}fails for an example notification: {_reason(error)}", remedy)

    def _place(self, error: TemplateError, position: Position) -> Position:
        """In the file of templates, where it is one of these that failed."""
        file = self._shown.get(error.file)
        return position if file is None else Position(file, error.line, error.column)


def _reason(error: TemplateError) -> str:
    return f"<{' '.join(error.at.split())}> {error.message}" if error.at else error.message
