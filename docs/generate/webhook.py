"""An example of a webhook's body, made by what makes the real ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from evaluator.core.labels import Labels
from evaluator.core.notifying.dedup import Reason
from evaluator.notify.rendered import RenderedAlert, RenderedNotification
from evaluator.notify.webhook import message

_AT = datetime(2026, 1, 1, 3, 14, 30, tzinfo=UTC)
_URL = "https://alerts.example.org"


def webhook_body() -> str:
    """One alert that fires, and one whose rule was removed."""
    firing = RenderedAlert(
        Labels({"alertname": "HighErrorRate", "app": "web", "severity": "page"}),
        {"summary": "web fails 2.5 times a second"},
        _AT - timedelta(seconds=30),
        generator_url=f"{_URL}/graph?g0.expr=errors+%3E+1&g0.tab=1",
    )
    removed = RenderedAlert(
        Labels({"alertname": "HighErrorRate", "app": "api", "severity": "page"}),
        {"summary": "api fails 7.1 times a second"},
        _AT - timedelta(hours=1),
        _AT - timedelta(seconds=5),
        why="rule removed",
    )
    notification = RenderedNotification(
        id="0f1e2d3c4b5a6978",
        receiver="team",
        integration="team/webhook[0]",
        group_key='{}:{alertname="HighErrorRate"}',
        group_labels=Labels({"alertname": "HighErrorRate"}),
        reason=str(Reason.NEW),
        at=_AT,
        alerts=(firing, removed),
        external_url=_URL,
    )
    return f"```json\n{json.dumps(message(notification), indent=2)}\n```\n"
