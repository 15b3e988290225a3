"""Integrations that make telephones ring, and are not Alertmanager's: ntfy, and short messages by Twilio."""

from __future__ import annotations

from datetime import timedelta

from evaluator.core.frozen import frozen
from evaluator.core.http import DEFAULT_HTTP, NO_TIMEOUT, HttpSettings


@frozen
class NtfyAction:
    """A button of a message, which opens `url`. Both are templates."""

    label: str
    url: str


@frozen
class NtfySettings:
    """A topic of ntfy. url: of the server. topic, tags (comma between them) and priority (1 to 5) are templates, as all texts.

    update: later messages about a group take the place of its first one, without a sound.
    """

    topic: str
    url: str = "https://ntfy.sh"
    http: HttpSettings = DEFAULT_HTTP
    title: str = '{{ template "ntfy.default.title" . }}'
    message: str = '{{ template "ntfy.default.message" . }}'
    priority: str = '{{ template "ntfy.default.priority" . }}'
    tags: str = '{{ template "ntfy.default.tags" . }}'
    click: str = '{{ template "ntfy.default.click" . }}'
    icon: str = ""
    actions: tuple[NtfyAction, ...] = ()
    update: bool = False
    timeout: timedelta = NO_TIMEOUT


@frozen
class TwilioSettings:
    """Short messages. to: telephone numbers in international form. Either sender (a number) or messaging_service_sid is given.

    http: holds the credentials.
    """

    account_sid: str
    to: tuple[str, ...]
    sender: str = ""
    messaging_service_sid: str = ""
    api_url: str = "https://api.twilio.com"
    http: HttpSettings = DEFAULT_HTTP
    body: str = '{{ template "twilio.default.body" . }}'
    timeout: timedelta = NO_TIMEOUT
