"""Answers that should be JSON objects, read without trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluator.notify.exchange import Answer


def members(answer: Answer) -> Mapping[str, Any]:
    """The members of the answer; none when it is anything but a JSON object."""
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def member(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that is the member `name`; an empty one when it is something else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def number(value: Mapping[str, Any], name: str) -> int | None:
    """The whole number that is the member `name`."""
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
