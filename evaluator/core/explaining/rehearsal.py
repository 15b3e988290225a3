"""What a group of alerts will do by itself: its next messages, found by letting a copy of it live ahead of time.

When is the next send, and what keeps it until then? The answer depends on ticks, retries, repeats, silences that end, hours
that begin, and on which of them comes first. So nothing here computes it: the group is copied with everything that is under
way, and the very code that runs at night, `Dispatch`, flushes the copy at the instants at which its timers are due. What it
asks for then is what will be sent.

That is true as long as nothing else happens: no alert begins or ends, nobody edits a silence, no configuration is loaded. Only
the clock goes on: silences and maintenance windows begin and end, and so do time intervals. Every receiver accepts what it is
handed, at once; of other groups that wait for a turn at it nothing is known here. What inhibits whom stays as it is, because
no alert changes.

A rehearsal ends when there is nothing left to wait for, when everybody has been told of the alert that is asked about, or
when it has become long; in the last case it says up to when it has looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.effects import Deliver
from evaluator.core.engine import Machine
from evaluator.core.frozen import frozen
from evaluator.core.journal import Journal
from evaluator.core.labels import match_all
from evaluator.core.muting.inhibition import Inhibitor
from evaluator.core.muting.intervals import NamedInterval
from evaluator.core.muting.muting import Muting
from evaluator.core.muting.silence import MatcherSet, Silence
from evaluator.core.muting.silences import Silences
from evaluator.core.muting.windows import Window, next_occurrence
from evaluator.core.notifying.destinations import Destinations
from evaluator.core.notifying.dispatch import Dispatch
from evaluator.core.notifying.fallback import PATIENCE
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import FLUSH
from evaluator.core.notifying.pacing import TURN
from evaluator.core.notifying.rows import RETRY
from evaluator.core.records import OutboxRecord
from evaluator.core.routing.grouping import AlertGroup
from evaluator.core.routing.routing import Route
from evaluator.core.timers import Key, Timers

WORK = 20_000
"""Alerts that are looked at in one rehearsal, the same one counted at every flush; some tenths of a second."""

FEWEST = 4
"""Instants that are looked at however many alerts there are."""

STEPS = 500
"""Instants that are looked at however few alerts there are."""

OCCURRENCES = 50
"""Times that a maintenance window is looked for ahead."""


@frozen
class Prospect:
    """Something that will happen if nothing else does. reason: of the decision behind it. again: an attempt is repeated."""

    at: datetime
    reason: str
    again: bool = False


@frozen
class Outlook:
    """What comes for one integration. Each is None when it does not come.

    decides: its next decision, whether or not it sends. sends: the next attempt to deliver anything. tells: the next attempt
    that speaks of the alert that is asked about. until: up to when was looked; None for ever.
    """

    decides: Prospect | None = None
    sends: Prospect | None = None
    tells: Prospect | None = None
    until: datetime | None = None


def rehearse(machine: Machine, group: AlertGroup, fingerprint: str, now: datetime) -> dict[str, Outlook]:
    """The outlook of each integration of a group, by name, on the alert with this fingerprint. The machine stays as it is.

    An attempt that is under way counts as accepted now, and what follows is what comes after it.
    """
    rehearsal = _Rehearsal(machine, group, fingerprint, now)
    until = rehearsal.run(now)
    return {name: replace(found, until=until) for name, found in rehearsal.outlooks.items()}


class _Standing(Muting):
    """Silences of its own; whoever is inhibited stays inhibited, and who leaves is not forgotten by the machine."""

    def __init__(self, muting: Muting, silences: Silences, intervals: Iterable[NamedInterval]) -> None:
        super().__init__(silences, (), Route(""), intervals)
        self._now = muting

    def inhibitor(self, alert: Alert, route: Route) -> Inhibitor | None:
        """As it is now."""
        return self._now.inhibitor(alert, route)


class _Rehearsal:
    """A copy of one group, and just enough around it to let it live."""

    def __init__(self, machine: Machine, group: AlertGroup, fingerprint: str, now: datetime) -> None:
        self.outlooks = dict.fromkeys(group.lanes, Outlook())
        self._fingerprint = fingerprint
        self._timers, self._journal, self._alerts = Timers(), Journal(), Alerts()
        self._group = self._copy(group)
        windows = [window for window in machine.silencing.windows if _concern(window.matcher_sets, group)]
        ahead = [[*_occurrences(machine, window, now)] for window in windows]
        self._silences = Silences([*_concerned(machine, group), *chain.from_iterable(ahead)], noticed=now)
        self._known_until = min((coming[-1].starts_at for coming in ahead if len(coming) >= OCCURRENCES), default=None)
        muting = _Standing(machine.muting, self._silences, machine.settings.time_intervals)
        self._dispatch = Dispatch(machine.settings, self._alerts, muting, self._timers, self._journal)
        self._dispatch.adopt(self._group)
        self._decisions = {name: lane.decision for name, lane in self._group.lanes.items()}
        for key in _timer_keys(group, machine.dispatch.destinations):
            if (at := machine.timers.at(key)) is not None:
                self._timers.set(key, at)

    def _copy(self, group: AlertGroup) -> AlertGroup:
        """The group with alerts of its own, that are in no other group."""
        alerts = {name: alert.twin(group.id) for name, alert in group.alerts.items()}
        for alert in alerts.values():
            self._alerts.admit(alert)
        lanes = {name: replace(lane) for name, lane in group.lanes.items()}
        return replace(group, alerts=alerts, lanes=lanes, considered=dict(group.considered))

    def run(self, now: datetime) -> datetime | None:
        """Live on from `now`; gives up to when, None when nothing more comes or it does not matter."""
        self._land(now)
        for _ in range(max(FEWEST, min(STEPS, WORK // max(1, len(self._group.alerts))))):
            due = self._next
            if due is None or all(found.tells and found.decides for found in self.outlooks.values()):
                return None
            if self._known_until is not None and due >= self._known_until:
                break
            now = max(now, due)
            self._fire(now)
        return self._next

    @property
    def _next(self) -> datetime | None:
        return min((at for at in (self._timers.next, self._silences.next_boundary) if at is not None), default=None)

    def _fire(self, now: datetime) -> None:
        """Do what is due, in the machine's order."""
        while (key := self._timers.pop_due(now)) is not None:
            match key:
                case (kind, group) if kind == FLUSH:
                    self._dispatch.flush(group, now)
                case (kind, row) if kind == RETRY:
                    self._dispatch.retry(row, now)
                case (kind, group, integration) if kind == REPEAT:
                    self._dispatch.repeat(group, integration, now)
                case (kind, group, integration) if kind == PATIENCE:
                    self._dispatch.lose_patience(group, integration, now)
                case (kind, service) if kind == TURN:
                    self._dispatch.take_turns(service, now)
        self._cross(now)
        self._perform(now)

    def _cross(self, now: datetime) -> None:
        """Silences begin and end by the clock."""
        changed = self._silences.crossed(now)
        touched = (alert.fingerprint for alert in self._alerts if any(silence.matches(alert.labels) for silence in changed))
        self._dispatch.remuted(touched, now)

    # -- what is asked for --------------------------------------------------------------------------------------------

    def _land(self, now: datetime) -> None:
        """What is under way has been accepted, unless it is to be tried again, as after a restart."""
        flying = [lane.row for lane in self._group.lanes.values() if lane.row is not None and lane.in_flight]
        for row in flying:
            if self._timers.at((RETRY, row.id)) is None:
                self._dispatch.delivered(row.id, (), now)
        self._perform(now)

    def _perform(self, now: datetime) -> None:
        """Take down what was decided and what is to be sent, and accept it; until nothing more comes of that."""
        self._note_decisions()
        while effects := self._journal.close():
            for row in [effect.row for effect in effects if isinstance(effect, Deliver)]:
                self._note_message(row, now)
                self._dispatch.delivered(row.id, (), now)

    def _note_decisions(self) -> None:
        for name, lane in self._group.lanes.items():
            found, decision = self.outlooks.setdefault(name, Outlook()), lane.decision
            if found.decides is None and decision is not None and decision is not self._decisions.get(name):
                self.outlooks[name] = replace(found, decides=Prospect(decision.at, decision.reason))

    def _note_message(self, row: OutboxRecord, now: datetime) -> None:
        found = self.outlooks.setdefault(row.integration, Outlook())
        sent = Prospect(now, row.notification.reason, row.attempts > 0)
        speaks = any(alert.labels.fingerprint == self._fingerprint for alert in row.notification.alerts)
        tells = found.tells or (sent if speaks else None)
        self.outlooks[row.integration] = replace(found, sends=found.sends or sent, tells=tells)


