"""Maintenance: while somebody works on something, nobody is chased for it.

It holds the clocks of incidents and mutes nothing: incidents stay in sight, and receivers are told as always; to keep those
quiet is what silences are for. When it ends, the rules are asked before any ladder goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from evaluator.core.incidents.records import MaintenanceRecord
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels, match_all
from evaluator.core.timers import Timers

MAINTENANCE = "maintenance"
"""Of timers."""


class Maintaining:
    """What is on, and what is planned; what is over is forgotten."""

    def __init__(self, timers: Timers, journal: Journal) -> None:
        self.table: dict[str, MaintenanceRecord] = {}
        self._timers = timers
        self._journal = journal

    def holds(self, labels: Labels, now: datetime) -> bool:
        """Whether somebody works on what has these labels."""
        return any(one.on(now) and match_all(one.matchers, labels) for one in self.table.values())

    def set(self, maintenance: MaintenanceRecord, now: datetime) -> None:
        """Take a new one, or another version of one that is known."""
        self.table[maintenance.id] = maintenance
        self._journal.save(maintenance)
        self._await(now)

    def end(self, ident: str, now: datetime) -> None:
        """One is over, or is not to be."""
        known = self.table.get(ident)
        if known is not None and known.ends_at > now:
            self.set(replace(known, ends_at=now), now)
            self.cross(now)

    def cross(self, now: datetime) -> None:
        """Let those go that are over."""
        for one in [one for one in self.table.values() if one.ends_at <= now]:
            del self.table[one.id]
            self._journal.forget(MaintenanceRecord, one.key)
        self._await(now)

    def restore(self, kept: Iterable[MaintenanceRecord], now: datetime) -> None:
        """Take everything back from the store."""
        self.table.update({one.id: one for one in kept})
        self.cross(now)

    def _await(self, now: datetime) -> None:
        """Have the timer for the next beginning or end."""
        edges = [edge for one in self.table.values() for edge in (one.starts_at, one.ends_at) if edge > now]
        if edges:
            self._timers.set((MAINTENANCE,), min(edges))
        else:
            self._timers.cancel((MAINTENANCE,))
