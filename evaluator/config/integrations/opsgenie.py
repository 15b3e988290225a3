"""OpsGenie: `opsgenie_configs`."""

from __future__ import annotations

from types import MappingProxyType

from pydantic import Field

from evaluator.config.integrations.common import HttpIntegrationModel, Source, build, with_slash
from evaluator.config.models import Model
from evaluator.config.scalars import AbsoluteUrl, Flag, Hidden, Text
from evaluator.config.texts import notification_fault
from evaluator.core.receivers.paging import OpsgenieResponder, OpsgenieSettings

_TYPES = ("team", "teams", "user", "escalation", "schedule")


class ResponderModel(Model):
    """An item of `responders`."""

    TITLE = "an OpsGenie responder"

    id: Text = ""
    name: Text = ""
    username: Text = ""
    type: Text = ""


class OpsgenieModel(HttpIntegrationModel):
    """An item of `opsgenie_configs`."""

    TITLE = "opsgenie_configs"
    FOREIGN = MappingProxyType({"teams": "write responders: [{name: NAME, type: team}]"})

    api_key: Hidden | None = None
    api_key_file: Text | None = None
    api_url: AbsoluteUrl | None = None
    message: Text = ""
    description: Text = ""
    source: Text = ""
    details: dict[str, Text] = Field(default_factory=dict)
    entity: Text = ""
    responders: list[ResponderModel] = Field(default_factory=list)
    actions: Text = ""
    tags: Text = ""
    note: Text = ""
    priority: Text = ""
    update_alerts: Flag = False


def settings(model: OpsgenieModel, source: Source) -> OpsgenieSettings:
    """The settings of one OpsGenie team or account."""
    missing = "no global OpsGenie API Key set either inline or in a file"
    return build(
        OpsgenieSettings,
        model,
        api_url=with_slash(model.api_url or source.defaults.model.opsgenie_api_url),
        api_key=source.secret(model, "api_key", "opsgenie_api_key", missing),
        http=source.http(model),
        responders=tuple(_responder(item, number, source) for number, item in enumerate(model.responders)),
    )


def _responder(model: ResponderModel, number: int, source: Source) -> OpsgenieResponder:
    if not (model.id or model.name or model.username):
        message = "opsGenieConfig responder has to have at least one of id, username or name specified"
        source.reading.problems.error(source.node.at("responders", number), message)
    templated = "{{" in model.type
    kind, place = model.type if templated else model.type.lower(), source.node.at("responders", number, "type")
    if fault := notification_fault(kind):
        source.reading.problems.error(place, f"opsGenieConfig responder type is not a valid template: {fault}")
    if not templated and kind not in _TYPES:
        message = f'opsGenieConfig responder type "{model.type}" does not match valid options'
        source.reading.problems.error(place, message, f"write one of {', '.join(_TYPES)}")
    return OpsgenieResponder(kind, model.id, model.name, model.username)
