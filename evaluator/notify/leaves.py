"""YAML of the configuration whose texts are templates: a webhook's `payload`, PagerDuty's `details`, Jira's `fields`.

What a template gives is read as the value that it is written like: a number, true, false, null, or a list or mapping in
brackets, as `toJson` writes them. Everything else is a text. In Alertmanager any YAML counts, so a summary such as
`Disk: 95% full` turns into a mapping; here text for people stays text.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from evaluator.core.receivers.tree import Branch, Tree
from evaluator.notify.sheet import Sheet

_WORDS = {"": None, "null": None, "~": None, "true": True, "false": False}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][-+]?[0-9]{1,3})?")
_BRACKETS = {"{": "}", "[": "]"}
_MOST_OF_YAML = 64 * 1024  # characters; JSON may be longer
_MOST_NODES = 20_000


def filled(name: str, tree: Tree, sheet: Sheet, *, plainly: bool = False) -> Any:
    """The tree as plain values, all its texts rendered; keys too.

    A text whose template fails becomes null, or the whole notification as plain text where that is wanted: where nobody knows
    what the members mean, what failed is the best place for it.
    """
    match tree:
        case Branch(pairs):
            return {sheet.text(name, key): filled(f"{name}.{key}", below, sheet, plainly=plainly) for key, below in pairs}
        case tuple():
            return [filled(name, below, sheet, plainly=plainly) for below in tree]
        case None:
            return None
    failed = len(sheet.failed)
    text = sheet.text(name, tree)
    return sheet.plainly() if plainly and len(sheet.failed) > failed else value_of(text)


def value_of(text: str) -> Any:
    """What a text stands for; the text itself where it is nothing but text."""
    bare = text.strip()
    if bare in _WORDS:
        return _WORDS[bare]
    if _NUMBER.fullmatch(bare):
        return _number(bare)
    if bare[-1] == _BRACKETS.get(bare[0]):
        return _in_brackets(bare, text)
    return text


def _number(text: str) -> int | float | str:
    number = json.loads(text)
    return number if math.isfinite(number) else text


def _in_brackets(bare: str, text: str) -> Any:
    try:
        return json.loads(bare, parse_constant=_refuse)
    except (ValueError, RecursionError):
        pass
    if len(bare) > _MOST_OF_YAML:
        return text
    try:
        return _plain(YAML(typ="safe").compose(bare), [_MOST_NODES])
    except (YAMLError, ValueError, RecursionError):
        return text


def _plain(node: Node, left: list[int]) -> Any:
    """Aliases can blow a small text up without end, so nodes are counted as they are met."""
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("too large")
    match node:
        case MappingNode():
            return {str(_text(key)): _plain(value, left) for key, value in node.value}
        case SequenceNode():
            return [_plain(item, left) for item in node.value]
        case ScalarNode():
            return str(node.value) if node.style or node.value == "" else _scalar(str(node.value))
    raise ValueError("nothing at all")


def _text(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise ValueError("a key that is no text")
    return str(node.value)


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if _NUMBER.fullmatch(text) else text


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
