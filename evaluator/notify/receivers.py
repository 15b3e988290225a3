"""Which file serves which kind of integration: a new receiver over HTTP is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.core.settings import SlackSettings, WebhookSettings
from evaluator.notify import slack, webhook
from evaluator.notify.exchange import Accepted, Answer, Refused, Request
from evaluator.notify.rendered import Render, RenderedNotification


@dataclass(frozen=True, slots=True)
class HttpReceiver:
    """How to ask a provider, and how to read what it answers. build: takes the integration's own settings."""

    build: Callable[[RenderedNotification, Any, Render], Request | Refused]
    read: Callable[[Answer], Accepted | Refused]


HTTP_RECEIVERS: Mapping[type, HttpReceiver] = {
    SlackSettings: HttpReceiver(slack.build, slack.read),
    WebhookSettings: HttpReceiver(webhook.build, webhook.read),
}
