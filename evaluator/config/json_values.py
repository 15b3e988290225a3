"""Blocks that are sent on as JSON: what stands there without quotes is a number or a truth value where JSON would have one.

Everything else in a file gets its meaning from its field, and a text stays one whatever it looks like; here there is no field.
YAML's further spellings, such as `yes` and `0x10`, stay texts.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from evaluator.config.nodes import Listing, Node, Scalar, Table


def json_members(node: Node | None) -> tuple[tuple[str, str], ...]:
    """The members of a mapping by name, each as JSON; none where there is no mapping."""
    members = node.values.items() if isinstance(node, Table) else ()
    return tuple((name, json.dumps(_value(value), sort_keys=True)) for name, value in members)


def _value(node: Node) -> Any:
    match node:
        case Table():
            return {name: _value(value) for name, value in node.values.items()}
        case Listing():
            return [_value(item) for item in node.items]
        case Scalar(null=True):
            return None
        case Scalar(plain=True):
            return _literal(node.text)
    return node.text


def _literal(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float) and isfinite(found) else text
