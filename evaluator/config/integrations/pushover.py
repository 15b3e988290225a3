"""Pushover: `pushover_configs`. Its durations are Go's own, without days, and without a bare number."""

from __future__ import annotations

from datetime import timedelta

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build
from evaluator.config.scalars import Flag, GoTextSpan, Hidden, Text
from evaluator.core.receivers.paging import PushoverSettings


class PushoverModel(HttpIntegrationModel):
    """An item of `pushover_configs`."""

    TITLE = "pushover_configs"

    user_key: Hidden | None = None
    user_key_file: Text | None = None
    token: Hidden | None = None
    token_file: Text | None = None
    title: Text = ""
    message: Text = ""
    url: Text = ""
    url_title: Text = ""
    device: Text = ""
    sound: Text = ""
    priority: Text = ""
    retry: GoTextSpan = timedelta(minutes=1)
    expire: GoTextSpan = timedelta(hours=1)
    ttl: GoTextSpan = timedelta(0)
    html: Flag = False
    monospace: Flag = False


def settings(model: PushoverModel, source: Source) -> PushoverSettings:
    """The settings of one Pushover user or group."""
    if model.html and model.monospace:
        source.wrong("monospace", "at most one of monospace & html must be configured", "remove one")
    return build(
        PushoverSettings,
        model,
        user_key=source.own_secret(model, "user_key"),
        token=source.own_secret(model, "token"),
        http=source.http(model),
    )
