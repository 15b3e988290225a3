"""Receivers: names that routes refer to, and the integrations behind them.

Integrations of one receiver are numbered within their kind, and stand in the order in which Alertmanager builds them,
whatever their order in the file: that number is part of what logs and the notification log call them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import Field, create_model

from evaluator.config.integrations import console, slack, webhook
from evaluator.config.integrations.common import Defaults, IntegrationModel
from evaluator.config.models import Model, items, read
from evaluator.config.nodes import Node, Table, is_null, text_at
from evaluator.config.reading import Reading
from evaluator.config.scalars import Text
from evaluator.core.rules import Position
from evaluator.core.settings import ConsoleSettings, Integration, IntegrationSettings, Receiver


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of integration is read. send_resolved: when the file does not say. null: an empty item is accepted."""

    model: type[IntegrationModel]
    settings: Callable[[Any, Table, Defaults, Reading], IntegrationSettings]
    send_resolved: bool = True
    null: bool = False


KINDS = MappingProxyType(
    {
        "console": Kind(console.ConsoleModel, console.settings, null=True),
        "webhook": Kind(webhook.WebhookModel, webhook.settings),
        "slack": Kind(slack.SlackModel, slack.settings, send_resolved=False, null=True),
    }
)

LATER = (
    *("email", "pagerduty", "opsgenie", "wechat", "victorops", "pushover", "sns", "telegram", "discord", "webex", "msteams"),
    *("msteamsv2", "jira", "incidentio", "rocketchat", "mattermost"),
)

CONSOLE = Receiver("console", (Integration("console", 0, True, ConsoleSettings()),))


class _NamedModel(Model):
    """Keys of a receiver that are not lists of integrations."""

    TITLE = "a receiver"
    LATER = MappingProxyType({"labels": "the API does not filter by them"})

    name: Text = ""
    labels: dict[str, Text] = Field(default_factory=dict)


_LISTS: dict[str, Any] = {f"{kind}_configs": (Any, None) for kind in (*KINDS, *LATER)}
ReceiverModel = create_model("ReceiverModel", __base__=_NamedModel, **_LISTS)


def read_receivers(nodes: Sequence[Node], defaults: Defaults, reading: Reading) -> tuple[Receiver, ...]:
    """The receivers, with as many of their integrations as could be read.

    One that is wrong is there by its name, so that routes to it are not called wrong as well.
    """
    receivers: dict[str, Receiver] = {}
    silent: dict[str, list[tuple[str, Position]]] = defaultdict(list)
    for node in nodes:
        model = read(ReceiverModel, node, reading.problems)
        if not isinstance(node, Table):
            continue
        name = text_at(node, "name")
        if model is not None:
            _check(model, node, receivers, reading)
        for kind in LATER:
            if _later_items(kind, node, reading):
                silent[kind].append((name, node.key(f"{kind}_configs")))
        receivers[name] = Receiver(name, tuple(_integrations(node, defaults, reading)))
    _warn_of_silent(silent, reading)
    return tuple(receivers.values())


def _check(model: _NamedModel, node: Table, earlier: dict[str, Receiver], reading: Reading) -> None:
    if not model.name:
        reading.problems.error(node.at("name"), "missing name in receiver", "add a name; routes refer to it")
    elif model.name in earlier:
        message = f'notification config name "{model.name}" is not unique'
        reading.problems.error(node.at("name"), message, "rename one of the receivers")
    if model.labels.get("name", model.name) != model.name:
        reading.problems.error(node.at("labels", "name"), 'receiver label "name" must match receiver name', "remove it")


def _integrations(node: Table, defaults: Defaults, reading: Reading) -> Iterator[Integration]:
    for name, kind in KINDS.items():
        number = 0
        for item in items(node, f"{name}_configs", reading.problems):
            if is_null(item):
                if not kind.null:
                    reading.problems.error(item.position, f"missing {name} config", 'write its keys after the "-"')
                    continue
                item = Table({}, {}, item.position)
            model = read(kind.model, item, reading.problems)
            if model is not None and isinstance(item, Table):
                told = kind.send_resolved if model.send_resolved is None else model.send_resolved
                yield Integration(name, number, told, kind.settings(model, item, defaults, reading))
                number += 1


def _later_items(kind: str, node: Table, reading: Reading) -> bool:
    """Whether a receiver has integrations of a kind that is not acted on; their shape is checked, not their keys."""
    found = items(node, f"{kind}_configs", reading.problems)
    for item in found:
        if is_null(item) and kind not in ("opsgenie", "wechat", "rocketchat"):
            reading.problems.error(item.position, f"missing {kind} config", 'write its keys after the "-"')
        elif not is_null(item) and not isinstance(item, Table):
            message = f'"{kind}_configs": expected a mapping in each item'
            reading.problems.error(item.position, message, 'write it as "key: value" lines')
    return bool(found)


def _warn_of_silent(silent: dict[str, list[tuple[str, Position]]], reading: Reading) -> None:
    """One warning for each kind, which names every receiver that will say less than it was meant to."""
    for kind, places in silent.items():
        names = ", ".join(f'"{name}"' for name, _ in places)
        message = f'"{kind}_configs" is not acted on by this version'
        reading.problems.warn(places[0][1], message, f"nothing is sent this way by receiver {names}")