def _timer_keys(group: AlertGroup, destinations: Destinations) -> Iterator[Key]:
    yield (FLUSH, group.id)
    for lane in group.lanes.values():
        yield (REPEAT, group.id, lane.name)
        yield (PATIENCE, group.id, lane.name)
        yield (TURN, destinations.service(lane.name))
        if lane.row is not None:
            yield (RETRY, lane.row.id)


def _concerned(machine: Machine, group: AlertGroup) -> Iterator[Silence]:
    """The silences that mute, or will mute, some alert of the group."""
    silences = machine.muting.silences
    for name in sorted({name for alert in group.alerts.values() for name in silences.concerning(alert.labels)}):
        silence = silences.get(name)
        if silence is not None:
            yield silence


def _occurrences(machine: Machine, window: Window, now: datetime) -> Iterator[Silence]:
    """What comes of a window and is not a silence yet; of those that are, somebody may have ended one early."""
    following = next_occurrence(window, now)
    for _ in range(OCCURRENCES):
        if following is None:
            return
        yield machine.muting.silences.get(following.id) or following
        following = next_occurrence(window, following.starts_at)


def _concern(matcher_sets: Iterable[MatcherSet], group: AlertGroup) -> bool:
    """Whether any set matches any alert; what a set says of the group's labels rules most of them out at once."""
    for matchers in matcher_sets:
        common = [matcher for matcher in matchers if matcher.name in group.labels]
        if match_all(common, group.labels) and any(match_all(matchers, alert.labels) for alert in group.alerts.values()):
            return True
    return False
