"""Discord: `discord_configs`."""

from __future__ import annotations

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import Flag, HiddenUrl, Text
from evaluator.core.receivers.chat import DiscordSettings


class DiscordModel(HttpIntegrationModel):
    """An item of `discord_configs`."""

    TITLE = "discord_configs"

    webhook_url: HiddenUrl | None = None
    webhook_url_file: Text | None = None
    content: Text = ""
    title: Text = ""
    message: Text = ""
    username: Text = ""
    avatar_url: Text = ""
    update_message: Flag = False


def settings(model: DiscordModel, source: Source) -> DiscordSettings:
    """The settings of one channel."""
    webhook_url = source.own_secret(model, "webhook_url")
    return build(DiscordSettings, model, webhook_url=webhook_url, http=source.http(model))
