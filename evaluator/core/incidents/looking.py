"""What alerts do to incidents: one is looked at when an alert group of it has stirred.

From the groups it is read what fires and what is muted; the transitions say what that comes to. An open incident follows its
alerts at once, without waiting for ticks: a ladder must not climb on for what is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from evaluator.core.events import QueryFailed, QueryReturned
from evaluator.core.incidents import transitions
from evaluator.core.incidents.belonging import SEVERITY
from evaluator.core.incidents.chasing import Chasing
from evaluator.core.incidents.composing import Composing
from evaluator.core.incidents.members import Firing, Members, fingerprints, name_of, title
from evaluator.core.incidents.opening import Opening
from evaluator.core.incidents.pages import Pages
from evaluator.core.incidents.records import IncidentRecord, Resolution
from evaluator.core.incidents.register import Register
from evaluator.core.incidents.standing import Standing


class Looking:
    """See the module. answers_again: a rule has answered while an incident is given up, which `stirred` is to look at again."""

    def __init__(
        self,
        register: Register,
        chasing: Chasing,
        opening: Opening,
        pages: Pages,
        members: Members,
        standing: Standing,
        composing: Composing,
    ) -> None:
        self.answers_again = False
        self._register = register
        self._chasing = chasing
        self._opening = opening
        self._pages = pages
        self._members = members
        self._standing = standing
        self._composing = composing

    def answered(self, event: QueryReturned | QueryFailed) -> None:
        """A rule was answered, or not."""
        self.answers_again = bool(self._chasing.given_up) and isinstance(event, QueryReturned)

    def stirred(self, groups: Iterable[str], now: datetime) -> None:
        """Something about these alert groups has changed."""
        if not self._standing.ladders.escalations and not self._register.table:
            return
        found = {self._members.identify(name, self._standing.identity) for name in groups}
        if self.answers_again:
            self.answers_again, again = False, self._chasing.given_up
            self._chasing.given_up = set()
            found |= again
        for identity in sorted(filter(None, found)):
            self.look(identity, now)

    def look(self, identity: str, now: datetime) -> None:
        """Deal with what fires of one incident, which may not be there yet, or over."""
        firing, record = self._members.firing(identity), self._register.known_as(identity)
        if record is not None and record.dismissed:
            record = self._forgive(record, firing)
            firing = [(alert, group) for alert, group in firing if alert.fingerprint not in record.dismissed]
        if record is not None and record.open:
            self._follow(record, firing, now)
        elif record is not None and firing and self._unseen(record, now):
            self._chasing.given_up.add(identity)
        else:
            self._opening.consider(identity, record, firing, now)

    def _forgive(self, record: IncidentRecord, firing: Firing) -> IncidentRecord:
        """Of the alerts that somebody resolved by hand, those that have ended since count again."""
        still = tuple(sorted(set(record.dismissed) & {alert.fingerprint for alert, _ in firing}))
        return record if still == record.dismissed else self._chasing.keep(replace(record, dismissed=still))

    def look_at_all(self, now: datetime) -> None:
        """Look at every open incident."""
        for record in self._register.open():
            self.look(record.identity, now)

    def _unseen(self, record: IncidentRecord, now: datetime) -> bool:
        """Whether an incident was given up, and nothing can be asked about its alerts yet: they are as unsure as before."""
        if record.resolution is not Resolution.STALE or record.resolved_at is None:
            return False
        return self._composing.seen_at(record, now) <= record.resolved_at

    def _follow(self, record: IncidentRecord, firing: Firing, now: datetime) -> None:
        """Tell an open incident what its alerts have come to."""
        if not firing:
            why = next((alert.why for alert in self._members.alerts(record.identity) if alert.why), "")
            self._chasing.do(transitions.resolved(record, Resolution.CONDITION, now, why), now)
            return
        record = self._count(record, firing, now)
        record = self._rate(record, firing, now)
        self._hold(record, firing, now)

    def _count(self, record: IncidentRecord, firing: Firing, now: datetime) -> IncidentRecord:
        """Say which alerts have joined, and which have left."""
        before, after = set(record.alerts), {alert.fingerprint: alert for alert, _ in firing}
        if before == after.keys():
            return record
        record = replace(record, alerts=fingerprints(firing), title=title(firing, record.labels))
        fresh = [name_of(alert) for name, alert in after.items() if name not in before]
        gone = before - after.keys()
        if fresh:
            quietly = self._joins_quietly(record, firing, before, now)
            record = self._chasing.do(transitions.joined(record, fresh, now, quietly), now)
        if gone:
            names = [name_of(alert) for alert in self._members.alerts(record.identity) if alert.fingerprint in gone]
            record = self._chasing.do(
                transitions.left(record, names or ["1 alert" if len(gone) == 1 else f"{len(gone)} alerts"], now), now
            )
        return record

    def _joins_quietly(self, record: IncidentRecord, firing: Firing, known: Collection[str], now: datetime) -> bool:
        """Whether nobody need hear of those that are not known yet: something mutes them, or something worse is told anyway."""
        fresh = [(alert, group) for alert, group in firing if alert.fingerprint not in known]
        return not self._standing.free(fresh, now) or self._rises(record, firing, now)

    def _rises(self, record: IncidentRecord, firing: Firing, now: datetime) -> bool:
        """Whether it is worse than it has ever been."""
        worst, _ = self._standing.worst(firing, now)
        return self._standing.rank(worst) > self._standing.ladders.rank(record.worst)

    def _rate(self, record: IncidentRecord, firing: Firing, now: datetime) -> IncidentRecord:
        alert, group = self._standing.worst(firing, now)
        severity = alert.labels.get(SEVERITY, "")
        if severity == record.severity:
            return record
        policy = self._standing.policy(group, record.component)
        rises = self._rises(record, firing, now)
        return self._chasing.do(transitions.rerated(record, severity, policy, group.route.id, rises, now), now)

    def _hold(self, record: IncidentRecord, firing: Firing, now: datetime) -> None:
        holds = self._standing.holds(record, firing, now)
        if holds == record.holds:
            return
        ended_by = self._standing.unsilenced_by(firing, now)
        record = self._chasing.do(transitions.held(record, holds, now, ended_by), now)
        if not holds:
            self._pages.resume(record, now)
