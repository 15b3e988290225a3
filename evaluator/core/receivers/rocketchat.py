"""Rocket.Chat."""

from __future__ import annotations

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, HttpSettings, Secret


@frozen
class RocketchatField:
    """A field of an attachment; title and value are templates. short: None follows `short_fields`."""

    title: str = ""
    value: str = ""
    short: bool | None = None


@frozen
class RocketchatAction:
    """A button; type, text, url and msg are templates."""

    type: str = ""
    text: str = ""
    url: str = ""
    image_url: str = ""
    is_webview: bool = False
    webview_height_ratio: str = ""
    msg: str = ""
    msg_in_chat_window: bool = False
    msg_processing_type: str = ""


@frozen
class RocketchatSettings:
    """Rocket.Chat's chat.postMessage, as the user whose id is `token_id`.

    thread: later notifications of a group are replies to the first message.
    """

    api_url: str
    token: Secret
    token_id: Secret
    http: HttpSettings = DEFAULT_HTTP
    channel: str = ""
    color: str = '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'
    title: str = '{{ template "rocketchat.default.title" . }}'
    title_link: str = '{{ template "rocketchat.default.titlelink" . }}'
    text: str = '{{ template "rocketchat.default.text" . }}'
    fields: tuple[RocketchatField, ...] = ()
    short_fields: bool = False
    emoji: str = '{{ template "rocketchat.default.emoji" . }}'
    icon_url: str = '{{ template "rocketchat.default.iconurl" . }}'
    image_url: str = ""
    thumb_url: str = ""
    link_names: bool = False
    actions: tuple[RocketchatAction, ...] = ()
    thread: bool = False
