"""Slack: an incoming webhook, or an app's token and chat.postMessage. One message with one attachment.

Alertmanager drops a text whose template fails and sends the rest, which may be an empty message. Here the message then
carries the whole notification as plain text, and says which template failed. Where a text speaks of curves, pictures of them
follow in the thread of a message that an app has posted.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

from evaluator.core.incidents.records import Notice, PageKind
from evaluator.core.receivers.slack import SlackAction, SlackConfirmation
from evaluator.core.records import Pairs
from evaluator.core.settings import Secret, SlackSettings
from evaluator.notify.buttons import slack_attachment
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, said, unreadable
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.mentions import without_mentions
from evaluator.notify.neutral import cut, one_line
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet
from evaluator.notify.slack_pictures import share
from evaluator.notify.updating import Ways, told_once
from evaluator.wire.retry_after import retry_after

MOST_OF_A_TITLE = 1024
MOST_OF_A_PLAIN_TEXT = 30_000  # Slack refuses messages beyond 40,000 characters
MOST_OF_ANOTHER_TEXT = 3000

_HEADERS = (("Content-Type", "application/json"),)
_COLOURS = {"firing": "danger", "resolved": "good"}
_RETRIED_ERRORS = frozenset({"rate_limited", "ratelimited"})
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_MENTION = re.compile(r"<!(?:channel|here|everyone|subteam\^[A-Z0-9]+)(?:\|[^>]*)?>|<@[A-Z0-9]+(?:\|[^>]*)?>")
_POSTING, _EDITING = "chat.postMessage", "chat.update"


def tell(sheet: Sheet, settings: SlackSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Post the message, edit the one before, or reply to it. Raises OSError when the URL's file cannot be read."""
    message = _finished(sheet, settings)
    if sheet.incident is not None:
        return (yield from _chase(sheet.incident, message, sheet, settings))
    ways = Ways(
        _request(settings.api_url, message, settings),
        _known(sheet),
        _edit(message, sheet, settings) if settings.update_message else None,
        _reply(message, sheet, settings) if settings.thread else None,
    )
    outcome = yield from told_once(ways, sheet, _gone, read)
    shown = not sheet.plain and (ways.edit is None or sheet.notification.news)
    if shown and isinstance(outcome, Accepted):
        yield from _add_pictures(sheet, settings, outcome)
    return outcome


def _add_pictures(sheet: Sheet, settings: SlackSettings, posted: Accepted) -> Generator[Request, Answer, None]:
    url, thread = settings.api_url.reveal(), dict(posted.receipt)
    if url.endswith(_POSTING) and all(thread.get(name) for name in ("channel", "ts")):
        yield from share(sheet, settings, url.removesuffix(_POSTING), posted)


def _known(sheet: Sheet) -> Pairs:
    return tuple((name, sheet.known.get(name, "")) for name in ("channel", "ts"))


def _edit(message: dict[str, Any], sheet: Sheet, settings: SlackSettings) -> Request | None:
    """The request that edits the message before; None when there is none, or it was posted by a webhook, which cannot."""
    if not _posted_before(sheet, settings):
        return None
    url = settings.api_url.reveal().removesuffix(_POSTING) + _EDITING
    return _request(Secret(url), {**message, **dict(_known(sheet))}, settings)


def _reply(message: dict[str, Any], sheet: Sheet, settings: SlackSettings) -> Request | None:
    """Likewise for the request that replies to it. What begins to fire is shown to the channel as well."""
    if not _posted_before(sheet, settings):
        return None
    channel, ts = (text for _, text in _known(sheet))
    below = {**message, "channel": channel, "thread_ts": ts, "reply_broadcast": sheet.notification.begins}
    return _request(settings.api_url, below, settings)


def _posted_before(sheet: Sheet, settings: SlackSettings) -> bool:
    return settings.api_url.reveal().endswith(_POSTING) and all(text for _, text in _known(sheet))


def _chase(
    notice: Notice, message: dict[str, Any], sheet: Sheet, settings: SlackSettings
) -> Generator[Request, Answer, Accepted | Refused]:
    """About an incident: its first message always shows how things stand; what is news beyond that is told in its thread."""
    message = {**message, "unfurl_links": False, "unfurl_media": False}  # whoever looks ahead at a link would be its reader
    buttons = slack_attachment(notice, sheet.buttons)
    if buttons is not None:
        message = {**message, "attachments": [*message["attachments"], buttons]}
    known = _known(sheet)
    edit = _edit(message, sheet, settings)
    if notice.kind in (PageKind.UPDATE, PageKind.RESOLVED) and edit is not None:
        outcome = _read_edit((yield edit), known)
        if notice.kind is PageKind.UPDATE or isinstance(outcome, Refused):
            return outcome
    elif notice.kind is PageKind.UPDATE:
        return Accepted(known if edit is not None else ())
    if edit is not None:
        channel, ts = (text for _, text in known)
        message = {**message, "channel": channel, "thread_ts": ts, "reply_broadcast": True}
    return read((yield _request(settings.api_url, message, settings)))


