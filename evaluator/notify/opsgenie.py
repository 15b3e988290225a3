"""OpsGenie: an alert is created, its texts follow where `update_alerts` asks for it, and in the end it is closed.

All of it goes by the alias, the group's key, so a request that is sent twice does nothing twice. A new alert that cannot be
described anew is an alert all the same: OpsGenie has taken it, and what its description lacks is told at the next notification.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from evaluator.core.http import Secret
from evaluator.core.receivers.paging import OpsgenieResponder, OpsgenieSettings
from evaluator.notify.exchange import Accepted, Answer, Refused, Request, refusal
from evaluator.notify.fitting import characters
from evaluator.notify.go import json_line
from evaluator.notify.json_answers import members
from evaluator.notify.keys import key_text, template_fails
from evaluator.notify.neutral import cut
from evaluator.notify.plain import headline
from evaluator.notify.sheet import Sheet

MOST_OF_A_MESSAGE = 130
MOST_OF_A_DESCRIPTION = 15_000
MOST_OF_A_NOTE = 25_000
MOST_OF_A_DETAIL = 1_000  # of all details together OpsGenie takes 8,000
MOST_OF_THE_DETAILS = 8_000


def tell(sheet: Sheet, settings: OpsgenieSettings) -> Generator[Request, Answer, Accepted | Refused]:
    """Create, update or close. Raises OSError when the key's file cannot be read."""
    try:
        calls = list(_calls(sheet, settings, key_text(settings.api_key, sheet.render)))
    except ValueError:
        return template_fails("api_key")
    accepted = Accepted()
    for call in calls:
        answer = yield call
        refused = refusal(answer)
        if refused is not None:
            return refused
        accepted = _receipt(answer) if call is calls[0] else accepted
        sheet.partly = True
    return accepted


def _receipt(answer: Answer) -> Accepted:
    """OpsGenie names the request, not the alert."""
    found = members(answer).get("requestId")
    return Accepted((("request_id", found),) if isinstance(found, str) else ())


def _calls(sheet: Sheet, settings: OpsgenieSettings, key: str) -> list[Request]:
    alias = sheet.notification.key

    def call(path: str, body: dict[str, Any], method: str = "POST") -> Request:
        url, mark, query = settings.api_url.partition("?")
        headers = (("Content-Type", "application/json"), ("Authorization", f"GenieKey {key}"))
        target = f"{url}v2/alerts{path}" + (("&" if "?" in path else "?") + query if mark else "")
        secrets = (key,) if key else ()
        return Request(Secret(target), json_line(body), settings.http, method, headers, secrets=secrets)

    if not sheet.notification.firing:
        body = {"source": sheet.text("source", settings.source)}
        return [call(f"/{alias}/close?identifierType=alias", body | _plain_note(sheet))]
    created = _created(sheet, settings)
    calls = [call("", created)]
    if settings.update_alerts:
        calls += [
            call(f"/{alias}/{name}?identifierType=alias", {name: created.get(name, "")}, "PUT")
            for name in ("message", "description")
        ]
    return calls


def _plain_note(sheet: Sheet) -> dict[str, str]:
    """An alert that is closed has no text but a note; it is needed only where a template failed."""
    return {"note": cut(sheet.plainly(), MOST_OF_A_NOTE)} if sheet.plain else {}


def _created(sheet: Sheet, settings: OpsgenieSettings) -> dict[str, Any]:
    """Members in Alertmanager's order; it leaves out what is empty."""
    alert: dict[str, Any] = {
        "alias": sheet.notification.key,
        "message": cut(sheet.text("message", settings.message), MOST_OF_A_MESSAGE),
        "description": sheet.fitted(sheet.body("description", settings.description), characters(MOST_OF_A_DESCRIPTION)),
        "details": _details(sheet, settings),
        "source": sheet.text("source", settings.source),
        "responders": [one for responder in settings.responders for one in _responders(sheet, responder)],
        "tags": _words(sheet.text("tags", settings.tags)),
        "note": cut(sheet.text("note", settings.note), MOST_OF_A_NOTE),
        "priority": sheet.text("priority", settings.priority),
        "entity": sheet.text("entity", settings.entity),
        "actions": _words(sheet.text("actions", settings.actions)),
    }
    if sheet.plain or not alert["message"].strip():
        alert["message"] = alert["message"].strip() or cut(headline(sheet.notification), MOST_OF_A_MESSAGE)
        alert["description"] = cut(sheet.plainly(), MOST_OF_A_DESCRIPTION)
    return {name: value for name, value in alert.items() if value or name == "source"}


def _details(sheet: Sheet, settings: OpsgenieSettings) -> dict[str, str]:
    """What the alerts have in common, and what is configured, which wins; the rest when there is no room left."""
    wanted = dict(sheet.notification.common_labels)
    wanted |= {name: sheet.text(f"details.{name}", template) for name, template in settings.details}
    details, room = {}, MOST_OF_THE_DETAILS
    for name, text in sorted(wanted.items()):
        details[name] = cut(text, MOST_OF_A_DETAIL)
        room -= len(name) + len(details[name])
        if room < 0:
            del details[name]
            break
    return details


def _responders(sheet: Sheet, responder: OpsgenieResponder) -> list[dict[str, str]]:
    """None when nobody is named. The type `teams` stands for teams whose names are given with commas."""
    found = {name: sheet.text(f"responders.{name}", getattr(responder, name)) for name in ("id", "name", "username", "type")}
    given = {name: text for name, text in found.items() if text}
    if found["type"] == "teams":
        return [{"name": name, "type": "team"} for name in _words(found["name"])]
    return [given] if given.keys() - {"type"} else []


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
