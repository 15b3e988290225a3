"""Templates are parsed when they are read: a bracket that is missing must not be found by the first alert that fires.

Only the syntax is checked, as in Prometheus: what a template will find in an alert is not known yet.
"""

from __future__ import annotations

from evaluator.config.expressions import place
from evaluator.config.nodes import Document, Scalar
from evaluator.config.problems import Problems
from evaluator.templating import TemplateError, compile_text


def check_scalar(scalar: Scalar, document: Document, problems: Problems, prefix: str) -> None:
    """Add a problem, in its place inside the scalar, when its text is not a template."""
    error = _fault(scalar.text)
    if error is not None:
        position, where = place(document, scalar, error.line, error.column)
        problems.error(position, f"{prefix}{error.message}{where}")


def _fault(text: str) -> TemplateError | None:
    if "{" not in text:
        return None
    try:
        compile_text(text)
    except TemplateError as error:
        return error
    return None
