"""What Alertmanager's API shows as its configuration: the file as it was read, in YAML, secrets hidden.

Tools read this text: amtool takes the route tree from it, and refuses keys that it does not know. So it holds Alertmanager's
keys and none of ours (`config.theirs`). Comments are gone, aliases are expanded, and what the environment filled in stands as
`${NAME}`. A webhook's URL is hidden behind one that can be read: to amtool up to 0.25 it was no secret, and `<secret>` is no
URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.tag import Tag

from evaluator.config.nodes import Listing, Node, Scalar, Table, find
from evaluator.config.scalars import HIDDEN, HIDDEN_URL
from evaluator.config.secrecy import secrets_of
from evaluator.config.theirs import theirs
from evaluator.core.evaluation.rules import Position

_TAG: Final = Tag(suffix="tag:yaml.org,2002:str")  # never written; the emitter only wants one to look at
_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*@")


def redacted(top: Table) -> str:
    """The text for the configuration `top`."""
    hidden = {scalar.position: HIDDEN for scalar in secrets_of(top)}
    hidden.update((url.position, HIDDEN_URL) for url in _webhook_urls(top) if url.position in hidden)
    body = _events(theirs(top), hidden)
    stream = StringIO()
    frame = (StreamStartEvent(), DocumentStartEvent(explicit=False))
    YAML(typ="safe").emit([*frame, *body, DocumentEndEvent(explicit=False), StreamEndEvent()], stream)
    return stream.getvalue()


def _webhook_urls(top: Table) -> Iterator[Node]:
    receivers = top.values.get("receivers")
    for receiver in receivers.items if isinstance(receivers, Listing) else ():
        hooks = find(receiver, "webhook_configs")
        for hook in hooks.items if isinstance(hooks, Listing) else ():
            yield find(hook, "url")


def _events(node: Node, hidden: Mapping[Position, str]) -> Iterator[Any]:
    match node:
        case Scalar():
            yield _scalar(node, hidden)
        case Listing():
            yield SequenceStartEvent(None, None, implicit=True, flow_style=not node.items)
            for item in node.items:
                yield from _events(item, hidden)
            yield SequenceEndEvent()
        case Table():
            yield MappingStartEvent(None, None, implicit=True, flow_style=not node.values)
            for name, value in node.values.items():
                yield _text(name, plain=True)
                yield from _events(value, hidden)
            yield MappingEndEvent()


def _scalar(scalar: Scalar, hidden: Mapping[Position, str]) -> ScalarEvent:
    if scalar.null:
        return _text("null", plain=True)
    if scalar.position in hidden:
        return _text(hidden[scalar.position], plain=True)
    return _text(_PASSWORD.sub(r"\1:xxxxx@", scalar.variable or scalar.text), scalar.plain)


def _text(text: str, plain: bool) -> ScalarEvent:
    """What was written without quotes may be a number or a truth value to others, and must stay without."""
    return ScalarEvent(None, _TAG, (True, True), text, style=None if plain else '"')
