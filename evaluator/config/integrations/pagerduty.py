"""PagerDuty: `pagerduty_configs`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, build_all
from evaluator.config.models import Model
from evaluator.config.scalars import AbsoluteUrl, AnyTree, GoSpan, Hidden, Text
from evaluator.core.receivers.paging import PAGERDUTY_DETAILS, PagerdutyImage, PagerdutyLink, PagerdutySettings


class ImageModel(Model):
    """An item of `images`."""

    TITLE = "a PagerDuty image"

    src: Text = ""
    alt: Text = ""
    href: Text = ""


class LinkModel(Model):
    """An item of `links`."""

    TITLE = "a PagerDuty link"

    href: Text = ""
    text: Text = ""


class PagerdutyModel(HttpIntegrationModel):
    """An item of `pagerduty_configs`."""

    TITLE = "pagerduty_configs"

    routing_key: Hidden | None = None
    routing_key_file: Text | None = None
    service_key: Hidden | None = None
    service_key_file: Text | None = None
    url: AbsoluteUrl | None = None
    client: Text = ""
    client_url: Text = ""
    description: Text = ""
    details: dict[str, AnyTree] = Field(default_factory=dict)
    images: list[ImageModel] = Field(default_factory=list)
    links: list[LinkModel] = Field(default_factory=list)
    source: Text = ""
    severity: Text = ""
    class_: Text = Field(default="", alias="class")
    component: Text = ""
    group: Text = ""
    timeout: GoSpan = timedelta(0)


def settings(model: PagerdutyModel, source: Source) -> PagerdutySettings:
    """The settings of one service; the four usual details are there unless the file has its own."""
    routing_key, service_key = (source.reading.secret(model, name, source.node) for name in ("routing_key", "service_key"))
    if routing_key is None and service_key is None:
        key = "service_key" if model.service_key else "routing_key"
        source.wrong(key, "missing service or routing key in PagerDuty config", "add routing_key")
    return build(
        PagerdutySettings,
        model,
        url=model.url or source.defaults.model.pagerduty_url,
        routing_key=routing_key,
        service_key=service_key,
        http=source.http(model),
        details=tuple({**dict(PAGERDUTY_DETAILS), **model.details}.items()),
        images=build_all(PagerdutyImage, model.images),
        links=build_all(PagerdutyLink, model.links),
        timeout=source.timeout(model.timeout),
        source=_origin(model),
    )


def _origin(model: PagerdutyModel) -> str:
    """The source is the client where the file does not name one."""
    client = model.client if "client" in model.model_fields_set else PagerdutySettings("").client
    return model.source or client
