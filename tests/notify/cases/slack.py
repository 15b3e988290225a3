"""Slack's incoming webhook: the text `ok`, or JSON that says so."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.slack import SlackAction, SlackSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "services/T00/B00/XyZ123abc"
GONE = ("message_not_found", "cant_update_message", "edit_window_closed")
JSON = {"Content-Type": "application/json; charset=utf-8"}


def settings(url: str, http: HttpSettings) -> SlackSettings:
    return SlackSettings(Secret(f"{url}/{PATH}"), http)


def app(url: str, http: HttpSettings) -> SlackSettings:
    return SlackSettings(
        Secret(f"{url}/api/chat.postMessage"),
        http,
        channel="#ops",
        update_message=True,
        actions=(SlackAction("button", "Go", "http://a"),),
    )


POSTED = Reply(headers=JSON, body=b'{"ok":true,"ts":"1.2","channel":"C1"}')
MESSAGE = (("channel", "C1"), ("ts", "1.2"))


def no(error: str) -> Reply:
    return Reply(headers=JSON, body=b'{"ok":false,"error":"%s"}' % error.encode())


CASES = (
    Case("slack", app, (POSTED,), MESSAGE, templates=("channel", "title", "text"), whole=True, name="slack, by an app"),
    Case(
        "slack",
        app,
        (POSTED,),
        MESSAGE,
        templates=("title", "text"),
        known=(("channel", "C0"), ("ts", "0.1")),
        whole=True,
        outcomes={
            **{error: Outcome((no(error), POSTED), MESSAGE) for error in GONE},
            "an answer without names": Outcome((Reply(headers=JSON, body=b'{"ok":true}'),), (("channel", "C0"), ("ts", "0.1"))),
            "too much": Outcome(
                (Reply(headers={**JSON, "Retry-After": "9"}, body=b'{"ok":false,"error":"ratelimited"}'),),
                error="Slack says ratelimited",
                retry_after=9.0,
            ),
        },
        name="slack, edited",
    ),
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
