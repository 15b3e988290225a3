"""Pushover. Everything goes in the body, as a form: in Alertmanager it is in the URL, tokens included, for proxies to log."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote_plus, urlencode

from evaluator.core.http import Secret
from evaluator.core.receivers.paging import PushoverSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal, said
from evaluator.notify.fitting import between_alerts, characters
from evaluator.notify.json_answers import members
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

URL = "https://api.pushover.net/1/messages.json"
MOST_OF_A_TITLE = 250
MOST_OF_A_MESSAGE = 1024
MOST_OF_A_URL = 512
MOST_OF_A_URL_TITLE = 100

_HEADERS = (("Content-Type", "application/x-www-form-urlencoded"),)
_FITS = characters(MOST_OF_A_MESSAGE)
_EMERGENCY = 2
_LOWEST, _ORDINARY = -2, 0
_SHORTEST_RETRY = timedelta(seconds=30)
_LONGEST_EXPIRY = timedelta(hours=3)


def build(sheet: Sheet, settings: PushoverSettings) -> Request | Refused:
    """The request for the sheet's notification. Raises OSError when a secret's file cannot be read."""
    try:
        token, user = key_text(settings.token, sheet.render), key_text(settings.user_key, sheet.render)
    except ValueError:
        return template_fails("token or user_key")
    body = urlencode({"token": token, "user": user, **_message(sheet, settings)}).encode()
    secrets = tuple(filter(None, (token, user, quote_plus(token), quote_plus(user))))
    return Request(Secret(URL), body, settings.http, headers=_HEADERS, secrets=secrets)


def read(answer: Answer) -> Accepted | Refused:
    """A success has `status` 1, and a receipt when it is an emergency."""
    refused = refusal(answer)
    if refused is not None:
        return refused
    found = members(answer)
    if found.get("status") not in (None, 1):
        return Refused(f"Pushover did not take it{said(answer)}", permanent=True)
    return Accepted(tuple((name, found[name]) for name in ("request", "receipt") if isinstance(found.get(name), str)))


def _message(sheet: Sheet, settings: PushoverSettings) -> dict[str, str]:
    parts = {
        "title": cut(sheet.text("title", settings.title), MOST_OF_A_TITLE),
        **_body(sheet, settings),
        "url": cut(sheet.text("url", settings.url), MOST_OF_A_URL),
        "url_title": cut(sheet.text("url_title", settings.url_title), MOST_OF_A_URL_TITLE),
        **_urgency(sheet.text("priority", settings.priority), settings),
        "device": sheet.text("device", settings.device),
        "sound": sheet.text("sound", settings.sound),
        "ttl": str(int(settings.ttl.total_seconds())) if settings.ttl else "",
    }
    if sheet.plain or not parts["message"].strip():
        parts["title"] = parts["title"].strip() or cut(headline(sheet.notification), MOST_OF_A_TITLE)
        parts["message"] = cut(sheet.plainly(), MOST_OF_A_MESSAGE)
        parts.pop("html", None)
    return {name: text for name, text in parts.items() if text}


def _body(sheet: Sheet, settings: PushoverSettings) -> dict[str, str]:
    """HTML is escaped for its place. A page too long for Pushover would be cut within a tag, so plain text goes out instead."""
    if not settings.html:
        text = sheet.fitted(sheet.body("message", settings.message), _FITS)
        return {"message": text, "monospace": "1" if settings.monospace else ""}
    page = between_alerts(sheet.body("message", settings.message, html=True), _FITS, len(sheet.notification.alerts))
    return {"message": cut(sheet.plainly(), MOST_OF_A_MESSAGE)} if page is None else {"message": page, "html": "1"}


def _urgency(text: str, settings: PushoverSettings) -> dict[str, str]:
    """Pushover refuses a priority that it does not know, and an emergency that repeats too often or too long."""
    try:
        priority = max(_LOWEST, min(_EMERGENCY, int(text)))
    except ValueError:
        priority = _ORDINARY
    if priority < _EMERGENCY:
        return {"priority": str(priority)}
    retry, expire = max(settings.retry, _SHORTEST_RETRY), min(settings.expire, _LONGEST_EXPIRY)
    return {"priority": str(priority), "retry": _seconds(retry), "expire": _seconds(expire)}


def _seconds(span: timedelta) -> str:
    return str(int(span.total_seconds()))
