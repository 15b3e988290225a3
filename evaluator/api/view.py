"""What the HTTP surface is handed: something to look at, and the few things that it may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from evaluator.core.events import Event
from evaluator.core.records import Attempt, Decision, Transition
from evaluator.core.view import View as Seen


class UnavailableError(Exception):
    """What was asked for cannot be read at the moment; the text says why."""


class View(Seen, Protocol):
    """A running evaluator that can be asked for things."""

    @property
    def started_at(self) -> datetime:
        """When this process began."""

    @property
    def reload_successful(self) -> bool:
        """Whether the last reload was taken over; true before the first."""

    def scrape(self) -> bytes:
        """Its metrics, in Prometheus' text format."""

    async def reload(self) -> None:
        """Read the configuration anew. Raises an exception whose text lists the problems; nothing has changed then."""

    async def submit(self, event: Event) -> None:
        """Let the machine handle `event`; returns once what came of it has been kept. Raises UnavailableError."""

    async def transitions(self, limit: int) -> Sequence[Transition]:
        """The newest state changes of alerts, newest first. Raises UnavailableError."""

    async def decisions(self, group: str | None, limit: int) -> Sequence[Decision]:
        """The newest flush decisions, newest first. Raises UnavailableError."""

    async def attempts(self, group: str | None, limit: int) -> Sequence[Attempt]:
        """The newest attempts at deliveries, newest first. Raises UnavailableError."""
