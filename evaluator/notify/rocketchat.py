"""Rocket.Chat's chat.postMessage: one attachment, in the name of the token's user.

A button has every key that is configured; Alertmanager sends its text, its URL and its message alone. Answers that ask for
patience, which Rocket.Chat may give with `success: false`, are tried again. With `thread` later notifications of a group are
replies to its first message, and what begins to fire is shown in the room as well.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

from evaluator.core.http import Secret
from evaluator.core.receivers.rocketchat import RocketchatAction, RocketchatSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, said, unreadable
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import member, members
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet
from evaluator.notify.updating import Ways, told_once

MOST_OF_A_TITLE = 1024
MOST_OF_A_TEXT = 5000
"""What a server takes unless its administrator allows more."""

_COLOURS = {"firing": "red", "resolved": "green"}
_MENTION = re.compile(r"@(?:all|here)\b", re.IGNORECASE)
_PATIENCE = "too-many-requests"
_ID = "message"


def tell(sheet: Sheet, settings: RocketchatSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Post the message, or reply to the one before. Raises OSError when a token's file cannot be read."""
    message, known = _message(sheet, settings), sheet.known.get(_ID, "")
    replying = {**message, "tmid": known, "tmshow": sheet.notification.begins}
    reply = _request(replying, settings) if known and settings.thread else None
    return told_once(Ways(_request(message, settings), ((_ID, known),), reply=reply), sheet, lambda _: False, read)


def _request(message: dict[str, Any], settings: RocketchatSettings) -> Request:
    token, user = settings.token.reveal(), settings.token_id.reveal()
    headers = (("Content-Type", "application/json"), ("X-Auth-Token", token), ("X-User-Id", user))
    url = Secret(f"{settings.api_url.rstrip('/')}/api/v1/chat.postMessage")
    return Request(url, json_line(_given(message)), settings.http, headers=headers, secrets=(token, user))


def _message(sheet: Sheet, settings: RocketchatSettings) -> dict[str, Any]:
    attachment = _attachment(sheet, settings)
    message = {
        "channel": sheet.text("channel", settings.channel),
        "emoji": sheet.text("emoji", settings.emoji),
        "avatar": sheet.text("icon_url", settings.icon_url),
        "attachments": [attachment],
    }
    if sheet.plain or not any(str(attachment.get(name, "")).strip() for name in ("title", "text", "fields")):
        attachment |= _plainly(sheet, attachment)
    return message


def read(answer: Answer) -> Accepted | Refused:
    """A success is JSON that says so, and names the message."""
    refused = unreadable(answer)
    if refused is not None:
        return refused
    value = members(answer)
    if value.get("success") is True:
        ident = member(value, "message").get("_id")
        return Accepted(((_ID, ident),) if isinstance(ident, str) else ())
    if "success" not in value:
        return Refused(f"answered without `success`{said(answer)}")
    error = str(value.get("error", ""))
    return Refused(f"Rocket.Chat says {one_line(error, 200) or 'no'}", permanent=_PATIENCE not in answer.text)


def _attachment(sheet: Sheet, settings: RocketchatSettings) -> dict[str, Any]:
    names = ("title", "title_link", "text", "image_url", "thumb_url", "color")
    said = {name: (sheet.body if name == "text" else sheet.text)(name, getattr(settings, name)) for name in names}
    texts = {name: without_mentions(text, sheet.notification, _MENTION) for name, text in said.items()}
    text = sheet.fitted(texts["text"], characters(MOST_OF_A_TEXT))
    texts |= {"title": cut(texts["title"], MOST_OF_A_TITLE), "text": text}
    actions = [_action(action, sheet) for action in settings.actions]
    return _given({**texts, "fields": list(_fields(sheet, settings)), "actions": actions})


def _fields(sheet: Sheet, settings: RocketchatSettings) -> Iterator[dict[str, Any]]:
    for field in settings.fields:
        short = settings.short_fields if field.short is None else field.short
        title, value = _said(sheet, "field title", field.title), _said(sheet, "field value", field.value)
        yield {"title": title, "value": value, "short": short}


def _action(action: RocketchatAction, sheet: Sheet) -> dict[str, Any]:
    """Buttons are the only actions there are."""
    texts = {name: sheet.text(f"action {name}", getattr(action, name)) for name in ("text", "url", "msg")}
    names = ("image_url", "is_webview", "webview_height_ratio", "msg_in_chat_window", "msg_processing_type")
    return {"type": "button", **_given({**texts, **{name: getattr(action, name) for name in names}})}


def _said(sheet: Sheet, name: str, template: str) -> str:
    return without_mentions(sheet.text(name, template), sheet.notification, _MENTION)


def _plainly(sheet: Sheet, attachment: dict[str, Any]) -> dict[str, str]:
    """The whole notification as a block of code, in which nothing is markup and nobody is mentioned."""
    text = cut(sheet.plainly().replace("```", "'''"), MOST_OF_A_TEXT - len("```\n\n```"))
    return {
        "title": attachment.get("title") or cut(headline(sheet.notification), MOST_OF_A_TITLE),
        "color": attachment.get("color") or _COLOURS[sheet.notification.status],
        "text": f"```\n{text}\n```",
    }


def _given(texts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in texts.items() if value}
