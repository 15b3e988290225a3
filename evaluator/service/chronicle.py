"""What has happened, told onwards: counted, logged, and news for whoever waits for some. The world has it for a witness.

It knows as well whether state can be kept, for while it cannot, nothing is taken in (`showing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evaluator.core.effects import Effect, RunQuery
from evaluator.core.engine import Machine
from evaluator.core.events import Event, QueryReturned, TimerFired
from evaluator.service.changes import Changes
from evaluator.service.failure_log import FailureLog
from evaluator.service.logs import Scribe, log
from evaluator.service.metrics import Metrics
from evaluator.store.base import StoreError


class Chronicle:
    """refused: why the store does not keep anything, empty while it does."""

    def __init__(self, machine: Machine, metrics: Metrics) -> None:
        self.refused = ""
        self.changes = Changes()
        self._machine = machine
        self._metrics = metrics
        self._failures = FailureLog()
        self._scribe = Scribe()

    def happened(self, events: Sequence[Event], now: datetime) -> None:
        """Events have been handled, and what came of them has been kept."""
        self._metrics.happened(events, now)
        self._failures.happened(events, self._machine)
        if not all(isinstance(event, QueryReturned | TimerFired) for event in events):
            self.changes.happened()

    def kept(self, effects: Sequence[Effect], seconds: float, now: datetime) -> None:
        """Effects have been kept, in that many seconds, and are about to be performed."""
        self.refused = ""
        self._metrics.kept(effects, seconds)
        self._scribe.kept(effects)
        if not all(isinstance(effect, RunQuery) for effect in effects):
            self.changes.happened()

    def not_kept(self, error: StoreError, now: datetime) -> None:
        """The store refused: say so, for nothing is acted on until it does not."""
        self._metrics.counts.commits_refused += 1
        if not self.refused:
            log.critical("cannot keep state, so nothing is evaluated or sent until that works", error=str(error))
        self.refused = f"the store refuses: {error}"

    def write(self) -> None:
        """Write what the log has yet to say."""
        self._scribe.write()
