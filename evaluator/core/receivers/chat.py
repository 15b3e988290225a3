"""Chat rooms that take a title and a text: Telegram, Discord, Webex, Microsoft Teams, WeChat."""

from __future__ import annotations

from pathlib import Path

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, HttpSettings, Secret


@frozen
class TelegramSettings:
    """Telegram. chat_id: 0 when it is in `chat_id_file`. message_thread_id: 0 is none.

    update_message: later notifications of a group edit the first message. thread: they are replies to it.
    """

    api_url: str
    bot_token: Secret
    http: HttpSettings = DEFAULT_HTTP
    chat_id: int = 0
    chat_id_file: Path | None = None
    message_thread_id: int = 0
    message: str = '{{ template "telegram.default.message" . }}'
    disable_notifications: bool = False
    parse_mode: str = "HTML"
    update_message: bool = False
    thread: bool = False


@frozen
class DiscordSettings:
    """Discord's webhook. update_message: later notifications of a group edit the first message."""

    webhook_url: Secret
    http: HttpSettings = DEFAULT_HTTP
    content: str = ""
    title: str = '{{ template "discord.default.title" . }}'
    message: str = '{{ template "discord.default.message" . }}'
    username: str = ""
    avatar_url: str = ""
    update_message: bool = False


@frozen
class WebexSettings:
    """Webex. The bot's token is the authorization of `http`.

    update_message: later notifications of a group edit the first message. thread: they are replies to it.
    """

    api_url: str
    room_id: str
    http: HttpSettings = DEFAULT_HTTP
    message: str = '{{ template "webex.default.message" . }}'
    update_message: bool = False
    thread: bool = False


@frozen
class MsTeamsSettings:
    """Microsoft Teams' old connectors."""

    webhook_url: Secret
    http: HttpSettings = DEFAULT_HTTP
    title: str = '{{ template "msteams.default.title" . }}'
    summary: str = '{{ template "msteams.default.summary" . }}'
    text: str = '{{ template "msteams.default.text" . }}'


@frozen
class MsTeamsV2Settings:
    """Microsoft Teams through Power Automate's workflows."""

    webhook_url: Secret
    http: HttpSettings = DEFAULT_HTTP
    title: str = '{{ template "msteamsv2.default.title" . }}'
    text: str = '{{ template "msteamsv2.default.text" . }}'


@frozen
class WechatSettings:
    """WeChat Work. api_url: ends with a slash. message_type: `text` or `markdown`."""

    api_url: str
    api_secret: Secret
    corp_id: str
    http: HttpSettings = DEFAULT_HTTP
    message: str = '{{ template "wechat.default.message" . }}'
    to_user: str = '{{ template "wechat.default.to_user" . }}'
    to_party: str = '{{ template "wechat.default.to_party" . }}'
    to_tag: str = '{{ template "wechat.default.to_tag" . }}'
    agent_id: str = '{{ template "wechat.default.agent_id" . }}'
    message_type: str = "text"
