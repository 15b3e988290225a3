"""Templates are parsed when they are read: a bracket that is missing must not be found by the first alert that fires.

Only the syntax is checked, as in Prometheus: what a template will find in an alert is not known yet. In the texts of receivers
Alertmanager checks nothing, and what it loads is loaded here: a wrong one in a kind of its own is a warning, and where it is
needed the plain notification is sent. In kinds that it does not have, a wrong one is an error (`Source.check_texts`).
"""

from __future__ import annotations

from functools import cache, lru_cache

from evaluator.config.expressions import place
from evaluator.config.nodes import Document, Listing, Node, Scalar, Table, scalars_of
from evaluator.config.problems import Problems
from evaluator.templating import NotificationTexts, TemplateError, compile_text
from evaluator.templating.languages import is_literal


def check_scalar(scalar: Scalar, document: Document, problems: Problems, prefix: str) -> None:
    """Add a problem, in its place inside the scalar, when its text is not a template."""
    error = _fault(scalar.text)
    if error is not None:
        position, where = place(document, scalar, error.line, error.column)
        problems.error(position, f"{prefix}{error.message}{where}")


def check_notification_texts(node: Node, prefix: str, problems: Problems) -> None:
    """Add a problem for every text at `node` and below it that a receiver could not read as a Go template."""
    match node:
        case Scalar():
            _check_notification_text(node, prefix, problems)
        case Listing():
            for item in node.items:
                check_notification_texts(item, prefix, problems)
        case Table():
            for name, value in node.values.items():
                check_notification_texts(value, f'"{name}": ', problems)


def _check_notification_text(scalar: Scalar, prefix: str, problems: Problems) -> None:
    fault = notification_fault(scalar.text)
    if fault:
        problems.error(scalar.position, prefix + fault)


def warn_of_texts(integration: Node, problems: Problems) -> None:
    """Add a warning for each text of an integration that is no template."""
    for scalar in scalars_of(integration):
        fault = notification_fault(scalar.text)
        if fault and not problems.wrong_at(scalar.position):
            problems.warn(scalar.position, f"not a template: {fault}", "where it is needed, the plain notification is sent")


@lru_cache(maxsize=4096)
def notification_fault(text: str) -> str:
    """Why a text of a receiver is no template of either language; empty when it is one."""
    if is_literal(text):
        return ""
    try:
        _notification_texts().check(text)
    except TemplateError as error:
        where = f" (line {error.line}, column {error.column} of the text)" if "\n" in text else ""
        return error.message + where
    return ""


@cache
def _notification_texts() -> NotificationTexts:
    """The packaged templates, which are read when the first text of a receiver is."""
    return NotificationTexts()


def _fault(text: str) -> TemplateError | None:
    if "{" not in text:
        return None
    try:
        compile_text(text)
    except TemplateError as error:
        return error
    return None
