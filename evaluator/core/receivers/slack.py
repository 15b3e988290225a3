"""Slack: an incoming webhook, or an app's token and chat.postMessage."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, NO_TIMEOUT, HttpSettings, Secret


@frozen
class SlackField:
    """A field of a Slack attachment; title and value are templates. short: None follows `short_fields`."""

    title: str
    value: str
    short: bool | None = None


@frozen
class SlackConfirmation:
    """What Slack asks before a button does anything; all texts are templates."""

    text: str
    title: str = ""
    ok_text: str = ""
    dismiss_text: str = ""


@frozen
class SlackAction:
    """A button; all texts are templates. It has a url, or else a name and perhaps a value and a confirmation."""

    type: str
    text: str
    url: str = ""
    name: str = ""
    value: str = ""
    style: str = ""
    confirm: SlackConfirmation | None = None


@frozen
class SlackSettings:
    """Slack. Every text is a template; the defaults are Alertmanager's template names.

    update_message: later notifications of a group replace the first. thread: they are replies to it, and what begins to fire is
    shown in the channel as well. Both are possible with chat.postMessage only.
    """

    api_url: Secret
    http: HttpSettings = DEFAULT_HTTP
    channel: str = ""
    username: str = '{{ template "slack.default.username" . }}'
    color: str = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    title: str = '{{ template "slack.default.title" . }}'
    title_link: str = '{{ template "slack.default.titlelink" . }}'
    pretext: str = '{{ template "slack.default.pretext" . }}'
    text: str = '{{ template "slack.default.text" . }}'
    fallback: str = '{{ template "slack.default.fallback" . }}'
    footer: str = '{{ template "slack.default.footer" . }}'
    callback_id: str = '{{ template "slack.default.callbackid" . }}'
    icon_emoji: str = '{{ template "slack.default.iconemoji" . }}'
    icon_url: str = '{{ template "slack.default.iconurl" . }}'
    image_url: str = ""
    thumb_url: str = ""
    message_text: str = ""
    fields: tuple[SlackField, ...] = ()
    short_fields: bool = False
    link_names: bool = False
    mrkdwn_in: tuple[str, ...] = ("fallback", "pretext", "text")
    timeout: timedelta = NO_TIMEOUT
    actions: tuple[SlackAction, ...] = ()
    update_message: bool = False
    thread: bool = False
