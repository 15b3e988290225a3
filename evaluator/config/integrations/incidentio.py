"""incident.io: `incidentio_configs`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from evaluator.config.http import with_scheme
from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import Count, GoSpan, Hidden, HiddenUrl, Text
from evaluator.core.http import HttpSettings
from evaluator.core.receivers.paging import IncidentioSettings


class IncidentioModel(HttpIntegrationModel):
    """An item of `incidentio_configs`."""

    TITLE = "incidentio_configs"

    url: HiddenUrl | None = None
    url_file: Text | None = None
    alert_source_token: Hidden | None = None
    alert_source_token_file: Text | None = None
    max_alerts: Count = 0
    timeout: GoSpan = timedelta(0)


def settings(model: IncidentioModel, source: Source) -> IncidentioSettings:
    """The settings of one alert source."""
    url, timeout = source.own_secret(model, "url"), source.timeout(model.timeout)
    return build(IncidentioSettings, model, url=url, http=_http(model, source), timeout=timeout)


def _http(model: IncidentioModel, source: Source) -> HttpSettings:
    """The HTTP settings with the token as authorization."""
    http, own = source.http(model), model.http_config
    token = source.reading.secret(model, "alert_source_token", source.node)
    if token is not None and own is not None and own.authorization is not None:
        message = "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization"
        source.wrong("http_config", message, "remove one")
    if token is None and own is not None and own.authorization is None:
        names = "alert_source_token, alert_source_token_file or http_config.authorization"
        source.wrong("http_config", f"at least one of {names} must be configured", "add alert_source_token_file")
    return http if token is None else replace(http, authorization=with_scheme("Bearer", token))
