"""Short messages by Twilio: `twilio_configs`."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import AbsoluteUrl, GoSpan, Hidden, Text
from evaluator.core.http import BasicAuth, HttpSettings
from evaluator.core.receivers.phones import TwilioSettings

_NUMBER = re.compile(r"(whatsapp:|messenger:)?\+?[0-9A-Za-z]{1,20}")


class TwilioModel(HttpIntegrationModel):
    """An item of `twilio_configs`."""

    TITLE = "twilio_configs"

    account_sid: Text = ""
    api_key_sid: Text = ""
    auth_token: Hidden | None = None
    auth_token_file: Text | None = None
    from_: Text = Field(default="", alias="from")
    messaging_service_sid: Text = ""
    to: list[Text] = Field(default_factory=list)
    body: Text = ""
    api_url: AbsoluteUrl | None = None
    timeout: GoSpan = timedelta(0)


def settings(model: TwilioModel, source: Source) -> TwilioSettings:
    """The settings of one account and the numbers that it writes to; an account that is not named is that of `global`."""
    account, sender, service = _account(model, source), *_sender(model, source)
    _check(model, source)
    source.check_texts("body")
    return build(
        TwilioSettings,
        model,
        account_sid=account,
        sender=sender,
        messaging_service_sid=service,
        api_url=model.api_url or source.defaults.model.twilio_api_url,
        to=tuple(dict.fromkeys(model.to)),
        http=_http(model, source),
        timeout=source.timeout(model.timeout),
    )


def _account(model: TwilioModel, source: Source) -> str:
    account = model.account_sid or source.defaults.model.twilio_account_sid
    if not account:
        remedy = "add account_sid, or twilio_account_sid under global"
        source.wrong("account_sid", "missing account_sid in Twilio config", remedy)
    return account


def _sender(model: TwilioModel, source: Source) -> tuple[str, str]:
    """The number that messages come from, or the service that chooses one; its own count more than those of `global`."""
    own, shared = (model.from_, model.messaging_service_sid), source.defaults.model
    sender, service = own if any(own) else (shared.twilio_from, shared.twilio_messaging_service_sid)
    if bool(sender) == bool(service):
        source.wrong("from", "one of from and messaging_service_sid must be configured", "write one of them")
    return sender, service


def _check(model: TwilioModel, source: Source) -> None:
    if not model.to:
        source.wrong("to", "missing to in Twilio config", "add to: ['+15551234567']")
    for number, name in enumerate(model.to):
        if not _NUMBER.fullmatch(name):
            message = f'"{name}" is no telephone number'
            source.reading.problems.error(source.node.at("to", number), message, "write it like +15551234567")


def _http(model: TwilioModel, source: Source) -> HttpSettings:
    """The account, or one of its API keys, with its secret."""
    http = source.http(model)
    token = source.secret(model, "auth_token", "twilio_auth_token", "one of auth_token or auth_token_file must be configured")
    if http.authorization is not None or http.basic_auth is not None or http.oauth2 is not None:
        source.wrong("auth_token", "http_config has credentials already", "remove them there")
    own = model.api_key_sid or model.account_sid
    shared = source.defaults.model
    return replace(http, basic_auth=BasicAuth(own or shared.twilio_api_key_sid or shared.twilio_account_sid, token))
