"""Slack: `slack_configs`.

An incoming webhook (`api_url`) needs nothing else. An app's token (`app_token`) is sent as a Bearer credential to
`app_url`, which is chat.postMessage unless said otherwise. A token and a webhook exclude each other, as in Alertmanager;
a receiver's own choice wins over the global one, whichever that is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import Field

from evaluator.config.http import with_scheme
from evaluator.config.integrations.common import Defaults, HttpIntegrationModel, check_timeout, own_http
from evaluator.config.models import Later, Model
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag, GoSpan, Hidden, HiddenUrl, Text
from evaluator.core.settings import HttpSettings, Secret, SlackField, SlackSettings

APP_URL = "https://slack.com/api/chat.postMessage"


class FieldModel(Model):
    """An item of `fields`."""

    TITLE = "a Slack field"

    title: Text = ""
    value: Text = ""
    short: Flag | None = None


class SlackModel(HttpIntegrationModel):
    """An item of `slack_configs`."""

    TITLE = "slack_configs"
    LATER = MappingProxyType(
        {
            "actions": "messages are sent without buttons",
            "update_message": "each notification is a message of its own",
        }
    )

    api_url: HiddenUrl | None = None
    api_url_file: Text | None = None
    app_token: Hidden | None = None
    app_token_file: Text | None = None
    app_url: HiddenUrl | None = None
    channel: Text = ""
    username: Text = ""
    color: Text = ""
    title: Text = ""
    title_link: Text = ""
    pretext: Text = ""
    text: Text = ""
    message_text: Text = ""
    fields_: list[FieldModel] = Field(default_factory=list, alias="fields")
    short_fields: Flag = False
    footer: Text = ""
    fallback: Text = ""
    callback_id: Text = ""
    icon_emoji: Text = ""
    icon_url: Text = ""
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: Flag = False
    mrkdwn_in: list[Text] = Field(default_factory=list)
    actions: Later = None
    update_message: Later = None
    timeout: GoSpan = timedelta(0)


_AS_WRITTEN = (
    *("channel", "username", "color", "title", "title_link", "pretext", "text", "message_text", "short_fields", "footer"),
    *("fallback", "callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url", "link_names", "timeout"),
)


def settings(model: SlackModel, node: Table, defaults: Defaults, reading: Reading) -> SlackSettings:
    """The settings of one Slack integration; texts that are absent keep Alertmanager's defaults."""
    given: dict[str, Any] = {name: getattr(model, name) for name in _AS_WRITTEN if name in model.model_fields_set}
    if "mrkdwn_in" in model.model_fields_set:
        given["mrkdwn_in"] = tuple(model.mrkdwn_in)
    check_timeout(model.timeout, node, reading)
    url, http = _endpoint(model, node, defaults, reading)
    return SlackSettings(api_url=url, http=http, fields=_fields(model, node, reading), **given)


def _fields(model: SlackModel, node: Table, reading: Reading) -> tuple[SlackField, ...]:
    for number, field in enumerate(model.fields_):
        for name in ("title", "value"):
            if not getattr(field, name):
                reading.problems.error(node.at("fields", number), f"missing {name} in Slack field configuration", f"add {name}")
    return tuple(SlackField(field.title, field.value, field.short) for field in model.fields_)


def _endpoint(model: SlackModel, node: Table, defaults: Defaults, reading: Reading) -> tuple[Secret, HttpSettings]:
    """Where messages go and with which credential: the receiver's token or URL, else the global token or URL."""
    http = own_http(model, node, defaults, reading)
    token, url = reading.secret(model, "app_token", node), reading.secret(model, "api_url", node)
    app_url = model.app_url or defaults.model.slack_app_url or Secret(APP_URL)
    if token is not None and url is not None and url != app_url:
        message = "at most one of app_token/app_token_file & api_url/api_url_file must be configured"
        reading.problems.error(node.key("api_url" if model.api_url else "api_url_file"), message, "remove one")
    if token is None and url is None and not _authorized(model):
        token = _quietly(reading, defaults, "slack_app_token")
    if token is not None:
        return app_url, _with_token(model, node, http, token, reading)
    url = url or _quietly(reading, defaults, "slack_api_url")
    if url is None:
        message = "no Slack API URL or app token set, neither here nor in global"
        reading.problems.error(node.position, message, "add api_url, or slack_api_url under global")
    return url or Secret(), http


def _authorized(model: SlackModel) -> bool:
    return model.http_config is not None and model.http_config.authorization is not None


def _quietly(reading: Reading, defaults: Defaults, name: str) -> Secret | None:
    """A global secret, or the one in its file; that both are given has been said where `global` was read."""
    given, file = getattr(defaults.model, name), getattr(defaults.model, f"{name}_file")
    if file is not None:
        return Secret(path=reading.path(file))
    return given if isinstance(given, Secret) else None


def _with_token(model: SlackModel, node: Table, http: HttpSettings, token: Secret, reading: Reading) -> HttpSettings:
    if _authorized(model):
        message = "http_config authorization cannot be set together with a Slack app token"
        reading.problems.error(node.at("http_config", "authorization"), message, "remove one")
    return replace(http, authorization=with_scheme("Bearer", token))
