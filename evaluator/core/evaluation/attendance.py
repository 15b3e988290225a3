"""Keeping until when an evaluator is at work, so that the next one knows what it missed.

It is kept with whatever changes the life of an alert, and else now and then: an evaluation that changes nothing writes
nothing, so what lies after the last note was evaluated without effect, or not at all, and is evaluated again. While any group
has yet to catch up, the note stays where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.journal import Journal
from evaluator.core.records import Presence

EVERY = timedelta(seconds=30)
"""How often it is kept while nothing changes."""


class Attendance:
    """changed: the life of some alert has, in this step."""

    def __init__(self, journal: Journal, groups: Mapping[str, GroupEvaluation], now: datetime) -> None:
        self.changed = False
        self._journal = journal
        self._groups = groups
        self._kept_at = now

    def slot_came(self, now: datetime) -> None:
        """A group begins a slot, so there is work."""
        self.changed = self.changed or now - self._kept_at >= EVERY

    def step_over(self, now: datetime) -> None:
        """Keep what this step made worth keeping."""
        if self.changed:
            self.changed = False
            self._keep(now)

    def _keep(self, now: datetime) -> None:
        """Keep that everything which came due until now has been done, where that is so."""
        if all(group.owed is None for group in self._groups.values()):
            self._kept_at = now
            self._journal.save(Presence(now))
