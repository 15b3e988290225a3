"""incident.io's alert source: the webhook's body, version 1, with a bearer token.

It takes 512 KB. What is larger is told with fewer alerts, as many as fit, where Alertmanager keeps only the first.
"""

from __future__ import annotations

from typing import Any

from evaluator.core.receivers.paging import IncidentioSettings
from evaluator.core.settings import Secret
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.neutral import cut
from evaluator.notify.sheet import Sheet
from evaluator.notify.webhook import HEADERS, message

MOST_BYTES = 512 * 1024
MOST_OF_A_TEXT = 1000


def build(sheet: Sheet, settings: IncidentioSettings) -> Request | Refused:
    """The request for the sheet's notification. Raises OSError when the URL's file cannot be read."""
    try:
        url = Secret(key_text(settings.url, sheet.render))
    except ValueError:
        return template_fails("url")
    headers = (*HEADERS, ("Idempotency-Key", sheet.notification.id))
    return Request(url, _body(sheet, settings.max_alerts), settings.http, headers=headers, timeout=settings.timeout)


def read(answer: Answer) -> Accepted | Refused:
    """A success names the key by which alerts are told apart."""
    refused = refusal(answer)
    if refused is not None:
        return refused
    key = members(answer).get("deduplication_key")
    return Accepted((("deduplication_key", key),) if isinstance(key, str) else ())


def _body(sheet: Sheet, most: int) -> bytes:
    count = len(sheet.notification.cut(most).alerts)
    while True:
        body = json_line(_message(sheet, count))
        if len(body) <= MOST_BYTES:
            return body
        if count == 1:
            return json_line(_shortened(_message(sheet, 1)))
        count //= 2


def _message(sheet: Sheet, most: int) -> dict[str, Any]:
    return {**message(sheet.notification, most), "version": "1"}


def _shortened(value: Any) -> Any:
    """The same with shorter texts: a single alert with a label that is larger than all that may be sent."""
    match value:
        case str():
            return cut(value, MOST_OF_A_TEXT)
        case dict():
            return {name: _shortened(below) for name, below in value.items()}
        case list():
            return [_shortened(below) for below in value]
    return value
