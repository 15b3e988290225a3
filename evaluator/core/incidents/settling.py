"""What a new configuration, or a restart, means for incidents that are there.

Routes and groups may be others than before. An incident keeps the policy that it was opened with, and goes on where its alerts
are found now: whoever is on it is not called for it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from evaluator.core.incidents.belonging import without_severity
from evaluator.core.incidents.looking import Looking
from evaluator.core.incidents.members import Members
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.records import Happening, IncidentRecord, Moment
from evaluator.core.incidents.register import Register
from evaluator.core.incidents.standing import Standing
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.routing.grouping import AlertGroup


class Settling:
    """See the module. groups: all alert groups by id."""

    def __init__(
        self,
        groups: Mapping[str, AlertGroup],
        register: Register,
        members: Members,
        standing: Standing,
        looking: Looking,
        journal: Journal,
    ) -> None:
        self._groups = groups
        self._register = register
        self._members = members
        self._standing = standing
        self._looking = looking
        self._journal = journal

    def note_policies(self, former: Mapping[str, Escalation], now: datetime) -> None:
        """Say of open incidents whose policies are others in the configuration that they keep theirs."""
        for record in self._register.open():
            name = record.policy.name
            after = self._standing.ladders.escalations.get(name)
            if after == former.get(name):
                continue
            if after == record.policy:
                self._note(record, f'the policy "{name}" is again the one that this incident was opened with', now)
            else:
                said = "is no longer in the configuration" if after is None else "has changed"
                self._note(record, f'the policy "{name}" {said}; this incident keeps the one that it was opened with', now)

    def settle(self, now: datetime) -> None:
        """Look at everything, under a configuration that may group and route it otherwise than before."""
        if not self._standing.ladders.escalations and not self._register.table:
            return  # as in `Looking.stirred`: nobody is chased, so nobody asks which groups are one incident
        for name in self._groups:
            self._members.identify(name, self._standing.identity)
        for record in self._register.open():
            self._move(record, now)
        known = {record.identity for record in self._register.open()}
        self._looking.stirred(list(self._groups), now)
        for identity in sorted(known - self._members.identities):
            self._looking.look(identity, now)

    def _move(self, record: IncidentRecord, now: datetime) -> None:
        """Let an incident go on whose alerts are all found elsewhere now."""
        if self._members.firing(record.identity):
            return
        taken = {one.identity for one in self._register.open()}
        for identity in sorted(self._members.identities - taken):
            for alert, group in self._members.firing(identity):
                if alert.fingerprint in record.alerts and self._standing.policy(group, record.component) is not None:
                    self._rename(record, identity, without_severity(group.labels), now)
                    return

    def _rename(self, record: IncidentRecord, identity: str, labels: Labels, now: datetime) -> None:
        record = self._register.rename(replace(record, labels=labels, updated_at=now), identity)
        self._note(record, "the configuration routes or groups its alerts otherwise; this incident goes on", now)

    def _note(self, record: IncidentRecord, said: str, now: datetime) -> None:
        self._journal.note(Moment(now, record.number, record.epoch, Happening.POLICY, said))
