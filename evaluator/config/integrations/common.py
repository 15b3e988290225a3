"""What integrations have in common: `send_resolved`, HTTP settings, secrets, and how a model becomes settings.

A receiver's own key wins over the global one, whichever of its two forms each has. (In Alertmanager a global `opsgenie_api_key`
beats a receiver's `api_key_file`, and a global `rocketchat_token_file` a receiver's `token`.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from datetime import timedelta
from typing import Any, TypeVar

from evaluator.config.globals import GlobalModel
from evaluator.config.http import HttpModel, http_settings
from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.rates import RateLimitModel
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag
from evaluator.config.texts import check_notification_texts
from evaluator.core.frozen import frozen
from evaluator.core.http import HttpSettings, Secret


class IntegrationModel(Model):
    """Keys of every integration. send_resolved, rate_limit: absent means the default of its kind."""

    send_resolved: Flag | None = None
    rate_limit: RateLimitModel | None = None


class HttpIntegrationModel(IntegrationModel):
    """Keys of every integration that speaks HTTP. Its http_config replaces the global one as a whole."""

    http_config: HttpModel | None = None


@frozen
class Defaults:
    """The `global` block, where it stands, and the HTTP settings in it."""

    model: GlobalModel
    node: Table
    http: HttpSettings

    def secret(self, name: str, reading: Reading) -> Secret | None:
        """A global secret, or the one in its file; that both are given has been said where `global` was read."""
        file = getattr(self.model, f"{name}_file")
        given = getattr(self.model, name)
        if file:
            return Secret(path=reading.path(file))
        return given if isinstance(given, Secret) and given.text else None


@frozen
class Source:
    """One integration as it stands in the file: its mapping, and what it falls back on."""

    node: Table
    defaults: Defaults
    reading: Reading

    def wrong(self, key: str, message: str, remedy: str = "") -> None:
        """Add an error at the value of `key`, or at the whole integration where it has no such key."""
        self.reading.problems.error(self.node.at(key), message, remedy)

    def check_texts(self, *keys: str) -> None:
        """Add an error for every text at or below `keys` that is not a Go template."""
        for key in keys:
            child = self.node.child(key)
            if child is not None:
                check_notification_texts(child, f'"{key}": ', self.reading.problems)

    def http(self, model: HttpIntegrationModel) -> HttpSettings:
        """Its own HTTP settings, else the global ones."""
        table = self.node.child("http_config")
        if model.http_config is None or not isinstance(table, Table):
            return self.defaults.http
        return http_settings(model.http_config, table, self.reading)

    def own_secret(self, model: Model, name: str) -> Secret:
        """The secret that stands at `name` or in the file at `name_file`; one of them must."""
        found = self.reading.secret(model, name, self.node)
        if found is None:
            self.wrong(name, f"one of {name} or {name}_file must be configured", f"add {name}")
        return found or Secret()

    def secret(self, model: Model, name: str, globally: str, missing: str) -> Secret:
        """Its own secret, else the global one called `globally`, else the problem `missing`."""
        found = self.reading.secret(model, name, self.node) or self.defaults.secret(globally, self.reading)
        if found is None:
            self.wrong(name, missing, f"add {name}, or {globally} under global")
        return found or Secret()

    def timeout(self, timeout: timedelta) -> timedelta:
        """The timeout, with a warning when it is what a forgotten unit makes of a number."""
        if timedelta(0) < timeout < timedelta(milliseconds=1):
            message = "timeout is shorter than a millisecond: a number without a unit counts nanoseconds"
            self.reading.problems.warn(self.node.at("timeout"), message, "write a unit, for example 10s")
        return timeout


S = TypeVar("S")


def build(kind: type[S], model: Model, **resolved: Any) -> S:
    """The settings `kind`: what is `resolved`, and the keys of `model` of the same name that are written.

    A key that is not written keeps the default of `kind`, or where that has none the default of `model`.
    """
    needed = {field.name for field in fields(kind) if field.default is MISSING}  # type: ignore[arg-type]
    names = {field.name for field in fields(kind)} - {"http"}  # type: ignore[arg-type]
    written = {name for name in names & set(type(model).model_fields) if name in model.model_fields_set | needed}
    return kind(**{**{name: _frozen(getattr(model, name)) for name in written}, **resolved})


def build_all(kind: type[S], models: Iterable[Model]) -> tuple[S, ...]:
    """The settings of the items of a list."""
    return tuple(build(kind, model) for model in models)


def _frozen(value: Any) -> Any:
    match value:
        case list():
            return tuple(value)
        case dict():
            return tuple(value.items())
    return value


def with_slash(url: str) -> str:
    """The URL with a slash at the end of its path, so that more can be put behind it."""
    path, mark, query = url.partition("?")
    return path.removesuffix("/") + "/" + mark + query
