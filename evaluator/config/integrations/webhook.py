"""Alertmanager's generic webhook: `webhook_configs`."""

from __future__ import annotations

from datetime import timedelta

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import HIDDEN, AnyTree, Count, GoSpan, Hidden, Text, WrongError, absolute_url
from evaluator.config.texts import notification_fault
from evaluator.core.receivers.general import WebhookSettings


class WebhookModel(HttpIntegrationModel):
    """An item of `webhook_configs`."""

    TITLE = "webhook_configs"

    url: Hidden | None = None
    url_file: Text | None = None
    max_alerts: Count = 0
    timeout: GoSpan = timedelta(0)
    payload: AnyTree = None


def settings(model: WebhookModel, source: Source) -> WebhookSettings:
    """The settings of one webhook."""
    url = source.own_secret(model, "url")
    if url.text:
        _check_url(url.text, source)
    source.check_texts("payload")
    return build(WebhookSettings, model, url=url, http=source.http(model), timeout=source.timeout(model.timeout))


def _check_url(url: str, source: Source) -> None:
    """A URL with template actions can only be judged when they are filled in; until then only how they are written."""
    if fault := notification_fault(url):
        source.wrong("url", f'"url": {fault}')
    if "{{" in url or url == HIDDEN:
        return
    try:
        absolute_url(url)
    except WrongError as wrong:
        source.wrong("url", f'"url": {wrong}', wrong.remedy)
