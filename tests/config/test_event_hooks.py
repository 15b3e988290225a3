"""Webhooks with `form: events`: what they need, and which keys of messages have no place there."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.core.http import Secret
from evaluator.core.receivers.general import EventHookSettings

TOP = "route: {receiver: team}\nreceivers:\n  - name: team\n    webhook_configs:\n      - url: https://hooks.example.org/x\n"


def problems(tmp_path: Path, *lines: str) -> list[str]:
    path = tmp_path / "evaluator.yml"
    path.write_text(TOP + "".join(f"        {line}\n" for line in lines))
    return [str(problem).removeprefix(f"{path}:") for problem in load(path, environ={}).problems]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["form: events"], "5:9: one of secret or secret_file must be configured; add secret"),
        (
            ["form: events", "secret: a", "secret_file: b"],
            "8:9: at most one of secret & secret_file must be configured; remove one",
        ),
        (["form: event", "secret: a"], '6:15: unknown form "event"; write message or events'),
        (["secret: a"], '6:17: "secret" has no place here; remove it: only events are signed; add form: events'),
        *(
            (
                ["form: events", "secret: a", f"{key}: {value}"],
                f'8:{11 + len(key)}: "{key}" has no place here; '
                "remove it: a webhook of events tells each by itself, and of it nothing but ids",
            )
            for key, value in (("max_alerts", "3"), ("payload", "a"), ("rate_limit", "{per: 1m}"))
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(lines: list[str], expected: str, tmp_path: Path) -> None:
    assert expected in problems(tmp_path, *lines)


@pytest.mark.parametrize("secret", ["secret: s", "secret_file: s"])
def test_a_hook_of_events(secret: str, tmp_path: Path) -> None:
    assert problems(tmp_path, "form: events", secret, "timeout: 3s") == []
    (receiver,) = load(tmp_path / "evaluator.yml", environ={}).settings.receivers  # type: ignore[union-attr]
    (integration,) = receiver.integrations
    expected = Secret(path=tmp_path / "s") if secret.startswith("secret_file") else Secret("s")
    assert integration.name == "webhook[0]"
    assert isinstance(integration.settings, EventHookSettings)
    assert (integration.settings.secret, integration.settings.timeout.seconds) == (expected, 3)
