"""Rocket.Chat: `rocketchat_configs`. Alertmanager writes the longer keys of its buttons without underscores."""

from __future__ import annotations

from types import MappingProxyType

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, build_all
from evaluator.config.models import Model
from evaluator.config.scalars import AbsoluteUrl, Flag, Hidden, Text
from evaluator.core.receivers.rocketchat import RocketchatAction, RocketchatField, RocketchatSettings

_LONG = ("image_url", "is_webview", "webview_height_ratio", "msg_in_chat_window", "msg_processing_type")


class FieldModel(Model):
    """An item of `fields`."""

    TITLE = "a Rocket.Chat field"

    title: Text = ""
    value: Text = ""
    short: Flag | None = None


class ActionModel(Model):
    """An item of `actions`."""

    TITLE = "a Rocket.Chat action"
    FOREIGN = MappingProxyType({name: f'it is written "{name.replace("_", "")}" here, as in Alertmanager' for name in _LONG})

    type: Text = ""
    text: Text = ""
    url: Text = ""
    image_url: Text = Field(default="", alias="imageurl")
    is_webview: Flag = Field(default=False, alias="iswebview")
    webview_height_ratio: Text = Field(default="", alias="webviewheightratio")
    msg: Text = ""
    msg_in_chat_window: Flag = Field(default=False, alias="msginchatwindow")
    msg_processing_type: Text = Field(default="", alias="msgprocessingtype")


class RocketchatModel(HttpIntegrationModel):
    """An item of `rocketchat_configs`."""

    TITLE = "rocketchat_configs"

    api_url: AbsoluteUrl | None = None
    token: Hidden | None = None
    token_file: Text | None = None
    token_id: Hidden | None = None
    token_id_file: Text | None = None
    channel: Text = ""
    color: Text = ""
    title: Text = ""
    title_link: Text = ""
    text: Text = ""
    fields_: list[FieldModel] = Field(default_factory=list, alias="fields")
    short_fields: Flag = False
    emoji: Text = ""
    icon_url: Text = ""
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: Flag = False
    actions: list[ActionModel] = Field(default_factory=list)
    thread: Flag = False


def settings(model: RocketchatModel, source: Source) -> RocketchatSettings:
    """The settings of one channel."""
    missing = "no global Rocketchat {} set either inline or in a file"
    return build(
        RocketchatSettings,
        model,
        api_url=model.api_url or source.defaults.model.rocketchat_api_url,
        token_id=source.secret(model, "token_id", "rocketchat_token_id", missing.format("TokenID")),
        token=source.secret(model, "token", "rocketchat_token", missing.format("Token")),
        http=source.http(model),
        fields=build_all(RocketchatField, model.fields_),
        actions=build_all(RocketchatAction, model.actions),
    )
