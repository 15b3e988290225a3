"""What stands in an issue of Jira's: fields of their own kinds, and a description in the markup of the API's version.

An update leaves alone what people move: project and type, and the labels that they added. Alertmanager writes all of it anew.
"""

from __future__ import annotations

import json
import re
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.receivers.tickets import JiraSettings
from evaluator.core.receivers.tree import Branch
from evaluator.notify.adf import document
from evaluator.notify.exchange import Refused
from evaluator.notify.fitting import ALERT, characters
from evaluator.notify.keys import template_fails
from evaluator.notify.leaves import filled
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_SUMMARY = 255
MOST_OF_A_LABEL = 255
MOST_OF_A_DESCRIPTION = 32_767

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1d\x1f\x7f]")  # Jira refuses texts that hold some of them; not `ALERT`
_MENTION = re.compile(r"\[~[^\]\n]{1,200}\]")
_FENCE = "{noformat}"


@frozen
class Draft:
    """All texts of an issue. identity: the label by which it is found. labels: the others. fields: without labels."""

    project: str
    issue_type: str
    identity: str
    labels: tuple[str, ...]
    fields: dict[str, Any]
    reopen: str
    resolve: str
    wont_fix: str


def draft(sheet: Sheet, settings: JiraSettings) -> Draft | Refused:
    """The texts for the sheet's notification; a refusal when it remains unknown in which project, or what, to create."""
    names = {name: sheet.text(name, getattr(settings, name)).strip() for name in ("project", "issue_type")}
    for name, text in names.items():
        if not text:
            return template_fails(name)
    fields = filled("fields", Branch(settings.fields), sheet)
    labels = [sheet.text("labels", label) for label in settings.labels] + _texts(fields.pop("labels", None))
    moves = {name: sheet.text(name, getattr(settings, name)).strip() for name in _MOVES}
    return Draft(
        **names,
        identity=f"ALERT{{{sheet.notification.key}}}",
        labels=tuple(filter(None, map(_label, labels))),
        fields=_usual(sheet, settings) | fields,
        **{short: moves[name] for name, short in _MOVES.items()},
    )


_MOVES = {"reopen_transition": "reopen", "resolve_transition": "resolve", "wont_fix_resolution": "wont_fix"}


def created(ours: Draft) -> dict[str, Any]:
    """The body that creates the issue."""
    names = {"project": {"key": ours.project}, "issuetype": {"name": ours.issue_type}}
    fields = names | {"labels": sorted((*ours.labels, ours.identity))} | ours.fields
    return {"fields": dict(sorted(fields.items()))}


def updated(ours: Draft, settings: JiraSettings) -> dict[str, Any]:
    """The body that updates it."""
    kept = {name for name in ("summary", "description") if not getattr(settings, name).enable_update}
    fields = {name: value for name, value in sorted(ours.fields.items()) if name not in kept}
    return {"fields": fields, "update": {"labels": [{"add": label} for label in sorted((*ours.labels, ours.identity))]}}


def _usual(sheet: Sheet, settings: JiraSettings) -> dict[str, Any]:
    """The fields that every issue has."""
    priority = sheet.text("priority", settings.priority).strip()
    summary = one_line(sheet.text("summary", settings.summary.template), 4 * MOST_OF_A_SUMMARY)
    description = sheet.body("description", settings.description.template)
    plainly = sheet.plain or not description.strip()
    fields = {
        "summary": cut(summary or headline(sheet.notification), MOST_OF_A_SUMMARY),
        "description": _marked_up(sheet, settings, None if plainly else description),
    }
    return fields | ({"priority": {"name": priority}} if priority else {})


def _marked_up(sheet: Sheet, settings: JiraSettings, text: str | None) -> Any:
    """The description as the version of the API wants it. text: None for the plain notification."""
    if settings.api_url.rstrip("/").endswith("/3"):
        own = _document_of((text or "").replace(ALERT, ""))
        return own or document(sheet.fitted(_clean(text or sheet.plainly()), _fits_as_document))
    if text is None:
        plain = _clean(sheet.plainly()).replace(_FENCE, "{ noformat}")
        return _FENCE + cut(plain, MOST_OF_A_DESCRIPTION - 2 * len(_FENCE)) + _FENCE
    return sheet.fitted(without_mentions(_clean(text), sheet.notification, _MENTION), characters(MOST_OF_A_DESCRIPTION))


def _document_of(text: str) -> dict[str, Any] | None:
    """The document that a template has written itself, if it has."""
    try:
        value = json.loads(text) if text.lstrip()[:1] == "{" and len(text) <= MOST_OF_A_DESCRIPTION else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("type") == "doc" else None


def _fits_as_document(text: str) -> bool:
    return len(json.dumps(document(text))) <= MOST_OF_A_DESCRIPTION


def _label(text: str) -> str:
    """A label holds no spaces."""
    return cut(re.sub(r"\s+", "_", one_line(text, 4 * MOST_OF_A_LABEL)), MOST_OF_A_LABEL)


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value if one is not None] if isinstance(value, list) else []


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))
