"""A webhook of events: one for each alert, signed."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.general import EventHookSettings
from tests.local_server import Reply
from tests.notify.contract import Case

TOKEN = "t0k3n-in-path"
KEY = "k3y-of-events"


def settings(url: str, http: HttpSettings) -> EventHookSettings:
    return EventHookSettings(Secret(f"{url}/hooks/{TOKEN}"), Secret(KEY), http)


CASES = (
    Case(
        "webhook", settings, (Reply(),), secrets=(TOKEN, KEY), most_bytes=500, never=("\x1b", "script"), name="webhook, events"
    ),
)