def _read_edit(answer: Answer, known: Pairs) -> Accepted | Refused:
    """An edit that comes too late to be possible is none that anybody misses."""
    return Accepted(known) if _gone(answer) else read(answer)


def build(sheet: Sheet, settings: SlackSettings) -> Request:
    """The request that posts the sheet's notification; never without text, whatever the templates do."""
    return _request(settings.api_url, _finished(sheet, settings), settings)


def read(answer: Answer) -> Accepted | Refused:
    """A success is the text `ok`, or JSON with `ok: true`; anything else with status 200 was not posted.

    `rate_limited` is tried again, and so is an answer that was cut short; Alertmanager gives up on the former.
    """
    refused = unreadable(answer)
    if refused is not None:
        return refused
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
        permanent = error not in _RETRIED_ERRORS
        wait = None if permanent else retry_after(answer.headers, answer.now)
        return Refused(f"Slack says {one_line(error, 100) or 'not ok'}", permanent, wait, limited=not permanent)
    return Accepted(tuple((name, value[name]) for name in ("channel", "ts") if isinstance(value.get(name), str)))


def _gone(answer: Answer) -> bool:
    return members(answer).get("error") in _GONE


def _request(url: Secret, message: dict[str, Any], settings: SlackSettings) -> Request:
    return Request(url, json_line(message), settings.http, headers=_HEADERS, timeout=settings.timeout)


def _finished(sheet: Sheet, settings: SlackSettings) -> dict[str, Any]:
    message = _message(settings, sheet)
    if sheet.plain or not _says_something(message):
        _say_it_plainly(message, sheet)
    return message


def _message(settings: SlackSettings, sheet: Sheet) -> dict[str, Any]:
    """Members in Alertmanager's order; which of them are left out when empty is Alertmanager's choice too."""
    return _without_empty(
        {
            "channel": sheet.text("channel", settings.channel),
            "username": sheet.text("username", settings.username),
            "icon_emoji": sheet.text("icon_emoji", settings.icon_emoji),
            "icon_url": sheet.text("icon_url", settings.icon_url),
            "link_names": settings.link_names,
            "text": _said(sheet, "message_text", settings.message_text),
            "attachments": [_attachment(settings, sheet)],
        }
    )


def _attachment(settings: SlackSettings, sheet: Sheet) -> dict[str, Any]:
    return _without_empty(
        {
            "title": cut(_said(sheet, "title", settings.title), MOST_OF_A_TITLE),
            "title_link": sheet.text("title_link", settings.title_link),
            "pretext": _said(sheet, "pretext", settings.pretext),
            "text": _said(sheet, "text", settings.text),
            "fallback": _said(sheet, "fallback", settings.fallback),
            "callback_id": sheet.text("callback_id", settings.callback_id),
            "fields": list(_fields(settings, sheet)),
            "actions": [_action(action, sheet) for action in settings.actions],
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
            "title": _said(sheet, "field title", field.title),
            "value": _said(sheet, "field value", field.value),
            "short": settings.short_fields if field.short is None else field.short,
        }


def _action(action: SlackAction, sheet: Sheet) -> dict[str, Any]:
    """A button."""
    names = ("type", "text", "url", "style", "name", "value")
    texts = {name: sheet.text(f"action {name}", getattr(action, name)) for name in names}
    return _without_empty(
        {**texts, "confirm": _confirmation(action.confirm, sheet) if action.confirm else None}, always=("type", "text")
    )


def _confirmation(confirm: SlackConfirmation, sheet: Sheet) -> dict[str, Any]:
    names = ("text", "title", "ok_text", "dismiss_text")
    return _without_empty({name: sheet.text(f"confirm {name}", getattr(confirm, name)) for name in names}, always=("text",))


def _said(sheet: Sheet, name: str, template: str) -> str:
    """A text that people read, cut to what Slack takes; a label in it calls nobody."""
    most = MOST_OF_A_PLAIN_TEXT if name in ("text", "message_text") else MOST_OF_ANOTHER_TEXT
    return sheet.fitted(without_mentions(sheet.body(name, template), sheet.notification, _MENTION), characters(most))


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
