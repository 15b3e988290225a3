"""Microsoft Teams' old connectors: a message card.

A connector may answer 200 and say in the body that Teams refused the message. That is read here, and tried again where waiting
helps; Alertmanager takes it for a success.
"""

from __future__ import annotations

import re
from dataclasses import replace

from evaluator.core.receivers.chat import MsTeamsSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line
from evaluator.notify.msteamsv2 import MOST_BYTES, MOST_OF_A_TITLE, in_paragraphs
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": "8C1A1A", "resolved": "2DC72D"}
_BEHIND = re.compile(r"HTTP error (\d{3})")


def build(sheet: Sheet, settings: MsTeamsSettings) -> Request:
    """The request for the sheet's notification."""
    title, summary = (sheet.text(name, getattr(settings, name)) for name in ("title", "summary"))
    text = sheet.body("text", settings.text)
    if sheet.plain or not text.strip():
        title, text = title or headline(sheet.notification), in_paragraphs(sheet.plainly())
    card = {
        "@context": "http://schema.org/extensions",
        "@type": "MessageCard",
        "title": cut(title, MOST_OF_A_TITLE),
        "summary": cut(summary or title, MOST_OF_A_TITLE),
        "text": text,
        "themeColor": _COLOURS[sheet.notification.status],
    }
    card["text"] = sheet.fitted(text, lambda shorter: len(json_line({**card, "text": shorter})) <= MOST_BYTES)
    return Request(settings.webhook_url, json_line(card), settings.http, headers=_HEADERS)


def read(answer: Answer) -> Accepted | Refused:
    """A 2xx is a success, unless its body speaks of an error behind the connector."""
    behind = _BEHIND.search(answer.text)
    if behind is None or answer.status != 200:
        return refusal(answer) or Accepted()
    return refusal(replace(answer, status=int(behind[1]))) or Accepted()
