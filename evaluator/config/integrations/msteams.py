"""Microsoft Teams: `msteams_configs` for the old connectors, `msteamsv2_configs` for workflows."""

from __future__ import annotations

from dataclasses import replace

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import HiddenUrl, Text
from evaluator.core.http import HttpSettings
from evaluator.core.receivers.chat import MsTeamsSettings, MsTeamsV2Settings


class MsTeamsModel(HttpIntegrationModel):
    """An item of `msteams_configs`."""

    TITLE = "msteams_configs"

    webhook_url: HiddenUrl | None = None
    webhook_url_file: Text | None = None
    title: Text = ""
    summary: Text = ""
    text: Text = ""


class MsTeamsV2Model(HttpIntegrationModel):
    """An item of `msteamsv2_configs`."""

    TITLE = "msteamsv2_configs"

    webhook_url: HiddenUrl | None = None
    webhook_url_file: Text | None = None
    title: Text = ""
    text: Text = ""


def settings(model: MsTeamsModel, source: Source) -> MsTeamsSettings:
    """The settings of one connector."""
    webhook_url = source.own_secret(model, "webhook_url")
    return build(MsTeamsSettings, model, webhook_url=webhook_url, http=source.http(model))


def settings_v2(model: MsTeamsV2Model, source: Source) -> MsTeamsV2Settings:
    """The settings of one workflow."""
    webhook_url = source.own_secret(model, "webhook_url")
    return build(MsTeamsV2Settings, model, webhook_url=webhook_url, http=_with_proxy(source.http(model), source))


def _with_proxy(http: HttpSettings, source: Source) -> HttpSettings:
    """With the global proxy where it has none of its own; of all kinds, Alertmanager does so for this one alone."""
    return http if http.proxy_url is not None else replace(http, proxy_url=source.defaults.http.proxy_url)
