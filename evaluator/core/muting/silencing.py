"""Silences at work: set and ended by people, opened by maintenance windows, written in the configuration.

What people do is kept: the silences and windows that they set, and what they made of others. Everything else is *derived*, at
every start anew: the silences of the configuration, and the occurrence of each window that is on and the one that comes next.
Their ids follow from what they say, so an occurrence that somebody ended early is known as ended, and the others open again.

When what they are derived from changes, derived silences follow: at once, under their id as long as they mute the same alerts,
else under another. Only what somebody edited or ended by hand stays as that person left it; ending a window by hand ends the
occurrence that is on whoever made it what it is, and that end is kept.

A silence may end with the alerts that it was set for, at the latest at its end: when all of them are over, so is it. Which ones
that are is written into it when it is set, so what begins to fire later does not keep it alive.

Whenever a silence begins or ends, the groups of the alerts that it matches are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.alerts import Alerts
from evaluator.core.journal import Journal
from evaluator.core.matchers import MatcherMode
from evaluator.core.muting.silence import UNTIL_RESOLVED, Silence, SilenceState
from evaluator.core.muting.silence_ending import Ending
from evaluator.core.muting.silence_index import SilenceIndex
from evaluator.core.muting.silences import SilenceChange, Silences
from evaluator.core.muting.window_table import Windows
from evaluator.core.muting.windows import Window, next_occurrence, occurrence
from evaluator.core.notifying.dispatch import Dispatch
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers

BOUNDARY = "silence"
MOST_AWAITED = 1000
"""Alerts that a silence ends with; what fires beyond these does not keep it alive."""


class Silencing:
    """Keeps silences and windows moving."""

    def __init__(
        self, silences: Silences, alerts: Alerts, dispatch: Dispatch, timers: Timers, journal: Journal, ending: Ending
    ) -> None:
        self.silences = silences
        self.windows = Windows()
        self.ending = ending
        self._alerts = alerts
        self._dispatch = dispatch
        self._timers = timers
        self._journal = journal
        self._derived: dict[str, dict[str, Silence]] = {}
        self._awaited: dict[str, frozenset[str]] = {}
        self._retention = timedelta(0)
        self._collect_at: datetime | None = None

    def opened(self) -> dict[str, Window]:
        """By the id of each occurrence that is on or comes next, the window that it is of."""
        owners = ((self.windows.get(owner), derived) for owner, derived in self._derived.items())
        return {name: window for window, derived in owners if window is not None for name in derived}

    # -- people -------------------------------------------------------------------------------------------------------

    def set(self, wanted: Silence, now: datetime, fresh_id: str = "") -> None:
        """Somebody makes or edits a silence; what cannot be done changes nothing."""
        change = self.silences.set(self.awaiting(wanted), now, fresh_id)
        if isinstance(change, SilenceChange):
            for silence in change.changed:
                self._journal.save(silence)
            self._concerns((*change.changed, *((change.former,) if change.former else ())), now)
            self._remember(change.expired)
            self._await()

    def expire(self, name: str, now: datetime, by: str = "") -> None:
        """Somebody ends a silence. by: who, if that is known."""
        former = self.silences.get(name)
        ended = self.silences.expire(name, now, by)
        if isinstance(ended, Silence) and ended is not former:
            self._journal.save(ended)
            self._concerns((ended,), now)
            self._remember(ended)
            self._await()

    def set_window(self, wanted: Window, now: datetime) -> None:
        """Somebody makes or edits a window; what cannot be done changes nothing."""
        window = self.windows.set(wanted, now)
        if isinstance(window, Window):
            self._journal.save(window)
            self._open(window, now)
            self._collect(now)

    def end_window(self, name: str, now: datetime, by: str = "") -> None:
        """Somebody ends a window, and with it the occurrence that is on. by: who, if that is known."""
        former, window = self.windows.get(name), self.windows.end(name, now, by)
        if not isinstance(window, Window) or window is former:
            return
        self._journal.save(window)
        for ident, derived in self._derived.get(name, {}).items():
            if self.silences.get(ident) != derived or derived.state(now) is SilenceState.ACTIVE:
                self.expire(ident, now, by)
        self._open(window, now)
        self._collect(now)

    def awaiting(self, wanted: Silence) -> Silence:
        """The silence with the alerts that it ends with, if it is to end with alerts: those that fire now and that it mutes."""
        known = self.silences.get(wanted.id)
        stays = known is None or known.matcher_sets == wanted.matcher_sets or known.awaited != wanted.awaited
        if wanted.awaited is None or (wanted.awaited and stays):
            return wanted
        firing = sorted(alert.fingerprint for alert in self._alerts if alert.firing and wanted.matches(alert.labels))
        others = tuple(pair for pair in wanted.annotations if pair[0] != UNTIL_RESOLVED)
        found = (UNTIL_RESOLVED, " ".join(firing[:MOST_AWAITED]))
        return replace(wanted, annotations=tuple(sorted((*others, found))))

    def outlive(self, now: datetime) -> None:
        """End the silences whose alerts are all over; the end of every step."""
        for name, awaited in list(self._awaited.items()):
            if not any((alert := self._alerts.get(one)) is not None and alert.firing for one in awaited):
                self.expire(name, now)

    # -- the clock ----------------------------------------------------------------------------------------------------

    def cross(self, now: datetime) -> None:
        """Silences have begun or ended by the clock, windows have begun again, or something has been kept for long enough."""
        crossed = self.silences.crossed(now)
        self._concerns(crossed, now)
        for silence in crossed:
            self._remember(silence if silence.state(now) is SilenceState.EXPIRED else None)
        for window in self.windows.due(now):
            self._open(window, now)
        if self._collect_at is not None and self._collect_at <= now:
            self._collect(now)
        self._await()

    def _remember(self, ended: Silence | None) -> None:
        """A silence is over; forget it when it has been for `retention`."""
        if ended is not None:
            due = ended.ends_at + self._retention
            self._collect_at = due if self._collect_at is None else min(self._collect_at, due)

    def _collect(self, now: datetime) -> None:
        """Forget what has been over for as long as is remembered, and find out when that is next.

        What somebody ended early is remembered for as long as it would be derived again.
        """
        derived = {name for silences in self._derived.values() for name in silences}
        for name in self.silences.gc(now, self._retention, derived):
            self._journal.forget(Silence, (name,))
        for name in self.windows.gc(now, self._retention):
            self._journal.forget(Window, (name,))
        ends = [silence.ends_at for silence in self.silences if silence.ends_at <= now and silence.id not in derived]
        ends += self.windows.ends()
        self._collect_at = min(ends) + self._retention if ends else None
        self._await()

    def _await(self) -> None:
        coming = [self.silences.next_boundary, self.windows.next_start, self._collect_at]
        ahead = [at for at in coming if at is not None]
        if ahead:
            self._timers.set((BOUNDARY,), min(ahead))
        else:
            self._timers.cancel((BOUNDARY,))

    # -- the configuration and what was kept --------------------------------------------------------------------------

    def configure(self, settings: Settings, now: datetime) -> None:
        """Take over what the configuration says; what it no longer says ends."""
        self._retention = settings.retention
        for each in (self.silences, self.windows):
            each.limits, each.classic_names = settings.limits, settings.matcher_mode is MatcherMode.CLASSIC
        derived = {name for silences in self._derived.values() for name in silences}
        own = [silence.id for silence in self.silences if silence.id not in derived]
        self.ending.configure(settings.silence_policy.notify_before_end, own, now)
        self.windows.configure(settings.windows, now)
        lines = {silence.id: silence for silence in settings.silences if silence.ends_at > now - self._retention}
        for owner in self._derived.keys() - lines.keys():
            if self.windows.get(owner) is None:
                self._derive(owner, (), now)
        for name, silence in lines.items():
            self._derive(name, (silence,), now)
        for window in self.windows:
            self._open(window, now)
        self._collect(now)

    def restore(self, silences: Iterable[Silence], windows: Iterable[Window], now: datetime) -> None:
        """Take back what people set or ended, before the first event; that counts more than what the configuration says."""
        for silence in silences:
            self.silences.take(silence)
            self._watch(silence.id, now)
        self.windows.restore(windows, now)
        for window in self.windows:
            self._open(window, now)
        self._collect(now)

    # -- deriving -----------------------------------------------------------------------------------------------------

    def _open(self, window: Window, now: datetime) -> None:
        """Have the occurrence that is on, and the next one."""
        found = (occurrence(window, now), next_occurrence(window, now))
        self._derive(window.id, [silence for silence in found if silence is not None], now)

    def _derive(self, owner: str, wanted: Iterable[Silence], now: datetime) -> None:
        """Have the silences that follow from a window or a line of the configuration, and no others.

        One that is known is replaced only if it is as it was derived before: otherwise somebody has edited or ended it.
        """
        former = self._derived.pop(owner, {})
        found = {silence.id: silence for silence in wanted}
        for name in sorted(former.keys() - found.keys()):
            self._withdraw(former[name], now)
        if found:
            self._derived[owner] = found
        for name, silence in found.items():
            known = self.silences.get(name)
            if known is None or (known == former.get(name) and known != silence):
                self.silences.take(silence, now)
                self._concerns((silence,), now)

    def _withdraw(self, derived: Silence, now: datetime) -> None:
        """Nothing says this silence any more. It goes without a trace, unless it is over or was touched by somebody."""
        known = self.silences.get(derived.id)
        if known == derived and derived.state(now) is not SilenceState.EXPIRED:
            self.silences.drop(derived.id)
            self._concerns((derived,), now)
        elif known is not None and known.state(now) is SilenceState.EXPIRED:
            self._remember(known)

    def _watch(self, name: str, now: datetime) -> None:
        """A silence is another one than before: follow when, and with what, it ends."""
        silence = self.silences.get(name)
        if silence is not None and silence.awaited is not None and silence.state(now) is not SilenceState.EXPIRED:
            self._awaited[name] = silence.awaited
        else:
            self._awaited.pop(name, None)
        if not any(name in derived for derived in self._derived.values()):
            self.ending.follow(name, now)

    def _concerns(self, silences: Iterable[Silence], now: datetime) -> None:
        """Let the groups of all alerts that these silences match look again.

        Each alert is looked at once, however many silences there are: a start brings all that were kept at the same time.
        """
        index = SilenceIndex()
        for number, silence in enumerate(silences):
            self._watch(silence.id, now)
            index.add(str(number), silence.matcher_sets)
        if index:
            self._dispatch.remuted([alert.fingerprint for alert in self._alerts if index.matches(alert.labels)], now)
