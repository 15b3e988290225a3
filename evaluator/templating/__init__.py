"""Texts that people write into rules and notifications, and what becomes of them.

Two languages: Go's text/template, in which all existing rule files and Alertmanager templates are written, and Jinja2 for
those who write anew. Both are read here without touching the world: what a template asks (`query`) is asked for by raising
`QueryNeeded`, the time is given.
"""

from evaluator.templating.errors import QueryNeeded, TemplateError
from evaluator.templating.notification import NotificationTexts
from evaluator.templating.notification_data import NotificationData, notification_data
from evaluator.templating.rules import DuplicateLabels, RuleTexts, expansion_error, render_annotations
from evaluator.templating.scope import Scope, samples_of
from evaluator.templating.texts import Text, compile_text

__all__ = [
    "DuplicateLabels",
    "NotificationData",
    "NotificationTexts",
    "QueryNeeded",
    "RuleTexts",
    "Scope",
    "TemplateError",
    "Text",
    "compile_text",
    "expansion_error",
    "notification_data",
    "render_annotations",
    "samples_of",
]
