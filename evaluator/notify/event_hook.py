"""A webhook that is told events and nothing else: an alert fires, or is over; what it is about is looked up by whoever is told.

The body holds ids, the rule's name and the state; no label, no annotation and no link leaves the house. Each request is one
event. It is signed, so that the other end can tell it from anybody else's:

    X-Evaluator-Timestamp: 1785726012                    seconds since 1970, of this attempt
    X-Evaluator-Signature: sha256=9f86d0…                HMAC-SHA256 of the timestamp, a full stop and the body

An event is told once: a repeat of its group says nothing new, and has no request. It is told again, by the same id, until it is
answered with 2xx, and perhaps once too often after a restart amid the events of one group.
"""

from __future__ import annotations

import hmac
from collections.abc import Generator
from hashlib import sha256

from evaluator.core.http import Secret
from evaluator.core.receivers.general import EventHookSettings
from evaluator.core.timestamps import rfc3339
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.rendered import RenderedAlert
from evaluator.notify.sheet import Sheet

MOST_REMEMBERED = 10_000

_SIGNED_BY = "the file of the receiver's secret is empty, so nothing can be signed"


def tell(sheet: Sheet, settings: EventHookSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """An event for each alert of which something is new; one that is refused for good does not keep the others waiting.

    Raises OSError when the file of the URL or of the secret cannot be read.
    """
    try:
        url = Secret(key_text(settings.url, sheet.render))
    except ValueError:
        return template_fails("url")
    secret = settings.secret.reveal().encode()
    if not secret:
        return Refused(_SIGNED_BY)
    refused: Refused | None = None
    for alert in sheet.notification.alerts:
        event = event_id(alert)
        if alert.known or event in sheet.memory:
            continue
        refusing = refusal((yield _request(url, secret, alert, sheet, settings)))
        if refusing is None:
            sheet.partly = True
            _remember(alert, sheet.memory)
        elif refusing.permanent:
            refused = refused or refusing
        else:
            return refusing
    return refused or Accepted()


def event_id(alert: RenderedAlert) -> str:
    """32 hex digits that are the same whenever this beginning, or this end, of the alert is told."""
    return _id(alert, alert.status)


def _id(alert: RenderedAlert, state: str) -> str:
    return sha256(f"{alert.labels.fingerprint}\n{rfc3339(alert.starts_at)}\n{state}".encode()).hexdigest()[:32]


def _remember(alert: RenderedAlert, memory: dict[str, str]) -> None:
    """The event has arrived; its opposite may come again."""
    memory[event_id(alert)] = ""
    memory.pop(_id(alert, "resolved" if alert.status == "firing" else "firing"), None)
    if len(memory) > MOST_REMEMBERED:
        del memory[next(iter(memory))]


def _request(url: Secret, secret: bytes, alert: RenderedAlert, sheet: Sheet, settings: EventHookSettings) -> Request:
    event = event_id(alert)
    told = {
        "event_id": event,
        "alert_id": alert.labels.fingerprint,
        "rule": alert.labels.get("alertname", ""),
        "state": alert.status,
    }
    body, at = json_line(told).rstrip(), str(int(sheet.now.timestamp()))
    signature = signature_of(secret, at, body)
    headers = (
        ("Content-Type", "application/json"),
        ("Idempotency-Key", event),
        ("X-Evaluator-Timestamp", at),
        ("X-Evaluator-Signature", f"sha256={signature}"),
    )
    return Request(url, body, settings.http, headers=headers, timeout=settings.timeout, secrets=(signature, secret.decode()))


def signature_of(secret: bytes, at: str, body: bytes) -> str:
    """64 hex digits. at: the timestamp as it stands in its header."""
    return hmac.new(secret, at.encode() + b"." + body, sha256).hexdigest()
