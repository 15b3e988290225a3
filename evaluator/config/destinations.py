"""Where integrations tell, from what addresses their services: the same address is the same destination, and has one bucket.

An address is read as it is written. A secret in a file counts by its path, for its content may change without a reload, and a
file can be checked where its secrets are not. So a key that is written here and read from a file there makes two destinations.
A template counts by its text, and as it may lead to several places, nothing is told together there.

Each kind says two things: what its service counts by, and what decides besides who reads a message. Slack limits an incoming
webhook whatever channel it names; but whoever reads one channel does not read the other.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from email.utils import getaddresses
from functools import singledispatch
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaluator.core.frozen import frozen
from evaluator.core.http import HttpSettings, Secret
from evaluator.core.receivers import Destination, IntegrationSettings
from evaluator.core.receivers.apprise import AppriseSettings
from evaluator.core.receivers.chat import (
    DiscordSettings,
    MsTeamsSettings,
    MsTeamsV2Settings,
    TelegramSettings,
    WebexSettings,
    WechatSettings,
)
from evaluator.core.receivers.general import ConsoleSettings, EmailSettings, EventHookSettings, SnsSettings, WebhookSettings
from evaluator.core.receivers.http import HttpServiceSettings
from evaluator.core.receivers.mattermost import MattermostSettings
from evaluator.core.receivers.paging import (
    IncidentioSettings,
    OpsgenieSettings,
    PagerdutySettings,
    PushoverSettings,
    VictoropsSettings,
)
from evaluator.core.receivers.phones import NtfySettings, TwilioSettings
from evaluator.core.receivers.rocketchat import RocketchatSettings
from evaluator.core.receivers.slack import SlackSettings
from evaluator.core.receivers.tickets import JiraSettings
from evaluator.templating.languages import is_literal

DIGITS = 12
"""Of a digest: enough that two addresses hardly ever have the same."""


@frozen
class Address:
    """service: what a service counts by. reader: what decides besides who reads a message. shape: likewise, templates or not.

    Each is a tuple of whatever the settings hold: texts, numbers, secrets, settings of HTTP.
    """

    service: tuple[Any, ...]
    reader: tuple[Any, ...] = ()
    shape: tuple[Any, ...] = ()


def destination_of(settings: IntegrationSettings) -> Destination:
    """Of an integration with these settings; all of them have one."""
    address, kind = address_of(settings), type(settings).__name__
    service, reader = _plain(address.service), _plain(address.reader)
    if not all(map(is_literal, _texts([service, reader]))):
        return Destination(_digest([kind, service]), "")
    return Destination(_digest([kind, service]), _digest([kind, service, reader, _plain(address.shape)]))


@singledispatch
def address_of(settings: IntegrationSettings) -> Address:
    """What addresses an integration of this kind."""
    raise AssertionError(f"no address for {type(settings).__name__}")


@address_of.register
def _console(settings: ConsoleSettings) -> Address:
    return Address(())


@address_of.register
def _webhook(settings: WebhookSettings) -> Address:
    """Two tenants of one gateway differ by credentials, and a payload may say whom it is for."""
    return Address((settings.url,), _who(settings.http), (settings.payload,))


@address_of.register
def _event_hook(settings: EventHookSettings) -> Address:
    return Address((settings.url,), _who(settings.http))


@address_of.register
def _email(settings: EmailSettings) -> Address:
    to = sorted({address.lower() for _, address in getaddresses([settings.to])}) if is_literal(settings.to) else settings.to
    return Address((settings.smarthost, to))


@address_of.register
def _pagerduty(settings: PagerdutySettings) -> Address:
    return Address((settings.url, settings.service_key or settings.routing_key))


@address_of.register
def _opsgenie(settings: OpsgenieSettings) -> Address:
    return Address((settings.api_url, settings.api_key), (settings.responders,))


@address_of.register
def _victorops(settings: VictoropsSettings) -> Address:
    return Address((settings.api_url, settings.api_key), (settings.routing_key,))


@address_of.register
def _pushover(settings: PushoverSettings) -> Address:
    return Address((settings.token, settings.user_key), (settings.device,))


@address_of.register
def _incidentio(settings: IncidentioSettings) -> Address:
    return Address((settings.url, _who(settings.http)))


@address_of.register
def _slack(settings: SlackSettings) -> Address:
    """A webhook is counted as a whole, an app in each channel."""
    who = _who(settings.http)
    if any(who):
        return Address((settings.api_url, who, settings.channel))
    return Address((settings.api_url,), (settings.channel,))


@address_of.register
def _mattermost(settings: MattermostSettings) -> Address:
    return Address((settings.webhook_url,), (settings.channel,))


@address_of.register
def _rocketchat(settings: RocketchatSettings) -> Address:
    return Address((settings.api_url, settings.token_id, settings.token), (settings.channel,))


@address_of.register
def _telegram(settings: TelegramSettings) -> Address:
    """A chat is counted as a whole, whatever topics it has."""
    chat = settings.chat_id or settings.chat_id_file
    return Address((settings.api_url, settings.bot_token, chat), (settings.message_thread_id,))


@address_of.register
def _webex(settings: WebexSettings) -> Address:
    return Address((settings.api_url, _who(settings.http), settings.room_id))


@address_of.register
def _wechat(settings: WechatSettings) -> Address:
    return Address(
        (settings.api_url, settings.corp_id, settings.agent_id), (settings.to_user, settings.to_party, settings.to_tag)
    )


@address_of.register
def _hook(settings: DiscordSettings | MsTeamsSettings | MsTeamsV2Settings) -> Address:
    return Address((settings.webhook_url,))


@address_of.register
def _sns(settings: SnsSettings) -> Address:
    topic = (settings.topic_arn, settings.phone_number, settings.target_arn)
    return Address((settings.api_url, settings.sigv4.region, *topic))


@address_of.register
def _jira(settings: JiraSettings) -> Address:
    return Address((settings.api_url, _who(settings.http)), (settings.project, settings.issue_type))


@address_of.register
def _ntfy(settings: NtfySettings) -> Address:
    return Address((settings.url, settings.topic))


@address_of.register
def _twilio(settings: TwilioSettings) -> Address:
    return Address((settings.api_url, settings.account_sid, sorted(settings.to)))


@address_of.register
def _http_service(settings: HttpServiceSettings) -> Address:
    """A body may say whom it is for."""
    call = settings.call
    return Address((call.url,), _who(settings.http), (call.method, call.headers, call.body, call.json))


@address_of.register
def _apprise(settings: AppriseSettings) -> Address:
    return Address((sorted(map(_plain, settings.urls), key=str),))


def _who(http: HttpSettings) -> tuple[Any, ...]:
    """In whose name a service is asked; all of it empty for nobody's."""
    return (http.authorization, http.basic_auth, http.oauth2, http.headers)


def _plain(value: Any) -> Any:
    """The value as JSON has it. A secret in a file is that file's path, in a list, which no text is."""
    match value:
        case Secret():
            return value.text if value.path is None else [str(value.path)]
        case Path():
            return [str(value)]
        case tuple() | list():
            return [_plain(one) for one in value]
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    return value


def _texts(plain: Any) -> list[str]:
    if isinstance(plain, list):
        return [text for one in plain for text in _texts(one)]
    return [plain] if isinstance(plain, str) else []


def _digest(plain: Any) -> str:
    return sha256(json.dumps(plain).encode()).hexdigest()[:DIGITS]
