"""The webhook: whatever the body, a 2xx is a success."""

from __future__ import annotations

from dataclasses import replace

from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.general import WebhookSettings
from evaluator.core.receivers.tree import Branch
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome

PATH = "T00/B00/XyZ123abc"


def settings(url: str, http: HttpSettings) -> WebhookSettings:
    return WebhookSettings(Secret(f"{url}/{PATH}"), http)


def with_payload(url: str, http: HttpSettings) -> WebhookSettings:
    return replace(settings(url, http), payload=Branch((("said", "{{ .CommonAnnotations.summary }}"), ("is", "{{ .Status }}"))))


CASES = (
    Case(
        "webhook",
        settings,
        secrets=(PATH, "XyZ123abc"),
        outcomes={"created": Outcome((Reply(201),)), "nothing to say": Outcome((Reply(204),))},
    ),
    Case("webhook", with_payload, secrets=(PATH, "XyZ123abc"), templates=("payload",), name="webhook with a payload"),
)
