"""Notifications printed to standard output: `console_configs`, which Alertmanager does not have."""

from __future__ import annotations

from evaluator.config.integrations.common import Defaults, IntegrationModel
from evaluator.config.nodes import Table
from evaluator.config.reading import Reading
from evaluator.core.settings import ConsoleSettings


class ConsoleModel(IntegrationModel):
    """An item of `console_configs`; `{}` is enough."""

    TITLE = "console_configs"


def settings(model: ConsoleModel, node: Table, defaults: Defaults, reading: Reading) -> ConsoleSettings:
    """There is nothing to set."""
    return ConsoleSettings()
