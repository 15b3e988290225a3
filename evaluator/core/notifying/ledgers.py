"""What each integration was told of each group, and when what fires is to be told again.

A ledger changes when a message was accepted, and when an attempt ended without an answer: then what it told is unsure, for it
may have arrived. It changes in no other way, but for what it says of mutes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from evaluator.core.journal import Journal
from evaluator.core.notifying.dedup import Terms
from evaluator.core.records import LedgerRecord, Notification, OutboxRecord, Pairs
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.timers import Timers

REPEAT = "repeat"


class Told(NamedTuple):
    """A message that an integration accepted. at: when it was decided. firing, resolved: fingerprints of what it told.

    receipt: the provider's message ids.
    """

    at: datetime
    firing: frozenset[str]
    resolved: frozenset[str]
    receipt: Pairs = ()


class Ledgers:
    """compatibility: keep Alertmanager's times, and be as sure as it is."""

    def __init__(self, timers: Timers, journal: Journal) -> None:
        self.compatibility = False
        self._timers = timers
        self._journal = journal

    def terms(self, group: AlertGroup, lane: Lane) -> Terms:
        """How this integration wants to be told of this group. With Alertmanager's times the ticks alone keep repeats apart."""
        route = group.route
        repeat = route.repeat_interval if self.compatibility else max(route.repeat_interval, route.group_interval)
        return Terms(repeat, lane.integration.send_resolved, late=self.compatibility)

    def told(self, group: AlertGroup, lane: Lane, what: Told, now: datetime) -> None:
        """Remember what the integration was told, and when what fires is due again.

        What it was told before and is not in this message is muted; it stays told, also if it is over meanwhile.
        """
        before = lane.told.owed if lane.told and not self.compatibility else frozenset[str]()
        held = tuple(sorted(name for name in before - what.firing - what.resolved if _holds(group, lane, name)))
        known, over = tuple(sorted(what.firing.union(held))), tuple(sorted(what.resolved))
        lane.told = LedgerRecord(group.id, lane.name, what.at, known, over, what.receipt, held)
        self._journal.save(lane.told)
        if what.firing:
            self._timers.set((REPEAT, group.id, lane.name), max(now, what.at + self.terms(group, lane).repeat))
        else:
            self._timers.cancel((REPEAT, group.id, lane.name))

    def doubt(self, group: AlertGroup, lane: Lane, row: OutboxRecord, now: datetime) -> None:
        """Nobody knows whether this row arrived: of what it tells that the integration did not know, neither is sure."""
        if self.compatibility:
            return
        told = lane.told or LedgerRecord(group.id, lane.name, now)
        begun, over = named_in(row.notification)
        known = frozenset(told.firing)
        unsure = tuple(sorted((begun - known) | (over & known) | frozenset(told.unsure)))
        lane.told = replace(told, firing=tuple(sorted(known - over)), unsure=unsure)
        self._journal.save(lane.told)

    def await_repeat(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Have the timer for what fires and is to be told again."""
        if lane.told is not None and lane.told.firing:
            due = lane.told.told_at + self.terms(group, lane).repeat
            self._timers.set((REPEAT, group.id, lane.name), max(now, due))


def _holds(group: AlertGroup, lane: Lane, name: str) -> bool:
    alert = group.alerts.get(name)
    return alert is not None and (alert.firing or lane.integration.send_resolved)


def named_in(message: Notification) -> tuple[frozenset[str], frozenset[str]]:
    """The fingerprints of what a message tells as firing, and as resolved."""
    firing, resolved = (frozenset(one.labels.fingerprint for one in some) for some in (message.firing, message.resolved))
    return firing, resolved
