"""PagerDuty's events, version 1: for services that only have a `service_key`.

403 means too many requests there, so it is tried again. The URL is fixed, as in Alertmanager: `url` is that of version 2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evaluator.core.http import Secret
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.neutral import cut
from evaluator.notify.pagerduty import (
    HEADERS,
    MOST_OF_A_PLAIN_TEXT,
    MOST_OF_A_SUMMARY,
    bounded,
    details,
    origin,
    told_pairs,
)
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

URL = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"


def build(sheet: Sheet, settings: PagerdutySettings, act: str) -> Request | Refused:
    """The request for the sheet's notification, as such an event. Raises OSError when the key's file cannot be read."""
    assert settings.service_key is not None, "version 1 goes by service keys"
    try:
        key = key_text(settings.service_key, sheet.render)
    except ValueError:
        return template_fails("service_key")
    message = _message(sheet, settings, key, act)
    if sheet.plain or not message["description"].strip():
        message["description"] = message["description"].strip() or cut(headline(sheet.notification), MOST_OF_A_SUMMARY)
        message["details"] |= {"notification": cut(sheet.plainly(), MOST_OF_A_PLAIN_TEXT)}
    body = bounded(message, message, "details", sheet)
    secrets = (key,) if key else ()
    return Request(Secret(URL), body, settings.http, headers=HEADERS, timeout=settings.timeout, secrets=secrets)


def read(answer: Answer) -> Accepted | Refused:
    """A success names the incident's key."""
    refused = refusal(answer)
    if refused is None:
        return Accepted(told_pairs(answer, "incident_key"))
    return replace(refused, permanent=False) if answer.status == 403 else refused


def _message(sheet: Sheet, settings: PagerdutySettings, key: str, act: str) -> dict[str, Any]:
    """Members in Alertmanager's order, without the two of version 2 that it sends empty."""
    return {
        "service_key": key,
        "incident_key": sheet.notification.key,
        "event_type": act,
        "description": cut(sheet.text("description", settings.description), MOST_OF_A_SUMMARY),
        **({name: text for name, text in origin(sheet, settings).items() if text} if sheet.notification.firing else {}),
        "details": details(sheet, settings),
    }
