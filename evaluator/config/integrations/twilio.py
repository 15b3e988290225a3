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
    api_url: AbsoluteUrl = "https://api.twilio.com"
    timeout: GoSpan = timedelta(0)


def settings(model: TwilioModel, source: Source) -> TwilioSettings:
    """The settings of one account and the numbers that it writes to."""
    _check(model, source)
    source.check_texts("body")
    return build(
        TwilioSettings,
        model,
        sender=model.from_,
        to=tuple(dict.fromkeys(model.to)),
        http=_http(model, source),
        timeout=source.timeout(model.timeout),
    )


def _check(model: TwilioModel, source: Source) -> None:
    if not model.account_sid:
        source.wrong("account_sid", "missing account_sid in Twilio config", "add account_sid")
    if not model.to:
        source.wrong("to", "missing to in Twilio config", "add to: ['+15551234567']")
    if bool(model.from_) == bool(model.messaging_service_sid):
        source.wrong("from", "one of from and messaging_service_sid must be configured", "write one of them")
    for number, name in enumerate(model.to):
        if not _NUMBER.fullmatch(name):
            message = f'"{name}" is no telephone number'
            source.reading.problems.error(source.node.at("to", number), message, "write it like +15551234567")


def _http(model: TwilioModel, source: Source) -> HttpSettings:
    """The account, or one of its API keys, with its secret."""
    http, token = source.http(model), source.own_secret(model, "auth_token")
    if http.authorization is not None or http.basic_auth is not None or http.oauth2 is not None:
        source.wrong("auth_token", "http_config has credentials already", "remove them there")
    return replace(http, basic_auth=BasicAuth(model.api_key_sid or model.account_sid, token))
