"""How alerts leave their groups, and groups end: once nothing is on its way, and everybody has heard what is owed to them.

Receivers leave as well, when a reload takes them away, mostly together with their route: whoever believes that something fires
is kept until that was told to be over. A restart cannot do that, for nobody knows how they were reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from evaluator.core.alerts import Alert, Alerts
from evaluator.core.journal import Journal
from evaluator.core.muting.muting import Muting
from evaluator.core.notifying.fallback import PATIENCE
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import Outgoing
from evaluator.core.records import AlertRecord, LedgerRecord
from evaluator.core.routing.grouping import AlertGroup, Lane
from evaluator.core.routing.joining import Groups
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers


def with_leaving(settings: Settings, former: Settings, groups: Iterable[AlertGroup]) -> Settings:
    """The new configuration, with those receivers of the former one that it has not, and that are owed an end."""
    if settings.compatibility:
        return settings
    known = {receiver.name for receiver in settings.told}
    owed = {lane.receiver for group in groups for lane in group.lanes.values() if _is_owed(lane)}
    return replace(settings, leaving=tuple(one for one in former.told if one.name in owed - known))


def _is_owed(lane: Lane) -> bool:
    return lane.integration.send_resolved and lane.told is not None and bool(lane.told.owed)


class Leaving:
    """Lets alerts go, groups after them, and lanes that nobody needs."""

    def __init__(
        self, groups: Groups, alerts: Alerts, muting: Muting, outgoing: Outgoing, timers: Timers, journal: Journal
    ) -> None:
        self._groups = groups
        self._alerts = alerts
        self._muting = muting
        self._outgoing = outgoing
        self._timers = timers
        self._journal = journal

    def settle(self, group: AlertGroup, now: datetime) -> None:
        """Once nothing is on its way, let the ended alerts go that everybody has heard of; and the group, if it is empty."""
        if not group.idle:
            return
        for fingerprint, updated_at in group.considered.items():
            alert = group.alerts.get(fingerprint)
            if alert is not None and not alert.firing and alert.updated_at == updated_at and not self._owed(group, fingerprint):
                self._leave(group, alert)
        group.considered = {}
        if not group.alerts:
            self._close(group, now)

    def _owed(self, group: AlertGroup, fingerprint: str) -> bool:
        """Whether somebody who was told that this alert fires, and wants to hear of its end, has not heard of it."""
        if self._outgoing.compatibility:
            return False
        return any(
            lane.told is not None and lane.integration.send_resolved and fingerprint in lane.told.owed
            for lane in group.lanes.values()
        )

    def _leave(self, group: AlertGroup, alert: Alert) -> None:
        del group.alerts[alert.fingerprint]
        alert.groups.discard(group.id)
        if alert.groups or alert.firing:
            self._journal.touch(AlertRecord, alert.key, alert.record)
            return
        if not alert.within:
            self._alerts.forget(alert)
            self._muting.forget(alert)
        self._journal.forget(AlertRecord, alert.key)

    def _close(self, group: AlertGroup, now: datetime) -> None:
        self._groups.remove(group)
        for lane in group.lanes.values():
            self._forget(group, lane, now)

    def forsake(self, group: AlertGroup, alert: Alert, now: datetime) -> None:
        """Take an alert that fires on out of a group without a word."""
        del group.alerts[alert.fingerprint]
        alert.groups.discard(group.id)
        self._groups.stir(group)
        self._journal.touch(AlertRecord, alert.key, alert.record)
        self.settle(group, now)

    def remove_lane(self, group: AlertGroup, name: str, now: datetime) -> None:
        """Tell this integration nothing more of the group, and forget what it was told."""
        lane = group.lanes.pop(name)
        if lane.row is not None:
            self._outgoing.rows.drop(lane)
        self._forget(group, lane, now)

    def _forget(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        self._timers.cancel((REPEAT, group.id, lane.name))
        self._timers.cancel((PATIENCE, group.id, lane.name))
        if lane.told is not None:
            self._journal.forget(LedgerRecord, lane.told.key)
            self._outgoing.storming.left(group, lane, now)
