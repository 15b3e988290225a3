"""Alertmanager's generic webhook: `webhook_configs`; with `form: events` it is told events by their ids."""

from __future__ import annotations

from datetime import timedelta

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import HIDDEN, AnyTree, Count, GoSpan, Hidden, Text, WrongError, absolute_url
from evaluator.config.texts import notification_fault
from evaluator.core.receivers.general import EventHookSettings, WebhookSettings

_OF_MESSAGES = ("max_alerts", "payload", "rate_limit")
_OF_EVENTS = ("secret", "secret_file")


class WebhookModel(HttpIntegrationModel):
    """An item of `webhook_configs`."""

    TITLE = "webhook_configs"

    url: Hidden | None = None
    url_file: Text | None = None
    max_alerts: Count = 0
    timeout: GoSpan = timedelta(0)
    payload: AnyTree = None
    form: Text = "message"
    secret: Hidden | None = None
    secret_file: Text | None = None


def settings(model: WebhookModel, source: Source) -> WebhookSettings | EventHookSettings:
    """The settings of one webhook."""
    url = source.own_secret(model, "url")
    if url.text:
        _check_url(url.text, source)
    timeout = source.timeout(model.timeout)
    if model.form == "events":
        _refuse(model, _OF_MESSAGES, "a webhook of events tells each by itself, and of it nothing but ids", source)
        return EventHookSettings(url, source.own_secret(model, "secret"), source.http(model), timeout)
    if model.form != "message":
        source.wrong("form", f'unknown form "{model.form}"', "write message or events")
    _refuse(model, _OF_EVENTS, "only events are signed; add form: events", source)
    return build(WebhookSettings, model, url=url, http=source.http(model), timeout=timeout)


def _refuse(model: WebhookModel, keys: tuple[str, ...], why: str, source: Source) -> None:
    """Keys that mean nothing in this form."""
    for key in keys:
        if key in model.model_fields_set:
            source.wrong(key, f'"{key}" has no place here', f"remove it: {why}")


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
