"""Microsoft Teams: workflows answer 202, old connectors 200 with `1`, or with an error in words."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.chat import MsTeamsSettings, MsTeamsV2Settings
from evaluator.notify.msteamsv2 import MOST_BYTES
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "workflows/XyZ123abc/triggers"
BEHIND = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error %d with ContextId x"


def settings(url: str, http: HttpSettings) -> MsTeamsV2Settings:
    return MsTeamsV2Settings(Secret(f"{url}/{PATH}"), http)


def old_settings(url: str, http: HttpSettings) -> MsTeamsSettings:
    return MsTeamsSettings(Secret(f"{url}/{PATH}"), http)


CASES = (
    Case(
        "msteamsv2",
        settings,
        taken=(Reply(202),),
        secrets=(PATH, "XyZ123abc"),
        templates=("title", "text"),
        most_bytes=MOST_BYTES,
    ),
    Case(
        "msteams",
        old_settings,
        taken=(Reply(body=b"1"),),
        secrets=(PATH, "XyZ123abc"),
        templates=("title", "summary", "text"),
        most_bytes=MOST_BYTES,
        outcomes={
            "too much behind the connector": Outcome((Reply(body=BEHIND % 429),), error="answered 429"),
            "too large behind the connector": Outcome((Reply(body=BEHIND % 413),), error="answered 413", permanent=True),
        },
    ),
)
