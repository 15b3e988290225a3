"""Pushover: 200 with `status` 1."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.paging import PushoverSettings
from evaluator.notify import pushover
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

TOKEN, USER = "t0k3n-of-app", "us3r-k3y"


def settings(url: str, http: HttpSettings) -> PushoverSettings:
    return PushoverSettings(Secret(USER), Secret(TOKEN), http=http)


CASES = (
    Case(
        "pushover",
        settings,
        taken=(Reply(body=b'{"status":1,"request":"q1","receipt":"r1"}'),),
        receipt=(("request", "q1"), ("receipt", "r1")),
        secrets=(TOKEN, USER),
        templates=("title", "message", "url", "url_title", "device", "sound", "priority"),
        origin=pushover.URL.removesuffix("/1/messages.json"),
        outcomes={
            "a user that is unknown": Outcome(
                (Reply(body=b'{"status":0,"errors":["user identifier is invalid"]}'),),
                error="Pushover did not take it",
                permanent=True,
            )
        },
    ),
)
