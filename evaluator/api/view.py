"""What the HTTP surface is handed: something to look at, and the few things that it may ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from evaluator.core.analytics.report import Report
from evaluator.core.analytics.summary import Summary
from evaluator.core.view import UnavailableError
from evaluator.core.view import View as Seen

__all__ = ["UnavailableError", "View"]


class View(Seen, Protocol):
    """A running evaluator that can be asked for things."""

    def scrape(self) -> bytes:
        """Its metrics, in Prometheus' text format."""

    def turned_away(self, method: str) -> None:
        """A request of this method was refused, because too many are being answered: count it."""

    async def analytics(self, start: datetime, stop: datetime) -> Summary:
        """Figures about the incidents opened from `start` until just before `stop`. Raises UnavailableError."""

    async def report(self, start: datetime, stop: datetime, zone: ZoneInfo) -> Report:
        """The same for people, with what is ahead, on the clock of `zone`. Raises UnavailableError."""

    async def reload(self) -> None:
        """Read the configuration anew. Raises an exception whose text lists the problems; nothing has changed then."""
