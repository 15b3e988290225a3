"""When each rule last fired: what has not for half a year is worth a look, for it may be unable to.

History is kept for days and this for as long as the rule is there, so it is a record of its own, changed when a rule is new and
when it fires for the first time in a day. It is not worth a commit: it is kept along with whatever else is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.journal import Journal
from evaluator.core.records import FiringRecord

OFTEN_ENOUGH = timedelta(days=1)
"""How exactly it is known when a rule fired."""


class Firings:
    """table: by the key of the rule."""

    def __init__(self, journal: Journal) -> None:
        self.table: dict[str, FiringRecord] = {}
        self._journal = journal
        self._changed: set[str] = set()

    def know(self, rules: Iterable[str], now: datetime) -> None:
        """These are all the rules there are."""
        wanted = set(rules)
        for rule in sorted(self.table.keys() - wanted):
            del self.table[rule]
            self._changed.add(rule)
        for rule in sorted(wanted - self.table.keys()):
            self._keep(FiringRecord(rule, now))

    def fired(self, rule: str, now: datetime) -> None:
        """An alert of it has begun to fire."""
        known = self.table.get(rule)
        if known is not None and (known.fired_at is None or now - known.fired_at >= OFTEN_ENOUGH):
            self._keep(replace(known, fired_at=now))

    def restore(self, kept: Iterable[FiringRecord]) -> None:
        """Take everything back from the store."""
        self.table.update({one.rule: one for one in kept})

    def _keep(self, record: FiringRecord) -> None:
        self.table[record.rule] = record
        self._changed.add(record.rule)

    def ride_along(self) -> None:
        """Keep what has changed, if anything else is kept in this step."""
        if not self._changed or self._journal.untouched:
            return
        for rule in sorted(self._changed):
            known = self.table.get(rule)
            if known is None:
                self._journal.forget(FiringRecord, (rule,))
            else:
                self._journal.save(known)
        self._changed.clear()
