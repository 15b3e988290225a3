"""Slack's incoming webhook: the text `ok`, or JSON that says so."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.slack import SlackAction, SlackSettings
from tests.local_server import Reply, Then
from tests.notify.contract import Case, Outcome
from tests.notify.scenes import curved

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


def threading(url: str, http: HttpSettings) -> SlackSettings:
    return replace(app(url, http), thread=True)


def posting(url: str, http: HttpSettings) -> SlackSettings:
    return replace(app(url, http), update_message=False, thread=True)


FILES = "https://files.slack.com"
PLACE = Reply(headers=JSON, body=b'{"ok":true,"upload_url":"https://files.slack.com/upload/v1/Ab","file_id":"F1"}')
SHARED = Reply(headers=JSON, body=b'{"ok":true,"files":[{"id":"F1"}]}')
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
        app,
        (POSTED, PLACE, Reply(body=b"OK - 2048"), SHARED),
        MESSAGE,
        templates=(),
        stumbles=(0,),
        origin=FILES,
        told=curved,
        outcomes={
            "no place for the picture": Outcome((POSTED, no("missing_scope")), MESSAGE),
            "a place that is none": Outcome((POSTED, Reply(headers=JSON, body=b'{"ok":true,"file_id":"F1"}')), MESSAGE),
            "a picture that is refused": Outcome((POSTED, PLACE, Reply(500)), MESSAGE),
            "a picture that nobody may see": Outcome((POSTED, PLACE, Reply(body=b"OK"), no("not_in_channel")), MESSAGE),
            "silence after the message": Outcome((POSTED, Reply(raw=b"", then=Then.CLOSE)), MESSAGE),
        },
        name="slack, with pictures",
    ),
    Case(
        "slack",
        threading,
        (POSTED, Reply(headers=JSON, body=b'{"ok":true,"ts":"3.4","channel":"C1"}')),
        (("channel", "C0"), ("ts", "0.1")),
        templates=("title", "text"),
        known=(("channel", "C0"), ("ts", "0.1")),
        stumbles=(0,),
        whole=True,
        outcomes={
            "patience in the thread": Outcome(
                (POSTED, Reply(429, {"Retry-After": "7"})), error="answered 429", retry_after=7.0
            ),
            "the message is gone": Outcome((no("message_not_found"), POSTED), MESSAGE),
            "the thread is closed": Outcome((POSTED, no("restricted_action_thread_locked"), POSTED), MESSAGE),
        },
        name="slack, edited and in its thread",
    ),
    Case(
        "slack",
        posting,
        (POSTED,),
        (("channel", "C0"), ("ts", "0.1")),
        known=(("channel", "C0"), ("ts", "0.1")),
        stumbles=(),
        whole=True,
        outcomes={"the thread is gone": Outcome((no("thread_not_found"), POSTED), MESSAGE)},
        name="slack, in its thread",
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
