"""Mattermost: 200 and `ok`."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.mattermost import MattermostPriority, MattermostSettings
from tests.local_server import Reply
from tests.notify.contract import Case

PATH = "hooks/XyZ123abc"


def settings(url: str, http: HttpSettings) -> MattermostSettings:
    return MattermostSettings(Secret(f"{url}/{PATH}"), http, card="{{ .Status }}", priority=MattermostPriority("urgent"))


CASES = (
    Case(
        "mattermost",
        settings,
        taken=(Reply(body=b"ok"),),
        secrets=(PATH, "XyZ123abc"),
        templates=("channel", "username", "title", "title_link", "text", "fallback", "color", "icon_url", "card"),
    ),
)
