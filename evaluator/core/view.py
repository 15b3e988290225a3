"""A running evaluator, as those see it who show it to people."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from evaluator.core.engine import Machine
from evaluator.core.records import Annotations
from evaluator.core.settings import Settings


class View(Protocol):
    """Something to look at. The machine may be read, not changed."""

    @property
    def machine(self) -> Machine:
        """The machine as it stands."""

    @property
    def settings(self) -> Settings:
        """The configuration in force."""

    @property
    def now(self) -> datetime:
        """The present instant."""

    @property
    def unready(self) -> str:
        """Why it is not ready; empty when it is."""

    @property
    def unhealthy(self) -> str:
        """Why it does not work; empty when it does."""

    def texts(self, annotations: Annotations, alert: str) -> dict[str, str]:
        """Annotations as they read now. alert: its name, which errors of templates mention."""
