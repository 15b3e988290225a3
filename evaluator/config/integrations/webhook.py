"""Alertmanager's generic webhook: `webhook_configs`."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

from evaluator.config.integrations.common import Defaults, HttpIntegrationModel, check_timeout, own_http
from evaluator.config.models import Later
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Count, GoSpan, Hidden, Text, WrongError, absolute_url
from evaluator.core.settings import Secret, WebhookSettings


class WebhookModel(HttpIntegrationModel):
    """An item of `webhook_configs`."""

    TITLE = "webhook_configs"
    LATER = MappingProxyType({"payload": "the receiver gets the usual body"})

    url: Hidden | None = None
    url_file: Text | None = None
    max_alerts: Count = 0
    timeout: GoSpan = timedelta(0)
    payload: Later = None


def settings(model: WebhookModel, node: Table, defaults: Defaults, reading: Reading) -> WebhookSettings:
    """The settings of one webhook."""
    url = reading.secret(model, "url", node)
    if url is None:
        reading.problems.error(node.position, "one of url or url_file must be configured", "add url")
    elif url.path is None:
        _check_url(url.text, node, reading)
    timeout = check_timeout(model.timeout, node, reading)
    return WebhookSettings(url or Secret(), own_http(model, node, defaults, reading), model.max_alerts, timeout)


def _check_url(url: str, node: Table, reading: Reading) -> None:
    """A URL with template actions can only be judged when they are filled in."""
    if "{{" in url:
        _check_actions(url, node, reading)
        return
    try:
        absolute_url(url)
    except WrongError as wrong:
        reading.problems.error(node.at("url"), f'"url": {wrong}', wrong.remedy)


def _check_actions(url: str, node: Table, reading: Reading) -> None:
    """Count the brackets; which functions there are depends on the templates that the configuration adds."""
    if url.count("{{") != url.count("}}"):
        reading.problems.error(node.at("url"), '"url": "{{" and "}}" do not match', "close each action")
