"""Slack's incoming webhook: one message with one attachment.

Alertmanager drops a text whose template fails and sends the rest, which may be an empty message. Here the message then
carries the whole notification as plain text, and says which template failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluator.core.settings import SlackSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said
from evaluator.notify.go import json_line
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_TITLE = 1024
MOST_OF_A_PLAIN_TEXT = 30_000  # Slack refuses messages beyond 40,000 characters

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": "danger", "resolved": "good"}
_RETRIED_ERRORS = frozenset({"rate_limited", "ratelimited"})


def build(sheet: Sheet, settings: SlackSettings) -> Request:
    """The request for the sheet's notification; never without text, whatever the templates do."""
    message = _message(settings, sheet)
    if sheet.failed or not _says_something(message):
        _say_it_plainly(message, sheet)
    return Request(settings.api_url, json_line(message), settings.http, headers=_HEADERS, timeout=settings.timeout)


def read(answer: Answer) -> Accepted | Refused:
    """A success is the text `ok`, or JSON with `ok: true`; anything else with status 200 was not posted.

    `rate_limited` is tried again, and so is an answer that was cut short; Alertmanager gives up on the former.
    """
    refused = refusal(answer)
    if refused is not None:
        return refused
    if not answer.whole:
        return Refused("the answer was cut short")
    if answer.headers.get("content-type", "").startswith("application/json"):
        return _read_json(answer)
    # Not tried again: who answers a webhook with something else may well have posted the message.
    return Accepted() if answer.text == "ok" else Refused(f"answered without `ok`{said(answer)}", permanent=True)


def _read_json(answer: Answer) -> Accepted | Refused:
    try:
        value = answer.json()
    except ValueError:
        return Refused(f"answered with broken JSON{said(answer)}")
    if not isinstance(value, dict) or value.get("ok") is not True:
        error = str(value.get("error", "")) if isinstance(value, dict) else ""
        return Refused(f"Slack says {one_line(error, 100) or 'not ok'}", permanent=error not in _RETRIED_ERRORS)
    return Accepted(tuple((name, value[name]) for name in ("channel", "ts") if isinstance(value.get(name), str)))


def _message(settings: SlackSettings, sheet: Sheet) -> dict[str, Any]:
    """Members in Alertmanager's order; which of them are left out when empty is Alertmanager's choice too."""
    return _without_empty(
        {
            "channel": sheet.text("channel", settings.channel),
            "username": sheet.text("username", settings.username),
            "icon_emoji": sheet.text("icon_emoji", settings.icon_emoji),
            "icon_url": sheet.text("icon_url", settings.icon_url),
            "link_names": settings.link_names,
            "text": sheet.text("message_text", settings.message_text),
            "attachments": [_attachment(settings, sheet)],
        }
    )


def _attachment(settings: SlackSettings, sheet: Sheet) -> dict[str, Any]:
    return _without_empty(
        {
            "title": cut(sheet.text("title", settings.title), MOST_OF_A_TITLE),
            "title_link": sheet.text("title_link", settings.title_link),
            "pretext": sheet.text("pretext", settings.pretext),
            "text": sheet.text("text", settings.text),
            "fallback": sheet.text("fallback", settings.fallback),
            "callback_id": sheet.text("callback_id", settings.callback_id),
            "fields": list(_fields(settings, sheet)),
            "image_url": sheet.text("image_url", settings.image_url),
            "thumb_url": sheet.text("thumb_url", settings.thumb_url),
            "footer": sheet.text("footer", settings.footer),
            "color": sheet.text("color", settings.color),
            "mrkdwn_in": list(settings.mrkdwn_in),
        },
        always=("text", "fallback", "callback_id", "footer"),
    )


def _fields(settings: SlackSettings, sheet: Sheet) -> Iterator[dict[str, Any]]:
    for field in settings.fields:
        yield {
            "title": sheet.text("field title", field.title),
            "value": sheet.text("field value", field.value),
            "short": settings.short_fields if field.short is None else field.short,
        }


def _without_empty(members: dict[str, Any], always: tuple[str, ...] = ()) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value or name in always}


def _says_something(message: dict[str, Any]) -> bool:
    attachment = message["attachments"][0]
    texts = [message.get("text", ""), *(attachment.get(name, "") for name in ("title", "pretext", "text", "fields"))]
    return any(text.strip() if isinstance(text, str) else text for text in texts)


def _say_it_plainly(message: dict[str, Any], sheet: Sheet) -> None:
    """Put the whole notification into the attachment; what rendered well stays."""
    attachment = message["attachments"][0]
    notification = sheet.notification
    attachment["text"] = cut(_escaped(sheet.plainly()), MOST_OF_A_PLAIN_TEXT)
    attachment["title"] = attachment.get("title") or cut(headline(notification), MOST_OF_A_TITLE)
    attachment["fallback"] = attachment.get("fallback") or headline(notification)
    attachment["color"] = attachment.get("color") or _COLOURS[notification.status]


def _escaped(text: str) -> str:
    """Text as Slack wants it where no markup is meant; a label value cannot call a whole channel this way."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
