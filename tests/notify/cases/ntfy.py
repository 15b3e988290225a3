"""ntfy: JSON to the server's root."""

from __future__ import annotations

from evaluator.core.http import HttpSettings
from evaluator.core.receivers.phones import NtfyAction, NtfySettings
from tests.local_server import Reply
from tests.notify.contract import Case, Outcome


def settings(url: str, http: HttpSettings) -> NtfySettings:
    return NtfySettings("ops", url, http, actions=(NtfyAction("Runbook", "{{ .CommonAnnotations.runbook }}"),))


def updating(url: str, http: HttpSettings) -> NtfySettings:
    return NtfySettings("ops", url, http, update=True)


CASES = (
    Case(
        "ntfy",
        settings,
        taken=(Reply(body=b'{"id":"hwQ2YpKdmg","event":"message"}'),),
        receipt=(("id", "hwQ2YpKdmg"), ("sequence", "hwQ2YpKdmg")),
        templates=("title", "message", "priority", "tags", "click", "icon"),
        most_bytes=16_000,
        outcomes={"no name": Outcome((Reply(body=b"{}"),)), "too many": Outcome((Reply(429),), error="answered 429")},
    ),
    Case(
        "ntfy",
        updating,
        taken=(Reply(body=b'{"id":"second","event":"message"}'),),
        known=(("id", "first"), ("sequence", "first")),
        receipt=(("id", "second"), ("sequence", "first")),
        name="ntfy that updates",
    ),
)
