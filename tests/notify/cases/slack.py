"""Slack's incoming webhook: the text `ok`, or JSON that says so."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.slack import SlackSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "services/T00/B00/XyZ123abc"
JSON = {"Content-Type": "application/json; charset=utf-8"}


def settings(url: str, http: HttpSettings) -> SlackSettings:
    return SlackSettings(Secret(f"{url}/{PATH}"), http)


CASES = (
    Case(
        "slack",
        settings,
        taken=(Reply(body=b"ok"),),
        secrets=(PATH, "XyZ123abc"),
        templates=(
            "channel",
            "username",
            "message_text",
            "title",
            "title_link",
            "pretext",
            "text",
            "fallback",
            "color",
            "footer",
        ),
        whole=True,
        outcomes={
            "JSON that says yes": Outcome(
                (Reply(headers=JSON, body=b'{"ok":true,"ts":"1.2","channel":"C1"}'),), (("channel", "C1"), ("ts", "1.2"))
            ),
            "too much": Outcome(
                (Reply(headers=JSON, body=b'{"ok":false,"error":"rate_limited"}'),), error="Slack says rate_limited"
            ),
            "no such channel": Outcome(
                (Reply(headers=JSON, body=b'{"ok":false,"error":"channel_not_found"}'),),
                error="Slack says channel_not_found",
                permanent=True,
            ),
            "a login page": Outcome((Reply(body=b"<html>"),), error="answered without `ok`: <html>", permanent=True),
        },
    ),
)
