"""Rocket.Chat: JSON that says `success`, and the message."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.rocketchat import RocketchatAction, RocketchatField, RocketchatSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

TOKEN, USER = "t0k3n-of-ops", "us3r-of-ops"


def settings(url: str, http: HttpSettings) -> RocketchatSettings:
    return RocketchatSettings(
        f"{url}/",
        Secret(TOKEN),
        Secret(USER),
        http,
        channel="#ops",
        fields=(RocketchatField("Team", "{{ .CommonLabels.team }}"),),
        actions=(RocketchatAction("button", "Look", url="http://a"),),
    )


def threading(url: str, http: HttpSettings) -> RocketchatSettings:
    return replace(settings(url, http), thread=True)


POSTED = (Reply(body=b'{"success":true,"message":{"_id":"m3"}}'),)
CASES = (
    Case(
        "rocketchat",
        settings,
        taken=(Reply(body=b'{"success":true,"message":{"_id":"m1"}}'),),
        receipt=(("message", "m1"),),
        secrets=(TOKEN, USER),
        templates=("channel", "title", "title_link", "text", "color", "emoji", "icon_url"),
        whole=True,
        outcomes={
            "no such channel": Outcome(
                (Reply(body=b'{"success":false,"error":"invalid-channel"}'),),
                error="Rocket.Chat says invalid-channel",
                permanent=True,
            ),
            "too much": Outcome(
                (Reply(body=b'{"success":false,"error":"[error-too-many-requests]"}'),),
                error="Rocket.Chat says [error-too-many",
            ),
            "something else": Outcome((Reply(body=b"{}"),), error="answered without `success`"),
        },
    ),
    Case(
        "rocketchat",
        threading,
        taken=(Reply(body=b'{"success":true,"message":{"_id":"m2"}}'),),
        receipt=(("message", "m1"),),
        secrets=(TOKEN, USER),
        known=(("message", "m1"),),
        whole=True,
        stumbles=(),
        outcomes={
            "the thread is gone": Outcome(
                (Reply(body=b'{"success":false,"error":"error-invalid-message"}'), *POSTED), (("message", "m3"),)
            )
        },
        name="rocketchat, in its thread",
    ),
)
