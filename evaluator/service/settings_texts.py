"""The texts in the settings of an integration, by the names that they have in the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from evaluator.core.http import HttpSettings, Secret, TlsSettings
from evaluator.core.receivers.tree import Branch

_TEMPLATES = ("{{", "{%")


def texts_of(settings: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text with something to render in it, with its path, as in `fields[0].title`."""
    match settings:
        case str():
            if any(sign in settings for sign in _TEMPLATES):
                yield name, settings
        case Secret() | HttpSettings() | TlsSettings():
            return
        case Branch(pairs=pairs):
            for key, value in pairs:
                yield from texts_of(value, f"{name}.{key}")
        case (str() as key, str() as value) if name:
            yield from texts_of(value, f"{name.partition('[')[0]}.{key}")
        case tuple():
            for index, each in enumerate(settings):
                yield from texts_of(each, f"{name}[{index}]")
        case _ if is_dataclass(settings):
            for field in fields(settings):
                yield from texts_of(getattr(settings, field.name), f"{name}.{field.name}".lstrip("."))
        case _:
            return
