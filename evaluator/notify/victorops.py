"""VictorOps, now Splunk On-Call. The key and the routing key stand in the URL, so both are secrets."""

from __future__ import annotations

from urllib.parse import quote

from evaluator.core.http import Secret
from evaluator.core.receivers.paging import VictoropsSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_TEXT = 20_480

_HEADERS = (("Content-Type", "application/json"),)
_FIRING = frozenset({"INFO", "WARNING", "CRITICAL"})


def build(sheet: Sheet, settings: VictoropsSettings) -> Request | Refused:
    """The request for the sheet's notification. Raises OSError when the key's file cannot be read."""
    try:
        key = key_text(settings.api_key, sheet.render)
        routing_key = key_text(Secret(settings.routing_key), sheet.render)
    except ValueError:
        return template_fails("api_key or routing_key")
    base, mark, query = settings.api_url.partition("?")
    url = f"{base}{quote(key, safe='')}/{quote(routing_key, safe='')}{mark}{query}"
    secrets = tuple(filter(None, (key,)))
    return Request(Secret(url), json_line(_message(sheet, settings)), settings.http, headers=_HEADERS, secrets=secrets)


def read(answer: Answer) -> Accepted | Refused:
    """Any 2xx is a success; it names the entity, which is the group's key."""
    refused = refusal(answer)
    if refused is not None:
        return refused
    said = members(answer)
    if said.get("result") == "failure":
        return Refused("VictorOps says failure", permanent=True)
    entity = said.get("entity_id")
    return Accepted((("entity_id", entity),) if isinstance(entity, str) else ())


def _message(sheet: Sheet, settings: VictoropsSettings) -> dict[str, str]:
    """All members, as Go sorts them."""
    message = {
        "message_type": _type(sheet, settings),
        "entity_id": sheet.notification.key,
        "entity_display_name": cut(sheet.text("entity_display_name", settings.entity_display_name), MOST_OF_A_TEXT),
        "state_message": sheet.fitted(sheet.body("state_message", settings.state_message), characters(MOST_OF_A_TEXT)),
        "monitoring_tool": sheet.text("monitoring_tool", settings.monitoring_tool),
    }
    message |= {name: cut(sheet.text(f"custom_fields.{name}", text), MOST_OF_A_TEXT) for name, text in settings.custom_fields}
    if sheet.plain or not message["state_message"].strip():
        message["state_message"] = cut(sheet.plainly(), MOST_OF_A_TEXT)
    message["entity_display_name"] = message["entity_display_name"].strip() or headline(sheet.notification)
    return dict(sorted(message.items()))


def _type(sheet: Sheet, settings: VictoropsSettings) -> str:
    text = sheet.text("message_type", settings.message_type)
    if not sheet.notification.firing:
        return "RECOVERY"
    return text if text in _FIRING else "CRITICAL"
