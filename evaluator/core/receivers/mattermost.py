"""Mattermost's incoming webhook."""

from __future__ import annotations

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, HttpSettings, Secret


@frozen
class MattermostField:
    """A field of an attachment; title and value are templates. short: None leaves it to the server."""

    title: str
    value: str
    short: bool | None = None


@frozen
class MattermostAttachment:
    """An attachment beside the one that the integration itself describes; all texts are templates."""

    fallback: str = ""
    color: str = ""
    pretext: str = ""
    text: str = ""
    author_name: str = ""
    author_link: str = ""
    author_icon: str = ""
    title: str = ""
    title_link: str = ""
    fields: tuple[MattermostField, ...] = ()
    thumb_url: str = ""
    footer: str = ""
    footer_icon: str = ""
    image_url: str = ""


@frozen
class MattermostPriority:
    """How much a message presses: `urgent`, `important` or `standard`."""

    priority: str = ""
    requested_ack: bool = False
    persistent_notifications: bool = False


@frozen
class MattermostSettings:
    """Mattermost. card: Markdown for the panel beside the message."""

    webhook_url: Secret
    http: HttpSettings = DEFAULT_HTTP
    channel: str = ""
    username: str = '{{ template "mattermost.default.username" . }}'
    text: str = '{{ template "mattermost.default.text" . }}'
    fallback: str = '{{ template "mattermost.default.fallback" . }}'
    color: str = '{{ template "mattermost.default.color" . }}'
    pretext: str = ""
    author_name: str = ""
    author_link: str = ""
    author_icon: str = ""
    title: str = '{{ template "mattermost.default.title" . }}'
    title_link: str = '{{ template "mattermost.default.titlelink" . }}'
    fields: tuple[MattermostField, ...] = ()
    thumb_url: str = ""
    image_url: str = ""
    footer: str = ""
    footer_icon: str = ""
    icon_url: str = ""
    icon_emoji: str = ""
    attachments: tuple[MattermostAttachment, ...] = ()
    type: str = ""
    card: str = ""
    priority: MattermostPriority | None = None
