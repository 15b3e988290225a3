"""Silences at work: set and ended by people, opened by maintenance windows, written in the configuration.

A silence that somebody sets or ends is kept. What the configuration says is not: it is read again at every start, under ids
that follow from what it says, so an occurrence that somebody ended early is known as ended, and the others open again.

Whenever a silence begins or ends, the groups of the alerts that it matches are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from evaluator.core.alerts import Alerts
from evaluator.core.dispatch import Dispatch
from evaluator.core.journal import Journal
from evaluator.core.silence import Silence
from evaluator.core.silences import SilenceChange, Silences
from evaluator.core.timers import Timers
from evaluator.core.windows import Window, next_occurrence, occurrence

BOUNDARY = "silence"


class Silencing:
    """Keeps the silences moving. retention: how long one that is over is remembered."""

    def __init__(self, silences: Silences, alerts: Alerts, dispatch: Dispatch, timers: Timers, journal: Journal) -> None:
        self.silences = silences
        self._alerts = alerts
        self._dispatch = dispatch
        self._timers = timers
        self._journal = journal
        self._windows: dict[str, Window] = {}
        self._written: set[str] = set()

    def set(self, wanted: Silence, now: datetime) -> None:
        """Somebody makes or edits a silence; what cannot be done changes nothing."""
        change = self.silences.set(wanted, now)
        if isinstance(change, SilenceChange):
            for silence in change.changed:
                self._journal.save(silence)
            self._concerns((*change.changed, *((change.former,) if change.former else ())), now)

    def expire(self, name: str, now: datetime) -> None:
        """Somebody ends a silence."""
        former = self.silences.get(name)
        ended = self.silences.expire(name, now)
        if isinstance(ended, Silence) and ended is not former:
            self._journal.save(ended)
            self._concerns((ended,), now)

    def cross(self, now: datetime, retention: timedelta) -> None:
        """Silences have begun or ended by the clock."""
        self._concerns(self.silences.crossed(now), now)
        for window in self._windows.values():
            self._open(window, now)
        for name in self.silences.gc(now, retention):
            self._journal.forget(Silence, (name,))
        self._await()

    def restore(self, kept: Iterable[Silence]) -> None:
        """Take back what people set or ended, before the first event; that counts more than what the configuration says."""
        for silence in kept:
            self.silences.restore(silence)
        self._await()

    def configure(self, windows: Iterable[Window], written: Iterable[Silence], now: datetime) -> None:
        """Take over what the configuration says; what it no longer says ends."""
        self._windows = {window.name: window for window in windows}
        former, self._written = self._written, set()
        for silence in written:
            self._admit(silence, now)
        for window in self._windows.values():
            self._open(window, now)
        for name in sorted(former - self._written):
            ended = self.silences.expire(name, now)
            if isinstance(ended, Silence):
                self._concerns((ended,), now)
        self._await()

    def _open(self, window: Window, now: datetime) -> None:
        """Have the occurrence that is on, and the next one."""
        current = occurrence(window, now)
        for silence in (current, next_occurrence(window, now)):
            if silence is not None:
                self._admit(silence, now)

    def _admit(self, silence: Silence, now: datetime) -> None:
        self._written.add(silence.id)
        if self.silences.admit(silence):
            self._concerns((silence,), now)

    def _concerns(self, silences: Iterable[Silence], now: datetime) -> None:
        """Let the groups of all alerts that these silences match look again."""
        for silence in silences:
            self._dispatch.remuted([alert.fingerprint for alert in self._alerts if silence.matches(alert.labels)], now)
        self._await()

    def _await(self) -> None:
        boundary = self.silences.next_boundary
        if boundary is None:
            self._timers.cancel((BOUNDARY,))
        else:
            self._timers.set((BOUNDARY,), boundary)
