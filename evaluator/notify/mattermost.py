"""Mattermost's incoming webhook: an attachment with a coloured bar, and those that are configured beside it.

`text` stands in the attachment, below its title; Alertmanager reads the attachment's keys and sends the text alone. A
priority that Mattermost would refuse becomes `standard`, and loses what it cannot have, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from evaluator.core.receivers.mattermost import (
    MattermostAttachment,
    MattermostField,
    MattermostPriority,
    MattermostSettings,
)
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_TEXT = 16_383
MOST_OF_A_TITLE = 1024

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": "danger", "resolved": "good"}
_MENTION = re.compile(r"@(?:all|channel|here)\b", re.IGNORECASE)
_PRIORITIES = frozenset({"urgent", "important", "standard"})
_TEXTS = (
    *("fallback", "color", "pretext", "text", "author_name", "author_link", "author_icon", "title", "title_link"),
    *("thumb_url", "footer", "footer_icon", "image_url"),
)


def build(sheet: Sheet, settings: MattermostSettings) -> Request:
    """The request for the sheet's notification."""
    own = _attachment(settings, sheet)
    beside = [_attachment(attachment, sheet) for attachment in settings.attachments]
    texts = {
        name: sheet.text(name, getattr(settings, name)) for name in ("channel", "username", "icon_url", "icon_emoji", "type")
    }
    message: dict[str, Any] = {"text": "", **texts, "attachments": [own, *beside]}
    message["props"] = {"card": sheet.text("card", settings.card)} if settings.card else None
    message["priority"] = _priority(settings.priority, sheet) if settings.priority else None
    if sheet.plain or not (own.get("title", "") + own.get("text", "")).strip():
        own |= _plainly(sheet, own)
    return Request(settings.webhook_url, json_line(_given(message)), settings.http, headers=_HEADERS)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success."""
    return refusal(answer) or Accepted()


def _attachment(look: MattermostSettings | MattermostAttachment, sheet: Sheet) -> dict[str, Any]:
    said = {name: (sheet.body if name == "text" else sheet.text)(name, getattr(look, name)) for name in _TEXTS}
    texts = {name: without_mentions(text, sheet.notification, _MENTION) for name, text in said.items()}
    text = sheet.fitted(texts["text"], characters(MOST_OF_A_TEXT))
    texts |= {"text": text, "title": cut(texts["title"], MOST_OF_A_TITLE)}
    return _given({**texts, "fields": list(_fields(look.fields, sheet))})


def _fields(fields: Iterable[MattermostField], sheet: Sheet) -> Iterable[dict[str, Any]]:
    for field in fields:
        shown = {} if field.short is None else {"short": field.short}
        yield {"title": sheet.text("field title", field.title), "value": sheet.text("field value", field.value), **shown}


def _priority(settings: MattermostPriority, sheet: Sheet) -> dict[str, Any] | None:
    word = sheet.text("priority", settings.priority).strip().lower()
    if not word:
        return None
    word = word if word in _PRIORITIES else "standard"
    members = {
        "requested_ack": settings.requested_ack and word != "standard",
        "persistent_notifications": settings.persistent_notifications and word == "urgent",
    }
    return {"priority": word, **_given(members)}


def _plainly(sheet: Sheet, own: dict[str, Any]) -> dict[str, str]:
    """The whole notification as a block of code, in which nothing is markup and nobody is mentioned."""
    head = headline(sheet.notification)
    text = cut(sheet.plainly().replace("```", "'''"), MOST_OF_A_TEXT - len("```\n\n```"))
    return {
        "title": own.get("title") or cut(head, MOST_OF_A_TITLE),
        "fallback": own.get("fallback") or head,
        "color": own.get("color") or _COLOURS[sheet.notification.status],
        "text": f"```\n{text}\n```",
    }


def _given(members: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty, but for the text that a message must have."""
    return {name: value for name, value in members.items() if value or (name == "text" and "attachments" in members)}
