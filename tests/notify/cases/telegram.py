"""Telegram: `ok` and the message; refusals say why, and when to come again, in the body."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.chat import TelegramSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

TOKEN = "123456:AA-bb_CC"
POSTED = Reply(body=b'{"ok":true,"result":{"message_id":77}}')
RETRIED = (400, 401, 403, 404, 408, 422, 425, 429)
NO_CHAT = Reply(400, body=b'{"ok":false,"description":"Bad Request: chat not found"}')
UNCHANGED = Reply(400, body=b'{"ok":false,"description":"Bad Request: message is not modified: x"}')
REFUSED = Reply(body=b'{"ok":false,"description":"no"}')
UNREADABLE = Reply(400, body=b'{"ok":false,"error_code":400,"description":"Bad Request: can\'t parse entities: unclosed tag"}')
PATIENCE = Reply(429, body=b'{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":31}}')


def settings(url: str, http: HttpSettings) -> TelegramSettings:
    return TelegramSettings(url, Secret(TOKEN), http, chat_id=-100)


def updating(url: str, http: HttpSettings) -> TelegramSettings:
    return TelegramSettings(url, Secret(TOKEN), http, chat_id=-100, update_message=True)


def threading(url: str, http: HttpSettings) -> TelegramSettings:
    return TelegramSettings(url, Secret(TOKEN), http, chat_id=-100, update_message=True, thread=True)


def markdown(url: str, http: HttpSettings) -> TelegramSettings:
    return TelegramSettings(url, Secret(TOKEN), http, chat_id=-100, parse_mode="MarkdownV2")


CASES = (
    Case(
        "telegram",
        settings,
        (POSTED,),
        (("message_id", "77"),),
        (TOKEN,),
        templates=("message",),
        never=("\x1b", "<script>"),
        alertmanager_retries=RETRIED,
        outcomes={
            "patience asked for in the body": Outcome((PATIENCE,), error="answered 429", retry_after=31.0),
            "markup that it cannot read": Outcome((UNREADABLE, POSTED), (("message_id", "77"),)),
            "no such chat": Outcome((NO_CHAT,), error="answered 400", permanent=True),
            "the page of a proxy": Outcome((Reply(body=b"<html>"),), error="answered without `ok`: <html>"),
            "nothing": Outcome((Reply(),), error="answered without `ok`"),
        },
    ),
    Case(
        "telegram",
        markdown,
        (POSTED,),
        (("message_id", "77"),),
        (TOKEN,),
        alertmanager_retries=RETRIED,
        name="telegram, MarkdownV2",
    ),
    Case(
        "telegram",
        updating,
        (POSTED,),
        (("message_id", "77"),),
        (TOKEN,),
        templates=("message",),
        known=(("message_id", "55"),),
        alertmanager_retries=RETRIED,
        outcomes={
            "a message that is gone": Outcome(
                (Reply(400, body=b'{"ok":false,"description":"Bad Request: message to edit not found"}'), POSTED),
                (("message_id", "77"),),
            ),
            "nothing new": Outcome((UNCHANGED,), (("message_id", "55"),)),
        },
        name="telegram, edited",
    ),
    Case(
        "telegram",
        threading,
        (POSTED, POSTED),
        (("message_id", "55"),),
        (TOKEN,),
        templates=("message",),
        known=(("message_id", "55"),),
        stumbles=(0,),
        alertmanager_retries=RETRIED,
        outcomes={"a topic that is closed": Outcome((POSTED, Reply(400), POSTED), (("message_id", "77"),))},
        name="telegram, edited and answered",
    ),
)
