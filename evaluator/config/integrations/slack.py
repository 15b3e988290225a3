"""Slack: `slack_configs`.

An incoming webhook (`api_url`) needs nothing else. An app's token (`app_token`) is sent as a Bearer credential to
`app_url`, which is chat.postMessage unless said otherwise. A token and a webhook exclude each other, as in Alertmanager;
a receiver's own choice wins over the global one, whichever that is. (In Alertmanager a global token beats a receiver's
`api_url_file`.) Messages can be updated wherever chat.postMessage is spoken; Alertmanager demands that `api_url` says so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pydantic import Field

from evaluator.config.globals import SLACK_APP_URL
from evaluator.config.http import with_scheme
from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.models import Model
from evaluator.config.scalars import HIDDEN, AbsoluteUrl, Flag, GoSpan, Hidden, HiddenUrl, Text
from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers.slack import SlackAction, SlackConfirmation, SlackField, SlackSettings

APP_URL = SLACK_APP_URL


class FieldModel(Model):
    """An item of `fields`."""

    TITLE = "a Slack field"

    title: Text = ""
    value: Text = ""
    short: Flag | None = None


class ConfirmModel(Model):
    """`confirm` of an action."""

    TITLE = "a Slack confirmation"

    text: Text = ""
    title: Text = ""
    ok_text: Text = ""
    dismiss_text: Text = ""


class ActionModel(Model):
    """An item of `actions`."""

    TITLE = "a Slack action"

    type: Text = ""
    text: Text = ""
    url: Text = ""
    name: Text = ""
    value: Text = ""
    style: Text = ""
    confirm: ConfirmModel | None = None


class SlackModel(HttpIntegrationModel):
    """An item of `slack_configs`."""

    TITLE = "slack_configs"

    api_url: HiddenUrl | None = None
    api_url_file: Text | None = None
    app_token: Hidden | None = None
    app_token_file: Text | None = None
    app_url: AbsoluteUrl | None = None
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
    actions: list[ActionModel] = Field(default_factory=list)
    update_message: Flag = False
    thread: Flag = False
    timeout: GoSpan = timedelta(0)


def settings(model: SlackModel, source: Source) -> SlackSettings:
    """The settings of one Slack integration; texts that are absent keep Alertmanager's defaults."""
    url, http = _endpoint(model, source)
    return build(
        SlackSettings,
        model,
        api_url=url,
        http=http,
        fields=_fields(model, source),
        actions=tuple(_action(item, number, source) for number, item in enumerate(model.actions)),
        timeout=source.timeout(model.timeout),
    )


def _fields(model: SlackModel, source: Source) -> tuple[SlackField, ...]:
    for number, field in enumerate(model.fields_):
        for name in ("title", "value"):
            if not getattr(field, name):
                message = f"missing {name} in Slack field configuration"
                source.reading.problems.error(source.node.at("fields", number), message, f"add {name}")
    return tuple(SlackField(field.title, field.value, field.short) for field in model.fields_)


def _action(model: ActionModel, number: int, source: Source) -> SlackAction:
    """A button; one that leads to a URL has no name, value or confirmation."""
    missing = [name for name in ("type", "text") if not getattr(model, name)]
    missing += [] if model.url or model.name else ["name or url"]
    for name in missing:
        message = f"missing {name} in Slack action configuration"
        source.reading.problems.error(source.node.at("actions", number), message, f"add {name}")
    confirm = _confirmation(model, number, source)
    if model.url:
        return SlackAction(model.type, model.text, url=model.url, style=model.style)
    return build(SlackAction, model, type=model.type, text=model.text, confirm=confirm)


def _confirmation(model: ActionModel, number: int, source: Source) -> SlackConfirmation | None:
    if model.confirm is None:
        return None
    if not model.confirm.text:
        place = source.node.at("actions", number, "confirm")
        source.reading.problems.error(place, "missing text in Slack confirmation configuration", "add text")
    return build(SlackConfirmation, model.confirm, text=model.confirm.text)


def _endpoint(model: SlackModel, source: Source) -> tuple[Secret, HttpSettings]:
    """Where messages go and with which credential: the receiver's token or URL, else the global token or URL."""
    http, token, url = source.http(model), *_own(model, source)
    if token is None and url is None and not _authorized(model):
        token = source.defaults.secret("slack_app_token", source.reading)
    if token is not None:
        return Secret(model.app_url or source.defaults.model.slack_app_url), _with_token(model, http, token, source)
    url = url or source.defaults.secret("slack_api_url", source.reading)
    if url is None:
        message = "no Slack API URL nor App token set either inline or in a file"
        source.wrong("app_token" if model.app_token else "api_url", message, "add api_url, or slack_api_url under global")
    elif url.text not in (SLACK_APP_URL, HIDDEN):
        for name in [name for name in ("update_message", "thread") if getattr(model, name)]:
            message = f"{name} can only be used with bot tokens. api_url must be set to {SLACK_APP_URL}"
            source.wrong(name, message)
    return url or Secret(), http


def _own(model: SlackModel, source: Source) -> tuple[Secret | None, Secret | None]:
    """The receiver's own token and URL, of which at most one may be given."""
    token, url = (source.reading.secret(model, name, source.node) for name in ("app_token", "api_url"))
    if token is not None and url is not None:
        message = "at most one of api_url/api_url_file & app_token/app_token_file must be configured"
        source.reading.problems.error(source.node.key("api_url" if model.api_url else "api_url_file"), message, "remove one")
    return token, url


def _authorized(model: SlackModel) -> bool:
    return model.http_config is not None and model.http_config.authorization is not None


def _with_token(model: SlackModel, http: HttpSettings, token: Secret, source: Source) -> HttpSettings:
    if http.authorization is not None:
        message = "http authorization can't be set when using Slack App tokens"
        place = source.node.at("http_config", "authorization") if _authorized(model) else source.node.position
        source.reading.problems.error(place, message, "remove one")
    return replace(http, authorization=with_scheme("Bearer", token))
