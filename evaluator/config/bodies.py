"""What receivers say in full where the file does not say it: our messages for somebody who was asleep.

One-line texts, such as titles and subjects, are Alertmanager's by default, for mail filters and eyes know them. So are bodies,
to the byte, with `compatibility: alertmanager`, and so is each body of which the configuration's own templates define a part:
who has made `__text_alert_list` anew wants to read that. Where Alertmanager has no body at all, there is none here either if
the file puts it elsewhere in the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from evaluator.core.frozen import frozen
from evaluator.core.receivers import IntegrationSettings
from evaluator.core.receivers.chat import TelegramSettings
from evaluator.core.receivers.general import SnsSettings
from evaluator.core.receivers.tickets import JiraText
from evaluator.templating.notification import packaged_parts

_CALL: Final = re.compile(r'\{\{ template "([^"]+)" \. \}\}')


def _as_it_is(settings: Any, template: str) -> str:
    return template


def _on_a_telephone(settings: SnsSettings, template: str) -> str:
    return "readable.short" if settings.phone_number else template


def _in_its_markup(settings: TelegramSettings, template: str) -> str:
    """Nobody who asks for Telegram's Markdown, of which there are two, leaves the text to others; so that stays as it was."""
    return {"HTML": template, "": "readable.message"}.get(settings.parse_mode, "")


@frozen
class Body:
    """A key that is a body, and the packaged template that says it.

    elsewhere: keys by which a file puts the body into another place. variant: the template for some settings, or none.
    """

    key: str
    template: str
    elsewhere: tuple[str, ...] = ()
    variant: Callable[[Any, str], str] = _as_it_is


BODIES: Final[Mapping[str, tuple[Body, ...]]] = MappingProxyType(
    {
        "email": (Body("html", "readable.html"), Body("text", "readable.text")),
        "opsgenie": (Body("description", "readable.text"),),
        "wechat": (Body("message", "readable.message"),),
        "slack": (Body("text", "readable.mrkdwn", elsewhere=("pretext", "message_text", "fields")),),
        "victorops": (Body("state_message", "readable.text"),),
        "pushover": (Body("message", "readable.brief"),),
        "sns": (Body("message", "readable.text", variant=_on_a_telephone),),
        "telegram": (Body("message", "readable.telegram.html", variant=_in_its_markup),),
        "discord": (Body("message", "readable.markdown"),),
        "webex": (Body("message", "readable.webex"),),
        "msteams": (Body("text", "readable.teams"),),
        "msteamsv2": (Body("text", "readable.teams"),),
        "jira": (Body("description", "readable.text"),),
        "rocketchat": (Body("text", "readable.markdown", elsewhere=("fields",)),),
        "mattermost": (Body("text", "readable.markdown"),),
    }
)
"""By kind. Others have bodies for programs, or are none of Alertmanager's and say what is worth reading anyway."""


def call(template: str) -> str:
    """The text that says what a template says."""
    return f'{{{{ template "{template}" . }}}}'


def with_bodies(kind: str, settings: IntegrationSettings, written: Set[str], defined: Set[str]) -> IntegrationSettings:
    """The settings with our bodies for those that are not written.

    written: keys that the file has. defined: names of the templates that its own files define.
    """
    ours: dict[str, Any] = {}
    for body in BODIES.get(kind, ()):
        theirs = getattr(settings, body.key)
        template = body.variant(settings, body.template)
        redefined = bool(defined) and not defined.isdisjoint(parts_of(theirs))  # few define any, and need no packaged one read
        if template and not redefined and written.isdisjoint((body.key, *body.elsewhere)):
            ours[body.key] = replace(theirs, template=call(template)) if isinstance(theirs, JiraText) else call(template)
    return replace(settings, **ours) if ours else settings


def parts_of(default: str | JiraText) -> frozenset[str]:
    """The names of the templates that a default of Alertmanager's is made of."""
    text = default.template if isinstance(default, JiraText) else default
    return frozenset(name for called in _CALL.findall(text) for name in packaged_parts(called))
