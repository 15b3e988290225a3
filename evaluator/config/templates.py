"""The files under `templates`, parsed when they are read: what a start could not read must not be found by that start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluator.config.files import Found, is_broken_pattern, match, read_text
from evaluator.config.models import items
from evaluator.config.nodes import Scalar, Table, is_null
from evaluator.config.problems import Problems
from evaluator.config.reading import Reading
from evaluator.core.evaluation.rules import Position
from evaluator.core.frozen import frozen
from evaluator.templating import NotificationTexts, TemplateError
from evaluator.templating.notification import defined_by

_OTHER_ENDINGS = (".jinja", ".jinja2")


@frozen
class Templates:
    """files: in their order. names: of all templates that they define."""

    files: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()


def read_templates(top: Table, reading: Reading) -> Templates:
    """What the file names; as in Alertmanager a pattern may match nothing, here with a warning."""
    found = list(_read(top, reading))
    return Templates(tuple(path for path, _ in found), frozenset[str]().union(*(names for _, names in found)))


def _read(top: Table, reading: Reading) -> Iterator[tuple[Path, frozenset[str]]]:
    for node in items(top, "templates", reading.problems):
        if is_null(node):
            reading.problems.warn(node.position, 'an item of "templates" is empty', "no templates come from it, remove it")
            continue
        if not isinstance(node, Scalar) or not node.text:
            reading.problems.error(node.position, '"templates": expected a path or a pattern in each item')
            continue
        found = [file for file in match(node.text, reading.base) if file.path.exists()]
        if not found and is_broken_pattern(node.text):
            reading.problems.error(node.position, f'syntax error in pattern "{node.text}"', "close the bracket")
        elif not found:
            reading.problems.warn(node.position, f'no file matches "{node.text}"', "no templates come from this pattern")
        for file in found:
            yield file.path, _names(file, node.position, reading.problems)


def _names(file: Found, entry: Position, problems: Problems) -> frozenset[str]:
    """Parse one file. entry: where it is named, which is what to change when it is no file of this kind."""
    if file.path.suffix in _OTHER_ENDINGS:
        problems.error(entry, f'"{file.shown}" is a Jinja2 file of another name', f"rename it to {file.path.stem}.j2")
        return frozenset()
    text = read_text(file.path, file.shown, problems) or ""
    try:
        NotificationTexts([(file.path.name, text)])
    except TemplateError as error:
        problems.error(Position(file.shown, error.line, error.column), error.message)
        return frozenset()
    return defined_by(file.path.name, text)
