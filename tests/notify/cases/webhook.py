"""The webhook: whatever the body, a 2xx is a success."""

from __future__ import annotations

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.general import WebhookSettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "T00/B00/XyZ123abc"


def settings(url: str, http: HttpSettings) -> WebhookSettings:
    return WebhookSettings(Secret(f"{url}/{PATH}"), http)


CASES = (
    Case(
        "webhook",
        settings,
        secrets=(PATH, "XyZ123abc"),
        outcomes={"created": Outcome((Reply(201),)), "nothing to say": Outcome((Reply(204),))},
    ),
)
