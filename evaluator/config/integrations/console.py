"""Notifications printed to standard output: `console_configs`, which Alertmanager does not have."""

from __future__ import annotations

from evaluator.config.integrations.common import IntegrationModel, Source
from evaluator.core.receivers.general import ConsoleSettings


class ConsoleModel(IntegrationModel):
    """An item of `console_configs`; `{}` is enough."""

    TITLE = "console_configs"


def settings(model: ConsoleModel, source: Source) -> ConsoleSettings:
    """There is nothing to set."""
    return ConsoleSettings()
