"""Telegram's bots.

In HTML, what comes from alerts is escaped. A text that is too long is cut between tags; Alertmanager puts a notice in its
place. When Telegram cannot read a message's markup, the plain notification goes out instead. Refusals are final where asking
again changes nothing; Alertmanager tries again whatever Telegram says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator
from dataclasses import replace
from html import escape
from typing import Any

from evaluator.core.http import Secret
from evaluator.core.incidents.records import Notice, PageKind
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.notify.buttons import telegram_keyboard
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.html_cut import cut_html
from evaluator.notify.json_answers import member, members, number
from evaluator.notify.neutral import cut
from evaluator.notify.sheet import Sheet
from evaluator.notify.updating import Ways, told_once

MOST_OF_A_TEXT = 4096

_FITS = characters(MOST_OF_A_TEXT)
_HEADERS = (("Content-Type", "application/json"),)
_ID = "message_id"
_SAFE_ID = re.compile(r"\d{1,18}")
_UNREADABLE = "can't parse entities"
_UNCHANGED = "message is not modified"
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


def tell(sheet: Sheet, settings: TelegramSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Send the message, edit the one before, or reply to it. Raises OSError when a file of the settings cannot be read."""
    chat, text = _chat(settings), _text(sheet, settings)
    token = settings.bot_token.reveal()
    outcome = yield from _told(sheet, settings, token, chat, {"text": text, "parse_mode": settings.parse_mode})
    if isinstance(outcome, Refused) and _UNREADABLE in outcome.error.lower():
        plain = cut(f"Telegram could not read this message's markup.\n{sheet.plainly()}", MOST_OF_A_TEXT)
        return (yield from _told(sheet, settings, token, chat, {"text": plain}))
    return outcome


def read(answer: Answer) -> Accepted | Refused:
    """A success names the message. When to come again stands in the body, where no header says it.

    What has no `ok` is no answer of Telegram's, but the page of a proxy on the way, say: the message is sent again.
    """
    value = members(answer)
    refused = refusal(answer)
    if refused is not None:
        if answer.status == 400 and _UNCHANGED in _description(answer):
            return Accepted()
        seconds = number(member(value, "parameters"), "retry_after")
        wanted = seconds if seconds is not None and 0 <= seconds < math.inf else None
        return refused if refused.permanent or refused.retry_after is not None else replace(refused, retry_after=wanted)
    if value.get("ok") is not True:
        denied = value.get("ok") is False
        error = (
            f"Telegram says {cut(_description(answer), 200) or 'not ok'}" if denied else f"answered without `ok`{said(answer)}"
        )
        return Refused(error, permanent=denied, unknown=not denied)
    ident = number(member(value, "result"), _ID)
    return Accepted(() if ident is None else ((_ID, str(ident)),))


def _told(
    sheet: Sheet, settings: TelegramSettings, token: str, chat: int | str, said: dict[str, str]
) -> Generator[Request, Answer, Accepted | Refused]:
    if sheet.incident is not None:
        return _chase(sheet.incident, sheet, settings, token, {"chat_id": chat, **said, "disable_web_page_preview": True})
    message = {"chat_id": chat, **{name: text for name, text in said.items() if text}, "disable_web_page_preview": True}
    thread = {"message_thread_id": settings.message_thread_id} if settings.message_thread_id else {}
    posted = {**message, "disable_notification": settings.disable_notifications, **thread}
    ways = Ways(_request("sendMessage", posted, settings, token))
    known = sheet.known.get(_ID, "")
    if _SAFE_ID.fullmatch(known):
        edited, replying = {**message, "message_id": int(known)}, {**posted, **_answering(int(known))}
        ways = Ways(
            ways.post,
            ((_ID, known),),
            edit=_request("editMessageText", edited, settings, token) if settings.update_message else None,
            reply=_request("sendMessage", replying, settings, token) if settings.thread else None,
        )
    return told_once(ways, sheet, _gone, read)


def _chase(
    notice: Notice, sheet: Sheet, settings: TelegramSettings, token: str, message: dict[str, Any]
) -> Generator[Request, Answer, Accepted | Refused]:
    """About an incident: its first message always shows how things stand; whatever is news beyond that is an answer to it."""
    message = {name: value for name, value in message.items() if value != ""}
    message["reply_markup"] = telegram_keyboard(notice, sheet.buttons)
    known = sheet.known.get(_ID, "")
    first = int(known) if _SAFE_ID.fullmatch(known) else None
    if notice.kind in (PageKind.UPDATE, PageKind.RESOLVED) and first is not None:
        answer = yield _request("editMessageText", {**message, "message_id": first}, settings, token)
        outcome = Accepted(((_ID, known),)) if _gone(answer) else read(answer)
        if notice.kind is PageKind.UPDATE or isinstance(outcome, Refused):
            return outcome
    elif notice.kind is PageKind.UPDATE:
        return Accepted()
    thread: dict[str, Any] = {"message_thread_id": settings.message_thread_id} if settings.message_thread_id else {}
    if first is not None:
        thread |= _answering(first)
    posted = {**message, "disable_notification": settings.disable_notifications, **thread}
    return read((yield _request("sendMessage", posted, settings, token)))


def _answering(message: int) -> dict[str, Any]:
    return {"reply_parameters": {"message_id": message, "allow_sending_without_reply": True}}


def _request(method: str, message: dict[str, Any], settings: TelegramSettings, token: str) -> Request:
    url = Secret(f"{settings.api_url.rstrip('/')}/bot{token}/{method}")
    return Request(url, json_line(message), settings.http, headers=_HEADERS, secrets=(token,))


def _gone(answer: Answer) -> bool:
    return answer.status == 400 and any(said in _description(answer) for said in _GONE)


def _description(answer: Answer) -> str:
    return str(members(answer).get("description", "")).lower()


def _chat(settings: TelegramSettings) -> int | str:
    """The chat's number, or the name of a channel, which only a file can hold."""
    if settings.chat_id_file is None:
        return settings.chat_id
    text = settings.chat_id_file.read_text().strip()
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else text


def _text(sheet: Sheet, settings: TelegramSettings) -> str:
    """The text in the markup of the settings. Cutting other markup than HTML may break it, which Telegram then says."""
    if settings.parse_mode != "HTML":
        text = sheet.body("message", settings.message)
        said = text if text.strip() and not sheet.plain else _escaped(sheet.plainly(), settings.parse_mode)
        return sheet.fitted(said, _FITS)
    text = sheet.body("message", settings.message, html=True)
    said = text if text.strip() and not sheet.plain else escape(sheet.plainly(), quote=False)
    return sheet.fitted(said, _FITS, lambda part, length: cut_html(part, min(length, MOST_OF_A_TEXT)))


def _escaped(text: str, parse_mode: str) -> str:
    """Plain text for where Markdown is expected."""
    special = {"Markdown": r"([_*`\[])", "MarkdownV2": r"([_*\[\]()~`>#+\-=|{}.!\\])"}.get(parse_mode)
    return re.sub(special, r"\\\1", text) if special else text
