"""What one step of the machine asks for, gathered while it runs.

A record that changes several times within a step is saved once, as it stands at the end: parts call `touch` with
something that can make its record, and the record is made when the step is over.
"""

from __future__ import annotations

from collections.abc import Callable

from evaluator.core.effects import Deliver, Effect, Forget, Forward, ForwardedAlert, Note, RunQuery, RunRange, Save
from evaluator.core.records import History, OutboxRecord, Record


class Journal:
    """Collects effects; `close` gives them in the order: saves and forgets, notes, then what is to be performed."""

    def __init__(self) -> None:
        self._kept: dict[tuple[type[Record], tuple[str, ...]], Callable[[], Record] | None] = {}
        self._notes: list[Note] = []
        self._perform: list[RunQuery | RunRange | Deliver | Forward] = []

    def touch(self, kind: type[Record], key: tuple[str, ...], record: Callable[[], Record]) -> None:
        """The record of this kind and key has changed; `record` makes it when the step ends."""
        self._kept[kind, key] = record

    def save(self, record: Record) -> None:
        """Keep `record`."""
        self._kept[type(record), record.key] = lambda: record

    def forget(self, kind: type[Record], key: tuple[str, ...]) -> None:
        """Drop the record of this kind and key."""
        self._kept[kind, key] = None

    def note(self, record: History) -> None:
        """Append to the history."""
        self._notes.append(Note(record))

    def query(self, effect: RunQuery | RunRange) -> None:
        """Ask for evaluations of a rule."""
        self._perform.append(effect)

    def deliver(self, row: OutboxRecord) -> None:
        """Ask for a delivery."""
        self._perform.append(Deliver(row))

    def forward(self, alerts: tuple[ForwardedAlert, ...]) -> None:
        """Ask for alerts to be posted to the Alertmanagers."""
        self._perform.append(Forward(alerts))

    @property
    def untouched(self) -> bool:
        """Whether nothing is to be kept or noted so far."""
        return not self._kept and not self._notes

    def close(self) -> list[Effect]:
        """Everything gathered since the last call."""
        if self.untouched:
            effects: list[Effect] = [*self._perform]
        else:
            kept = [Forget(kind, key) if record is None else Save(record()) for (kind, key), record in self._kept.items()]
            effects = [*kept, *self._notes, *self._perform]
            self._kept, self._notes = {}, []
        self._perform = []
        return effects
