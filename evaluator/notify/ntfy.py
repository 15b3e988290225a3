"""ntfy: one message to a topic.

A message beyond 4096 bytes would arrive as a file that somebody has to open, so it is cut. With `update` later messages take
the place of the group's first one, which servers since 2.16 do; older ones post another message.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from evaluator.core.http import Secret
from evaluator.core.receivers.phones import NtfySettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import ALERT, in_bytes
from evaluator.notify.go import json_line
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_BYTES_OF_A_MESSAGE = 4096
MOST_OF_A_TITLE = 250
MOST_OF_A_URL = 2000
MOST_ACTIONS = 3
_HEADERS = (("Content-Type", "application/json"),)
_SEQUENCE = "sequence"


def tell(sheet: Sheet, settings: NtfySettings) -> Generator[Request, Answer, Accepted | Refused]:
    """One message; its receipt names the first message about the group."""
    try:
        topic = sheet.render(settings.topic).strip()
    except ValueError as error:
        return Refused(f"the template of `topic` fails: {one_line(str(error), 300)}", permanent=True)
    message = _message(sheet, settings, topic)
    answer = yield Request(Secret(settings.url), json_line(message), settings.http, headers=_HEADERS, timeout=settings.timeout)
    return refusal(answer) or Accepted(tuple(_receipt(answer, message.get("sequence_id", ""))))


def _message(sheet: Sheet, settings: NtfySettings, topic: str) -> dict[str, Any]:
    title = one_line(sheet.text("title", settings.title), MOST_OF_A_TITLE)
    text = sheet.body("message", settings.message)
    members = {
        "priority": _priority(sheet.text("priority", settings.priority)),
        "tags": [tag for tag in map(str.strip, sheet.text("tags", settings.tags).split(",")) if tag],
        "click": cut(sheet.text("click", settings.click), MOST_OF_A_URL, ""),
        "icon": cut(sheet.text("icon", settings.icon), MOST_OF_A_URL, ""),
        "actions": list(_actions(sheet, settings))[:MOST_ACTIONS],
        "sequence_id": sheet.known.get(_SEQUENCE, "") if settings.update else "",
    }
    if sheet.plain or not text.strip():
        text = sheet.plainly()
    said = {
        "topic": topic,
        "title": title or headline(sheet.notification),
        "message": sheet.fitted(_clean(text), in_bytes(MOST_BYTES_OF_A_MESSAGE)),
    }
    return said | {name: value for name, value in members.items() if value}


def _priority(text: str) -> int:
    """1 to 5; what is none is left to the server."""
    return int(text) if text.strip() in ("1", "2", "3", "4", "5") else 0


def _actions(sheet: Sheet, settings: NtfySettings) -> Iterator[dict[str, str]]:
    for action in settings.actions:
        label, url = sheet.text("action label", action.label), sheet.text("action url", action.url)
        if label and url:
            yield {"action": "view", "label": cut(label, 100), "url": cut(url, MOST_OF_A_URL, "")}


def _clean(text: str) -> str:
    """Line by line, each harmless."""

    def lines(part: str) -> str:
        return "\n".join(one_line(line, MOST_BYTES_OF_A_MESSAGE) for line in part.split("\n"))

    return ALERT.join(map(lines, text.strip(" \n").split(ALERT)))


def _receipt(answer: Answer, sequence: str) -> Iterator[tuple[str, str]]:
    try:
        value = answer.json()
    except ValueError:
        return
    found = value.get("id") if isinstance(value, dict) else None
    if isinstance(found, str) and found:
        yield "id", one_line(found, 100)
        yield _SEQUENCE, sequence or one_line(found, 100)
