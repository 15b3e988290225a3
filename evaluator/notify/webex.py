"""Webex: a message in Markdown, in a room.

It is cut by bytes, which is what Webex counts. Alertmanager cuts by characters with a number of bytes, and crashes over a long
text that is not ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from urllib.parse import quote

from evaluator.core.http import Secret
from evaluator.core.receivers.chat import WebexSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import cut_bytes, in_bytes
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.mentions import without_mentions
from evaluator.notify.sheet import Sheet
from evaluator.notify.updating import Ways, told_once

MOST_BYTES_OF_A_TEXT = 7439

_HEADERS = (("Content-Type", "application/json"),)
_MENTION = re.compile(r"<@[^>]{1,200}>")
_ID = "id"
_GONE = frozenset({400, 404})
"""Also when a message has been edited as often as Webex allows, which is ten times."""


def tell(sheet: Sheet, settings: WebexSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Post the message, edit the one before, or reply to it."""
    message = {**_said(sheet, settings), "roomId": settings.room_id}
    known, url = sheet.known.get(_ID, ""), settings.api_url
    ways = Ways(
        _request("POST", url, message, settings),
        ((_ID, known),),
        edit=_request("PUT", f"{url.rstrip('/')}/{quote(known, safe='')}", message, settings)
        if known and settings.update_message
        else None,
        reply=_request("POST", url, {**message, "parentId": known}, settings) if known and settings.thread else None,
    )
    return told_once(ways, sheet, lambda answer: answer.status in _GONE, read)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success, and names the message."""
    ident = members(answer).get(_ID)
    return refusal(answer) or Accepted(((_ID, ident),) if isinstance(ident, str) and ident else ())


def _request(method: str, url: str, message: dict[str, str], settings: WebexSettings) -> Request:
    return Request(Secret(url), json_line(message), settings.http, method=method, headers=_HEADERS)


def _said(sheet: Sheet, settings: WebexSettings) -> dict[str, str]:
    """Markdown, or plain text when there is none: that knows neither markup nor mentions."""
    text = without_mentions(sheet.body("message", settings.message), sheet.notification, _MENTION)
    if text.strip() and not sheet.plain:
        return {"markdown": sheet.fitted(text, in_bytes(MOST_BYTES_OF_A_TEXT))}
    return {"text": cut_bytes(sheet.plainly(), MOST_BYTES_OF_A_TEXT)}
