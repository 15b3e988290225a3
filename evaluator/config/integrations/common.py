"""What every integration has: `send_resolved`, and HTTP settings of its own or the global ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from evaluator.config.globals import GlobalModel
from evaluator.config.http import HttpModel, http_settings
from evaluator.config.models import Model
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.config.scalars import Flag
from evaluator.core.settings import HttpSettings


class IntegrationModel(Model):
    """Keys of every integration. send_resolved: absent means the default of its kind."""

    send_resolved: Flag | None = None


class HttpIntegrationModel(IntegrationModel):
    """Keys of every integration that speaks HTTP. Its http_config replaces the global one as a whole."""

    http_config: HttpModel | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """The `global` block, where it stands, and the HTTP settings in it."""

    model: GlobalModel
    node: Table
    http: HttpSettings


def own_http(model: HttpIntegrationModel, node: Table, defaults: Defaults, reading: Reading) -> HttpSettings:
    """The integration's HTTP settings."""
    table = node.child("http_config")
    if model.http_config is None or not isinstance(table, Table):
        return defaults.http
    return http_settings(model.http_config, table, reading)


def check_timeout(timeout: timedelta, node: Table, reading: Reading) -> timedelta:
    """The timeout, with a warning when it is what a forgotten unit makes of a number."""
    if timedelta(0) < timeout < timedelta(milliseconds=1):
        message = "timeout is shorter than a millisecond: a number without a unit counts nanoseconds"
        reading.problems.warn(node.at("timeout"), message, "write a unit, for example 10s")
    return timeout
