"""Webex: 200 with the message."""

from __future__ import annotations

from evaluator.core.http import HttpSettings
from evaluator.core.receivers.chat import WebexSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

POSTED = Reply(body=b'{"id":"Y2lzY29z"}')


def settings(url: str, http: HttpSettings) -> WebexSettings:
    return WebexSettings(f"{url}/v1/messages", "room", http)


def updating(url: str, http: HttpSettings) -> WebexSettings:
    return WebexSettings(f"{url}/v1/messages", "room", http, update_message=True)


def threading(url: str, http: HttpSettings) -> WebexSettings:
    return WebexSettings(f"{url}/v1/messages", "room", http, thread=True)


CASES = (
    Case("webex", settings, (POSTED,), (("id", "Y2lzY29z"),), templates=("message",)),
    Case(
        "webex",
        updating,
        (POSTED,),
        (("id", "Y2lzY29z"),),
        templates=("message",),
        known=(("id", "b/2?"),),
        stumbles=(),
        outcomes={
            "edited too often": Outcome((Reply(400), POSTED), (("id", "Y2lzY29z"),)),
            "an answer without an id": Outcome((Reply(),), (("id", "b/2?"),)),
            "too much": Outcome((Reply(429, {"Retry-After": "3"}),), error="answered 429", retry_after=3.0),
        },
        name="webex, edited",
    ),
    Case(
        "webex",
        threading,
        (POSTED,),
        (("id", "b/2?"),),
        templates=("message",),
        known=(("id", "b/2?"),),
        stumbles=(),
        outcomes={"no such message": Outcome((Reply(404), POSTED), (("id", "Y2lzY29z"),))},
        name="webex, in its thread",
    ),
)
