"""A scenario's configuration as a file for a server that runs in earnest: its webhooks lead to where the test listens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from evaluator.config.nodes import Listing, Node, Scalar, Table
from evaluator.core.evaluation.rules import Position
from evaluator.drill.scenario import Configuration

_AS_WRITTEN = re.compile(r"true|false|-?[0-9]+(\.[0-9]+)?")
_NOWHERE = Position("")


def config_text(configuration: Configuration, url_of: Callable[[str], str]) -> str:
    """As JSON, which is YAML. url_of: gives an integration's URL by its name, `ops/webhook[0]`."""
    assert configuration.written is not None, "a configuration in a file of its own is not played in real time"
    receivers = configuration.written.values.get("receivers")
    assert isinstance(receivers, Listing)
    heard = Listing(tuple(_heard(one, url_of) for one in receivers.items), _NOWHERE)
    return _text(Table({**configuration.written.values, "receivers": heard}, {}, _NOWHERE))


def _heard(receiver: Node, url_of: Callable[[str], str]) -> Node:
    assert isinstance(receiver, Table)
    assert receiver.values.keys() <= {"name", "webhook_configs"}, "only webhooks are listened to"
    name, webhooks = receiver.values["name"], receiver.values.get("webhook_configs")
    if webhooks is None:
        return receiver
    assert isinstance(name, Scalar)
    assert isinstance(webhooks, Listing)
    listed = [_with_url(one, url_of(f"{name.text}/webhook[{number}]")) for number, one in enumerate(webhooks.items)]
    return Table({**receiver.values, "webhook_configs": Listing(tuple(listed), _NOWHERE)}, {}, _NOWHERE)


def _with_url(webhook: Node, url: str) -> Node:
    assert isinstance(webhook, Table)
    return Table({**webhook.values, "url": Scalar(url, _NOWHERE)}, {}, _NOWHERE)


def _text(node: Node) -> str:
    match node:
        case Scalar(null=True):
            return "null"
        case Scalar(text=text, plain=True) if _AS_WRITTEN.fullmatch(text):
            return text
        case Scalar(text=text):
            return json.dumps(text, ensure_ascii=False)
        case Listing(items=items):
            return f"[{', '.join(map(_text, items))}]"
        case Table(values=values):
            pairs = (f"{json.dumps(name, ensure_ascii=False)}: {_text(value)}" for name, value in values.items())
            return "{" + ", ".join(pairs) + "}"
