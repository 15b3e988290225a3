"""Telegram: `telegram_configs`."""

from __future__ import annotations

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import AbsoluteUrl, Flag, Hidden, Text, Whole
from evaluator.core.receivers.chat import TelegramSettings

_PARSE_MODES = ("", "Markdown", "MarkdownV2", "HTML")


class TelegramModel(HttpIntegrationModel):
    """An item of `telegram_configs`."""

    TITLE = "telegram_configs"

    api_url: AbsoluteUrl | None = None
    bot_token: Hidden | None = None
    bot_token_file: Text | None = None
    chat_id: Whole = 0
    chat_id_file: Text | None = None
    message_thread_id: Whole = 0
    message: Text = ""
    disable_notifications: Flag = False
    parse_mode: Text = "HTML"
    update_message: Flag = False
    thread: Flag = False


def settings(model: TelegramModel, source: Source) -> TelegramSettings:
    """The settings of one chat."""
    _check(model, source)
    missing = "missing bot_token or bot_token_file on telegram_config"
    return build(
        TelegramSettings,
        model,
        api_url=model.api_url or source.defaults.model.telegram_api_url,
        bot_token=source.secret(model, "bot_token", "telegram_bot_token", missing),
        http=source.http(model),
        chat_id_file=source.reading.file(model.chat_id_file),
    )


def _check(model: TelegramModel, source: Source) -> None:
    if not model.chat_id and not model.chat_id_file:
        source.wrong("chat_id", "missing chat_id or chat_id_file on telegram_config", "add chat_id")
    if model.chat_id and model.chat_id_file:
        source.wrong("chat_id_file", "at most one of chat_id & chat_id_file must be configured", "remove one")
    if model.parse_mode not in _PARSE_MODES:
        message = "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string"
        source.wrong("parse_mode", message)
