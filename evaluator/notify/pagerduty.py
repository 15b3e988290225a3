"""PagerDuty's events, version 2; a `service_key` speaks version 1, see `pagerduty_v1`.

An event that PagerDuty finds faulty is refused as a whole, and nobody is paged. So no summary is ever empty, and a severity
that PagerDuty does not know, such as `page`, becomes `error`; Alertmanager sends both as they are.
"""

from __future__ import annotations

from typing import Any

from evaluator.core.http import Secret
from evaluator.core.incidents.records import IncidentState, PageKind
from evaluator.core.receivers.paging import PagerdutySettings
from evaluator.core.receivers.tree import Branch
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.go import json_line
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.leaves import filled
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_SUMMARY = 1024
MOST_BYTES = 512_000
MOST_OF_A_PLAIN_TEXT = 50_000

HEADERS = (("Content-Type", "application/json"),)
TRIGGER, RESOLVE = "trigger", "resolve"
_SEVERITIES = frozenset({"critical", "error", "warning", "info"})


def build(sheet: Sheet, settings: PagerdutySettings, act: str) -> Request | Refused:
    """The request for the sheet's notification, as such an event. Raises OSError when the key's file cannot be read."""
    assert settings.routing_key is not None, "version 2 goes by routing keys"
    try:
        key = key_text(settings.routing_key, sheet.render)
    except ValueError:
        return template_fails("routing_key")
    message = _message(sheet, settings, key, act)
    if sheet.plain or not message["payload"]["summary"].strip():
        _say_it_plainly(message["payload"], sheet)
    body = bounded(message, message["payload"], "custom_details", sheet)
    return Request(
        Secret(settings.url), body, settings.http, headers=HEADERS, timeout=settings.timeout, secrets=(key,) if key else ()
    )


def read(answer: Answer) -> Accepted | Refused:
    """A success names the incident's key."""
    return refusal(answer) or Accepted(told_pairs(answer, "dedup_key"))


def told_pairs(answer: Answer, *names: str) -> tuple[tuple[str, str], ...]:
    """Those members of a JSON answer that are texts; an answer that is something else has none."""
    try:
        value = answer.json()
    except ValueError:
        return ()
    members = value if isinstance(value, dict) else {}
    return tuple((name, members[name]) for name in names if isinstance(members.get(name), str))


def details(sheet: Sheet, settings: PagerdutySettings) -> dict[str, Any]:
    """The details, by name, as Go sorts them."""
    return dict(sorted(filled("details", Branch(settings.details), sheet).items()))


def bounded(message: dict[str, Any], holder: dict[str, Any], name: str, sheet: Sheet) -> bytes:
    """The message as bytes, not more than PagerDuty takes: when it is too large, its details give way to a shorter text."""
    body = json_line(message)
    if len(body) <= MOST_BYTES:
        return body
    note = f"The details were larger than the {MOST_BYTES} bytes that PagerDuty takes."
    holder[name] = {"error": note, "notification": cut(sheet.plainly(), MOST_OF_A_PLAIN_TEXT)}
    return json_line(message)


def _message(sheet: Sheet, settings: PagerdutySettings, key: str, act: str) -> dict[str, Any]:
    """Members in Alertmanager's order."""
    payload = {
        "summary": cut(sheet.text("description", settings.description), MOST_OF_A_SUMMARY),
        "source": cut(sheet.text("source", settings.source), MOST_OF_A_SUMMARY) or "evaluator",
        "severity": _severity(sheet.text("severity", settings.severity)),
        **_given(
            {
                "class": cut(sheet.text("class", settings.class_), MOST_OF_A_SUMMARY),
                "component": cut(sheet.text("component", settings.component), MOST_OF_A_SUMMARY),
                "group": cut(sheet.text("group", settings.group), MOST_OF_A_SUMMARY),
            }
        ),
        "custom_details": details(sheet, settings),
    }
    event = {"routing_key": key, "dedup_key": sheet.notification.key, "event_action": act, "payload": payload}
    return event | _given({**origin(sheet, settings), "images": _images(sheet, settings), "links": _links(sheet, settings)})


def action(sheet: Sheet) -> str:
    """What the event is. What somebody has acknowledged, or put off, here is acknowledged there."""
    if sheet.incident is not None and sheet.incident.state in (IncidentState.ACKED, IncidentState.SNOOZED):
        return "acknowledge"
    return TRIGGER if sheet.notification.firing else RESOLVE


def calls_anew(sheet: Sheet) -> bool:
    """Whether somebody had the incident and gave it back: PagerDuty calls nobody about what is acknowledged there.

    So its incident is closed first, and the page opens the next one under the same key.
    """
    notice = sheet.incident
    return notice is not None and notice.kind is PageKind.PAGE and notice.epoch > 1 and action(sheet) == TRIGGER


def origin(sheet: Sheet, settings: PagerdutySettings) -> dict[str, str]:
    """Who says it."""
    return {
        "client": cut(sheet.text("client", settings.client), MOST_OF_A_SUMMARY),
        "client_url": sheet.text("client_url", settings.client_url),
    }


def _images(sheet: Sheet, settings: PagerdutySettings) -> list[dict[str, str]]:
    found = (
        {name: sheet.text(f"images.{name}", getattr(image, name)) for name in ("src", "alt", "href")}
        for image in settings.images
    )
    return [_given(image) for image in found if image["src"]]


def _links(sheet: Sheet, settings: PagerdutySettings) -> list[dict[str, str]]:
    found = ({name: sheet.text(f"links.{name}", getattr(link, name)) for name in ("href", "text")} for link in settings.links)
    return [_given(link) for link in found if link["href"]]


def _severity(text: str) -> str:
    word = text.strip().lower()
    return word if word in _SEVERITIES else "error"


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _say_it_plainly(payload: dict[str, Any], sheet: Sheet) -> None:
    payload["summary"] = payload["summary"].strip() or cut(headline(sheet.notification), MOST_OF_A_SUMMARY)
    payload["custom_details"] = {
        **payload["custom_details"],
        "notification": cut(sheet.plainly(), MOST_OF_A_PLAIN_TEXT),
    }
