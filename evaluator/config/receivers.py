"""Receivers: names that routes refer to, and the integrations behind them.

Integrations of one receiver are numbered within their kind, and stand in the order in which Alertmanager builds them,
whatever their order in the file: that number is part of what logs and the notification log call them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

from pydantic import Field, create_model

from evaluator.config.bodies import with_bodies
from evaluator.config.destinations import destination_of
from evaluator.config.fallbacks import check_fallbacks
from evaluator.config.integrations.common import Defaults, IntegrationModel, Source
from evaluator.config.matching import is_label_name
from evaluator.config.models import Model, holds_secret, items, read
from evaluator.config.nodes import Node, Table, is_null, text_at
from evaluator.config.rates import WrittenLimits, read_rate_limit
from evaluator.config.reading import Reading
from evaluator.config.scalars import Span, Text
from evaluator.config.texts import warn_of_texts
from evaluator.core.frozen import frozen
from evaluator.core.labels import Labels
from evaluator.core.receivers import Integration, IntegrationSettings, Receiver
from evaluator.core.receivers.general import ConsoleSettings


@frozen
class Kind:
    """How a kind of integration is read. send_resolved: when the file does not say. null: an empty item is accepted.

    ours: Alertmanager has no such kind, so tools that read its configuration are not shown it.

    file: in `integrations`; loaded when something of this kind is read, for most files have one or two. named, reads: what the
    model and the function that gives the settings are called in it.
    """

    file: str
    named: str
    reads: str = "settings"
    send_resolved: bool = True
    null: bool = False
    ours: bool = False

    @property
    def model(self) -> type[IntegrationModel]:
        """What is read of the keys."""
        model: type[IntegrationModel] = getattr(self._module, self.named)
        return model

    @property
    def settings(self) -> Callable[[Any, Source], IntegrationSettings]:
        """What makes settings of a model."""
        settings: Callable[[Any, Source], IntegrationSettings] = getattr(self._module, self.reads)
        return settings

    @property
    def _module(self) -> ModuleType:
        return import_module(f"evaluator.config.integrations.{self.file}")


KINDS = MappingProxyType(
    {
        "console": Kind("console", "ConsoleModel", null=True, ours=True),
        "webhook": Kind("webhook", "WebhookModel"),
        "email": Kind("email", "EmailModel", send_resolved=False),
        "pagerduty": Kind("pagerduty", "PagerdutyModel"),
        "opsgenie": Kind("opsgenie", "OpsgenieModel", null=True),
        "wechat": Kind("wechat", "WechatModel", send_resolved=False, null=True),
        "slack": Kind("slack", "SlackModel", send_resolved=False, null=True),
        "victorops": Kind("victorops", "VictoropsModel"),
        "pushover": Kind("pushover", "PushoverModel"),
        "sns": Kind("sns", "SnsModel"),
        "telegram": Kind("telegram", "TelegramModel"),
        "discord": Kind("discord", "DiscordModel"),
        "webex": Kind("webex", "WebexModel"),
        "msteams": Kind("msteams", "MsTeamsModel"),
        "msteamsv2": Kind("msteams", "MsTeamsV2Model", "settings_v2"),
        "jira": Kind("jira", "JiraModel"),
        "incidentio": Kind("incidentio", "IncidentioModel"),
        "rocketchat": Kind("rocketchat", "RocketchatModel", send_resolved=False, null=True),
        "mattermost": Kind("mattermost", "MattermostModel"),
        "ntfy": Kind("ntfy", "NtfyModel", ours=True),
        "twilio": Kind("twilio", "TwilioModel", ours=True),
        "http": Kind("http", "HttpServiceModel", ours=True),
        "apprise": Kind("apprise", "AppriseModel", ours=True),
    }
)

CONSOLE = Receiver("console", (Integration("console", 0, True, ConsoleSettings()),), labels=Labels({"name": "console"}))

FORWARDED = Receiver("alertmanagers", (), labels=Labels({"name": "alertmanagers"}))


def made_up(top: Table) -> Receiver:
    """The receiver of a configuration that has none: one that prints, or nobody where all that is wanted is to forward."""
    forwards_alone = top.child("alertmanagers") is not None and top.child("route") is None
    return FORWARDED if forwards_alone else CONSOLE


class _NamedModel(Model):
    """Keys of a receiver that are not lists of integrations."""

    TITLE = "a receiver"

    name: Text = ""
    labels: dict[str, Text] = Field(default_factory=dict)
    fallback: Text = ""
    fallback_after: Span = Receiver("").fallback_after


_LISTS: dict[str, Any] = {f"{kind}_configs": (Any, None) for kind in KINDS}
ReceiverModel = create_model("ReceiverModel", __base__=_NamedModel, **_LISTS)


def read_receivers(nodes: Sequence[Node], defaults: Defaults, reading: Reading) -> tuple[Receiver, ...]:
    """The receivers, with as many of their integrations as could be read.

    One that is wrong is there by its name, so that routes to it are not called wrong as well.
    """
    receivers: dict[str, Receiver] = {}
    tables: dict[str, Table] = {}
    written = WrittenLimits()
    for node in nodes:
        model = read(ReceiverModel, node, reading.problems)
        if not isinstance(node, Table):
            continue
        name = text_at(node, "name")
        if model is not None:
            _check(model, node, receivers, reading)
        receivers[name], tables[name] = _receiver(name, model, node, defaults, reading, written), node
    check_fallbacks(receivers, tables, reading.problems)
    return tuple(written.shared(receivers.values(), reading.problems))


def _receiver(
    name: str, model: _NamedModel | None, node: Table, defaults: Defaults, reading: Reading, written: WrittenLimits
) -> Receiver:
    model = model or _NamedModel()
    return Receiver(
        name,
        integrations=tuple(_integrations(node, defaults, reading, written)),
        labels=Labels({**model.labels, "name": name}),
        fallback=model.fallback,
        fallback_after=model.fallback_after,
    )


def _check(model: _NamedModel, node: Table, earlier: dict[str, Receiver], reading: Reading) -> None:
    if not model.name:
        reading.problems.error(node.at("name"), "missing name in receiver", "add a name; routes refer to it")
    elif model.name in earlier:
        message = f'notification config name "{model.name}" is not unique'
        reading.problems.error(node.at("name"), message, "rename one of the receivers")
    if model.labels.get("name", model.name) != model.name:
        reading.problems.error(node.at("labels", "name"), 'receiver label "name" must match receiver name', "remove it")
    if not model.fallback_after:
        problem = "fallback_after cannot be zero"
        reading.problems.error(node.at("fallback_after"), problem, "remove it, or write a duration such as 5m")
    for name in model.labels:
        if not is_label_name(name, reading.mode):
            reading.problems.error(node.at("labels", name), f'invalid label name "{name}" in receiver labels', "rename it")


def _integrations(node: Table, defaults: Defaults, reading: Reading, written: WrittenLimits) -> Iterator[Integration]:
    for name, kind in KINDS.items():
        listed = items(node, f"{name}_configs", reading.problems)
        found = (_integration(name, kind, item, defaults, reading, written) for item in listed)
        good = (integration for integration in found if integration is not None)
        yield from (replace(integration, index=number) for number, integration in enumerate(good))


def _integration(
    name: str, kind: Kind, item: Node, defaults: Defaults, reading: Reading, written: WrittenLimits
) -> Integration | None:
    if is_null(item):
        if not kind.null:
            reading.problems.error(item.position, f"missing {name} config", 'write its keys after the "-"')
            return None
        item = Table({}, {}, item.position)
    model = read(kind.model, item, reading.problems)
    if model is None or not isinstance(item, Table):
        return None
    settings = kind.settings(model, Source(item, defaults, reading))
    if reading.readable:
        settings = with_bodies(name, settings, item.values.keys(), reading.templates)
    for key, child in item.values.items():
        if key != "http_config" and not holds_secret(kind.model, key):
            warn_of_texts(child, reading.problems)
    limit = read_rate_limit(name, model.rate_limit, item, reading)
    wants_ends = kind.send_resolved if model.send_resolved is None else model.send_resolved
    integration = Integration(name, 0, wants_ends, settings, limit, destination=destination_of(settings))
    if model.rate_limit is not None:
        written.add(integration, item.at("rate_limit"))
    return integration
