"""ntfy: `ntfy_configs`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pydantic import Field

from evaluator.config.http import with_scheme
from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, build_all
from evaluator.config.models import Model
from evaluator.config.scalars import AbsoluteUrl, Flag, GoSpan, Hidden, Text
from evaluator.core.http import HttpSettings
from evaluator.core.receivers.phones import NtfyAction, NtfySettings


class NtfyActionModel(Model):
    """An item of `actions`."""

    TITLE = "an ntfy action"

    label: Text = ""
    url: Text = ""


class NtfyModel(HttpIntegrationModel):
    """An item of `ntfy_configs`."""

    TITLE = "ntfy_configs"

    url: AbsoluteUrl | None = None
    topic: Text = ""
    token: Hidden | None = None
    token_file: Text | None = None
    title: Text = ""
    message: Text = ""
    priority: Text = ""
    tags: Text = ""
    click: Text = ""
    icon: Text = ""
    actions: list[NtfyActionModel] = Field(default_factory=list)
    update: Flag = False
    timeout: GoSpan = timedelta(0)


def settings(model: NtfyModel, source: Source) -> NtfySettings:
    """The settings of one topic."""
    if not model.topic:
        source.wrong("topic", "missing topic in ntfy config", "add topic")
    source.check_texts("topic", "title", "message", "priority", "tags", "click", "icon", "actions")
    if len(model.actions) > 3:
        source.wrong("actions", "ntfy shows three actions at most", "remove the others")
    return build(
        NtfySettings,
        model,
        url=model.url or source.defaults.model.ntfy_url,
        http=_http(model, source),
        actions=build_all(NtfyAction, model.actions),
        timeout=source.timeout(model.timeout),
    )


def _http(model: NtfyModel, source: Source) -> HttpSettings:
    """The token goes where credentials go; that of `global` is for the server of `global`."""
    http, token = source.http(model), source.reading.secret(model, "token", source.node)
    if token is None and model.url is None:
        token = source.defaults.secret("ntfy_token", source.reading)
    if token is None:
        return http
    if http.authorization is not None or http.basic_auth is not None or http.oauth2 is not None:
        source.wrong("token", "http_config has credentials already", "remove one")
    return replace(http, authorization=with_scheme("Bearer", token))
