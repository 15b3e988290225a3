"""Discord: 204, or 200 with the message where that is asked for."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.chat import DiscordSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "api/webhooks/1234567/XyZ123abc"
WRONG = Reply(400, body=b'{"embeds":["0"]}')
POSTED = Reply(body=b'{"id":"11223344"}')


def settings(url: str, http: HttpSettings) -> DiscordSettings:
    return DiscordSettings(Secret(f"{url}/{PATH}"), http)


def updating(url: str, http: HttpSettings) -> DiscordSettings:
    return DiscordSettings(Secret(f"{url}/{PATH}?thread_id=777"), http, update_message=True)


TEMPLATES = ("content", "title", "message", "username", "avatar_url")

CASES = (
    Case(
        "discord",
        settings,
        taken=(Reply(204),),
        secrets=(PATH, "XyZ123abc"),
        templates=TEMPLATES,
        outcomes={
            "an embed that it does not like": Outcome(
                (Reply(400, body=b'{"embeds":["0"]}'),), error="answered 400", permanent=True
            )
        },
    ),
    Case(
        "discord",
        updating,
        (POSTED,),
        (("id", "11223344"),),
        (PATH, "XyZ123abc"),
        templates=TEMPLATES,
        name="discord, kept up to date",
    ),
    Case(
        "discord",
        updating,
        (POSTED,),
        (("id", "11223344"),),
        (PATH, "XyZ123abc"),
        templates=TEMPLATES,
        known=(("id", "99"),),
        stumbles=(),
        outcomes={
            "a message that is gone": Outcome((Reply(404), POSTED), (("id", "11223344"),)),
            "an answer without an id": Outcome((Reply(),), (("id", "99"),)),
            "too much": Outcome((Reply(429, {"Retry-After": "3"}),), error="answered 429", retry_after=3.0),
        },
        name="discord, edited",
    ),
)
