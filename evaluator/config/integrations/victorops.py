"""VictorOps, now Splunk On-Call: `victorops_configs`."""

from __future__ import annotations

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, with_slash
from evaluator.config.scalars import AbsoluteUrl, Hidden, Text
from evaluator.core.receivers.paging import VictoropsSettings

_RESERVED = (
    *("routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool"),
    *("entity_id", "entity_state"),
)


class VictoropsModel(HttpIntegrationModel):
    """An item of `victorops_configs`."""

    TITLE = "victorops_configs"

    api_key: Hidden | None = None
    api_key_file: Text | None = None
    api_url: AbsoluteUrl | None = None
    routing_key: Text = ""
    message_type: Text = ""
    state_message: Text = ""
    entity_display_name: Text = ""
    monitoring_tool: Text = ""
    custom_fields: dict[str, Text] = Field(default_factory=dict)


def settings(model: VictoropsModel, source: Source) -> VictoropsSettings:
    """The settings of one VictorOps routing key."""
    if not model.routing_key:
        source.wrong("routing_key", "missing Routing key in VictorOps config", "add routing_key")
    for name in _RESERVED:
        if name in model.custom_fields:
            message = f"victorOps config contains custom field {name} which cannot be used: it conflicts with a fixed field"
            source.reading.problems.error(source.node.at("custom_fields", name), message, "rename it")
    return build(
        VictoropsSettings,
        model,
        api_url=with_slash(model.api_url or source.defaults.model.victorops_api_url),
        api_key=source.secret(model, "api_key", "victorops_api_key", "no global VictorOps API Key set"),
        http=source.http(model),
    )
