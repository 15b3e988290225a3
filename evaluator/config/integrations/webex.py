"""Webex: `webex_configs`. The bot's token stands in the receiver's own `http_config`; a global one will not do."""

from __future__ import annotations

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import AbsoluteUrl, Flag, Text
from evaluator.core.receivers.chat import WebexSettings


class WebexModel(HttpIntegrationModel):
    """An item of `webex_configs`."""

    TITLE = "webex_configs"

    api_url: AbsoluteUrl | None = None
    room_id: Text = ""
    message: Text = ""
    update_message: Flag = False
    thread: Flag = False


def settings(model: WebexModel, source: Source) -> WebexSettings:
    """The settings of one room."""
    if not model.room_id:
        source.wrong("room_id", "missing room_id on webex_config", "add room_id")
    own = model.http_config
    if own is None or not (own.authorization or own.bearer_token or own.bearer_token_file):
        message = "missing webex_configs.http_config.authorization"
        source.wrong("http_config", message, "add http_config: {authorization: {credentials_file: FILE}}")
    url = model.api_url or source.defaults.model.webex_api_url
    return build(WebexSettings, model, api_url=url, http=source.http(model))
