"""Discord's webhooks: one embed, and a text above it where one is configured.

Nobody is mentioned but by `content`; Alertmanager lets Discord find mentions in all of it. Messages can be edited: with
`update_message` Discord is asked for the message's id (`wait=true`).
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from evaluator.core.http import Secret
from evaluator.core.receivers.chat import DiscordSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet
from evaluator.notify.updating import Ways, told_once

MOST_OF_A_CONTENT = 2000
MOST_OF_A_TITLE = 256
MOST_OF_A_DESCRIPTION = 4096

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": 0x992D22, "resolved": 0x2ECC71}
_MENTION = re.compile(r"@everyone|@here|<@[!&]?\d+>")
_ID = "id"
_SAFE_ID = re.compile(r"\d{1,25}")


def tell(sheet: Sheet, settings: DiscordSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Post the message, or edit the one before. Raises OSError when the URL's file cannot be read."""
    url = settings.webhook_url.reveal()
    body = json_line(_message(sheet, settings))
    known = sheet.known.get(_ID, "") if settings.update_message else ""
    edit = _request("PATCH", _below(url, f"/messages/{known}"), body, settings) if _SAFE_ID.fullmatch(known) else None
    post = _request("POST", _below(url, "", "wait=true") if settings.update_message else url, body, settings)
    return told_once(Ways(post, ((_ID, known),), edit), sheet, lambda answer: answer.status == 404, read)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success; it names the message where that was asked for."""
    ident = members(answer).get(_ID)
    return refusal(answer) or Accepted(((_ID, ident),) if isinstance(ident, str) else ())


def _request(method: str, url: str, body: bytes, settings: DiscordSettings) -> Request:
    return Request(Secret(url), body, settings.http, method=method, headers=_HEADERS)


def _below(url: str, path: str, query: str = "") -> str:
    """The URL with more path and more query, of which it may have some, such as a thread's id."""
    split = urlsplit(url)
    return urlunsplit(split._replace(path=split.path + path, query="&".join(filter(None, (split.query, query)))))


def _message(sheet: Sheet, settings: DiscordSettings) -> dict[str, Any]:
    notification = sheet.notification
    content = without_mentions(sheet.text("content", settings.content), notification, _MENTION)
    title = sheet.text("title", settings.title)
    description = sheet.body("message", settings.message)
    names = {name: sheet.text(name, getattr(settings, name)) for name in ("username", "avatar_url")}
    if sheet.plain or not (description.strip() or content.strip()):
        title, description = title or headline(notification), sheet.plainly()
    embed = {
        "title": cut(title, MOST_OF_A_TITLE),
        "description": sheet.fitted(description, characters(MOST_OF_A_DESCRIPTION)),
        "color": _COLOURS[notification.status],
    }
    return {
        "content": cut(content, MOST_OF_A_CONTENT),
        "embeds": [embed],
        **{name: text for name, text in names.items() if text},
        "allowed_mentions": {"parse": ["everyone", "roles", "users"] if settings.content else []},
    }
