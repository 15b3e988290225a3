"""Microsoft Teams through a workflow: an adaptive card with a coloured heading and a text.

Teams refuses messages beyond 28 KB. The text is cut to fit; Alertmanager sends it whole, and the page is lost. Where the text
speaks of curves and there is room beside it, pictures of the first ones follow.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from evaluator.core.receivers.chat import MsTeamsV2Settings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line
from evaluator.notify.neutral import cut
from evaluator.notify.picture import pictures
from evaluator.notify.plain import headline
from evaluator.notify.rendered import RenderedNotification
from evaluator.notify.sheet import Sheet

MOST_BYTES = 28_000
MOST_OF_A_TITLE = 1024

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": "Attention", "resolved": "Good"}
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#|~]")  # of Markdown, as a label may hold it


def build(sheet: Sheet, settings: MsTeamsV2Settings) -> Request:
    """The request for the sheet's notification. Raises OSError when the URL's file cannot be read, as soon as it is sent."""
    title, text = sheet.text("title", settings.title), sheet.body("text", settings.text)
    if sheet.plain or not text.strip():
        title, text = title or headline(sheet.notification), in_paragraphs(sheet.plainly())
    colour, title = _COLOURS[sheet.notification.status], cut(title, MOST_OF_A_TITLE)
    text = sheet.fitted(text, lambda shorter: len(json_line(_message(title, shorter, colour))) <= MOST_BYTES)
    message = _message(title, text, colour)
    if not sheet.plain:
        _add_pictures(message, sheet.notification)
    return Request(settings.webhook_url, json_line(message), settings.http, headers=_HEADERS)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success; the workflow answers before it posts."""
    return refusal(answer) or Accepted()


def in_paragraphs(text: str) -> str:
    """Plain text for Markdown that takes a single line break for a space."""
    return text.replace("\n", "\n\n")


def _message(title: str, text: str, colour: str) -> dict[str, Any]:
    heading = {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True, "style": "heading"}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [{**heading, "color": colour}, {"type": "TextBlock", "text": text, "wrap": True}],
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _add_pictures(message: dict[str, Any], notification: RenderedNotification) -> None:
    """As many as there is room for."""
    body: list[dict[str, Any]] = message["attachments"][0]["content"]["body"]
    for caption, image in _pictures(notification):
        body += [
            {"type": "TextBlock", "text": _MARKUP.sub(r"\\\g<0>", caption), "isSubtle": True, "size": "Small", "wrap": True},
            image,
        ]
        if len(json_line(message)) > MOST_BYTES:
            del body[-2:]
            return


def _pictures(notification: RenderedNotification) -> Iterator[tuple[str, dict[str, Any]]]:
    """The first curves, each below what it is of."""
    for what, png in pictures(notification, 480, 96):
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        yield what, {"type": "Image", "url": url, "altText": f"the value of {what}", "size": "Stretch"}
