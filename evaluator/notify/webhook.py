"""Alertmanager's webhook, version 4.

Without a `payload` of the receiver the body is Alertmanager's, byte for byte, and ends with one member of our own, `evaluator`:

    id        the notification's id, the same in every attempt; also sent as the header Idempotency-Key
    at        when it was decided
    firing    how many alerts fire, also those that `max_alerts` cut off
    resolved  likewise
    why       fingerprint -> why an alert resolved when it was not simply over, such as `rule removed`
    incident  what somebody is chased about, where that is what it is sent for: enough to ring a telephone and to answer
"""

from __future__ import annotations

from typing import Any

from evaluator.core.incidents.records import Notice
from evaluator.core.settings import Secret, WebhookSettings
from evaluator.core.timestamps import rfc3339
from evaluator.notify.buttons import Buttons
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line, quote_meta
from evaluator.notify.leaves import filled
from evaluator.notify.rendered import Render, RenderedAlert, RenderedNotification
from evaluator.notify.sheet import Sheet

HEADERS = (("Content-Type", "application/json"),)


def build(sheet: Sheet, settings: WebhookSettings) -> Request | Refused:
    """The request for the sheet's notification; a refusal when the URL's template fails, for then there is nobody to ask.

    Raises OSError when the URL's file cannot be read.
    """
    notification = sheet.notification
    try:
        url = _url(settings.url, sheet.render)
    except ValueError:
        # What the template engine says may quote the URL, which is a secret.
        return Refused("the template in the receiver's url fails; `evaluator check` shows where", permanent=True)
    headers = (*HEADERS, ("Idempotency-Key", notification.id))
    body = json_line(_body(sheet, settings))
    return Request(url, body, settings.http, headers=headers, timeout=settings.timeout)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success, whatever the body."""
    return refusal(answer) or Accepted()


def _body(sheet: Sheet, settings: WebhookSettings) -> Any:
    if settings.payload is None:
        body = message(sheet.notification, settings.max_alerts)
        if sheet.incident is not None:
            body["evaluator"]["incident"] = _incident(sheet.incident, sheet.buttons)
        return body
    return filled("payload", settings.payload, sheet, plainly=True)


def message(notification: RenderedNotification, max_alerts: int = 0) -> dict[str, Any]:
    """The body as plain values, members in the order in which they are sent. max_alerts: 0 is all.

    The list is cut first, so status and what alerts have in common speak of the kept ones, as with Alertmanager.
    """
    kept = notification.cut(max_alerts)
    return {
        "receiver": quote_meta(kept.receiver),
        "status": kept.status,
        "alerts": [_alert(alert) for alert in kept.alerts],
        "notification_reason": kept.reason,
        "groupLabels": kept.group_labels.as_dict(),
        "commonLabels": kept.common_labels.as_dict(),
        "commonAnnotations": kept.common_annotations.as_dict(),
        "routeLabels": kept.route_labels.as_dict(),
        "externalURL": kept.external_url,
        "version": "4",
        "groupKey": kept.group_key,
        "truncatedAlerts": len(notification.alerts) - len(kept.alerts),
        "evaluator": _ours(notification),
    }


def _alert(alert: RenderedAlert) -> dict[str, Any]:
    return {
        "status": alert.status,
        "labels": alert.labels.as_dict(),
        "annotations": dict(sorted(alert.annotations.items())),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(alert.ends_at),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.labels.fingerprint,
    }


def _ours(notification: RenderedNotification) -> dict[str, Any]:
    firing = len(notification.firing)
    return {
        "id": notification.id,
        "at": rfc3339(notification.at),
        "firing": firing,
        "resolved": len(notification.alerts) - firing,
        "why": {alert.labels.fingerprint: alert.why for alert in notification.alerts if alert.why},
    }


def _incident(notice: Notice, buttons: Buttons) -> dict[str, Any]:
    return {
        "number": notice.number,
        "kind": str(notice.kind),
        "state": str(notice.state),
        "severity": notice.severity,
        "title": notice.title,
        "text": notice.text,
        "whom": notice.whom,
        "owner": notice.owner,
        "component": notice.component,
        "runbook": notice.runbook,
        "level": notice.level + 1,
        "level_name": notice.level_name,
        "levels": notice.levels,
        "climb": notice.epoch,
        "opened_at": rfc3339(notice.opened_at),
        "late_seconds": notice.late_by.total_seconds(),
        "links": {purpose: link for purpose, link in buttons.links.items() if link},
    }


def _url(url: Secret, render: Render) -> Secret:
    text = url.reveal()
    return Secret(render(text).strip()) if "{{" in text or "{%" in text else Secret(text)
