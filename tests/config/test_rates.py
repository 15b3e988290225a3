"""`rate_limit` and `fallback`: what they become, and what holds where nobody says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from evaluator.config import load
from evaluator.config.rates import DEFAULT_LIMITS
from evaluator.core.notifying.rates import RateLimit
from evaluator.core.receivers import Receiver

SLACK = "slack_configs: [{api_url: http://a%s}]"
HOOK = "webhook_configs: [{url: http://a%s}]"
MINUTE = timedelta(minutes=1)


def receiver(tmp_path: Path, body: str, above: str = "") -> Receiver:
    path = tmp_path / "evaluator.yml"
    path.write_text(f"{above}\nroute: {{receiver: team}}\nreceivers:\n  - name: team\n    {body}\n  - {{name: boss}}\n")
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(problem) for problem in loaded.problems]
    return loaded.settings.receivers[0]


@pytest.mark.parametrize(
    ("body", "compatible", "limit"),
    [
        (HOOK % "", False, None),
        (HOOK % ", rate_limit: {messages: 20}", False, RateLimit(20, MINUTE)),
        (HOOK % ", rate_limit: {messages: 20, per: 1h, burst: 5}", False, RateLimit(20, timedelta(hours=1), 5)),
        (HOOK % ", rate_limit: {messages: 20}", True, RateLimit(20, MINUTE)),
        (SLACK % "", False, DEFAULT_LIMITS["slack"]),
        (SLACK % "", True, None),
        (SLACK % ", rate_limit: {off: true}", False, None),
        (SLACK % ", rate_limit: {messages: 3}", False, RateLimit(3, MINUTE)),
    ],
)
def test_limits(tmp_path: Path, body: str, compatible: bool, limit: RateLimit | None) -> None:
    (integration,) = receiver(tmp_path, body, "compatibility: alertmanager" if compatible else "").integrations
    assert integration.rate_limit == limit


def test_a_receiver_has_no_fallback_unless_it_names_one(tmp_path: Path) -> None:
    plain = receiver(tmp_path, HOOK % "")
    assert (plain.fallback, plain.fallback_after) == ("", timedelta(minutes=5))
    named = receiver(tmp_path, f"fallback: boss\n    fallback_after: 90s\n    {HOOK % ''}")
    assert (named.fallback, named.fallback_after) == ("boss", timedelta(seconds=90))
