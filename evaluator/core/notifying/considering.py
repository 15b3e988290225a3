"""Whether an integration is told of a group now, what, and why: one decision for each lane.

What is muted is left out (`muting`). Whether the rest is worth telling is a question to `dedup`, against what it was last
told: its ledger. What is decided while a notification is on its way is decided again when that has been answered; what is
decided while one waits for a retry takes its place. Who refuses for good, or accepts nothing for long, has a fallback, which
considers the same group (`fallback`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from evaluator.core.alerts import MISSED, Alert
from evaluator.core.frozen import frozen
from evaluator.core.journal import Journal
from evaluator.core.muting.muting import Mute, Muting
from evaluator.core.notifying.dedup import Reason, decide
from evaluator.core.notifying.fallback import NOT_NEEDED, PATIENCE, known_of, why_standing_in
from evaluator.core.notifying.lanes import Lanes
from evaluator.core.notifying.ledgers import Told
from evaluator.core.notifying.outgoing import Outgoing
from evaluator.core.records import Decision
from evaluator.core.routing.grouping import AlertGroup, Lane, fingerprints
from evaluator.core.timers import Timers

MOST_MUTES = 20  # reasons that a decision names


@frozen
class _News:
    """What may be told to one integration: what no mute holds back, firing and resolved. held: fingerprints of what is held."""

    firing: list[Alert]
    resolved: list[Alert]
    held: frozenset[str]


class Considering:
    """Decides for lanes, and asks for what is to be sent."""

    def __init__(self, lanes: Lanes, muting: Muting, outgoing: Outgoing, timers: Timers, journal: Journal) -> None:
        self._lanes = lanes
        self._muting = muting
        self._outgoing = outgoing
        self._timers = timers
        self._journal = journal

    def mutes(self, group: AlertGroup, now: datetime) -> dict[str, Mute]:
        """Why which of the group's alerts are not told now, by fingerprint."""
        quiet = self.quiet(group, now)
        if quiet is not None:
            return dict.fromkeys(group.alerts, quiet)
        mutes = {}
        for name, alert in group.alerts.items():
            mute = self._muting.of_alert(alert, group.route, now)
            if mute is not None:
                mutes[name] = mute
        return mutes

    def quiet(self, group: AlertGroup, now: datetime) -> Mute | None:
        """Why the time of day mutes the group now; the group remembers that for those who look at it until the next flush."""
        quiet = self._muting.of_route(group.route, now)
        group.muted_by = quiet.names if quiet is not None else ()
        return quiet

    def consider(self, group: AlertGroup, lane: Lane, mutes: Mapping[str, Mute], now: datetime) -> None:
        """Decide whether this integration is told of the group now, and ask for it."""
        if lane.in_flight:
            lane.again = True
            return
        standing_in = why_standing_in(group, lane, self._lanes.receivers, now)
        news = self._news(group, lane, mutes, only_known=standing_in == NOT_NEEDED)
        reason = self._reason(group, lane, news, bool(mutes), now)
        if reason is Reason.REPEAT and standing_in == NOT_NEEDED:
            reason = Reason.UNCHANGED
        wanted = news.firing + news.resolved if lane.integration.send_resolved else news.firing
        if reason.due and not wanted:
            reason = Reason.RESOLVED_UNWANTED
            self._outgoing.told(group, lane, Told(now, frozenset(), fingerprints(news.resolved)), now)
        elif not reason.due:
            self._hold(lane, news.held)
        outbox = self._replace(group, lane, standing_in or str(reason), wanted if reason.due else (), now)
        self._decided(group, lane, reason, news, mutes, outbox, now)

    def _news(self, group: AlertGroup, lane: Lane, mutes: Mapping[str, Mute], only_known: bool) -> _News:
        """An alert that ended is told to whoever was told that it fires, whatever mutes it. only_known: and nothing else."""
        firing, resolved = group.split()
        held = frozenset[str]()
        if mutes:
            known = lane.told.owed if lane.told and not self._outgoing.compatibility else frozenset[str]()
            held = frozenset(alert.fingerprint for alert in firing if alert.fingerprint in mutes) & known
            firing = [alert for alert in firing if alert.fingerprint not in mutes]
            resolved = [alert for alert in resolved if alert.fingerprint not in mutes or alert.fingerprint in known]
        return _News(*(known_of(lane, firing, resolved) if only_known else (firing, resolved)), held)

    def _reason(self, group: AlertGroup, lane: Lane, news: _News, muted: bool, now: datetime) -> Reason:
        if muted and not news.firing and not news.resolved:
            return Reason.HELD
        told, over = fingerprints(news.firing), fingerprints(news.resolved)
        missed = frozenset(alert.fingerprint for alert in news.resolved if alert.why == MISSED)
        return decide(lane.told, told, over, now, self._outgoing.ledgers.terms(group, lane), news.held, missed)

    def _hold(self, lane: Lane, held: frozenset[str]) -> None:
        """Remember which of the alerts that were told are muted now; they are told once more when they are not."""
        if lane.told is not None and held - frozenset(lane.told.muted):
            lane.told = replace(lane.told, muted=tuple(sorted(held.union(lane.told.muted))))
            self._journal.save(lane.told)

    def _replace(self, group: AlertGroup, lane: Lane, why: str, wanted: list[Alert] | tuple[()], now: datetime) -> str:
        """Put these alerts in the place of what waits to be told, if anything does; gives the new row's id, if there is one."""
        waiting = lane.row
        if waiting is not None:
            self._outgoing.rows.drop(lane)
        if not wanted:
            return ""
        row = self._outgoing.send(group, lane, why, wanted, now, waiting)
        self.await_patience(group, lane)
        return row.id

    def _decided(
        self, group: AlertGroup, lane: Lane, reason: Reason, news: _News, mutes: Mapping[str, Mute], outbox: str, now: datetime
    ) -> None:
        """Take the decision down: when it tells somebody, or when its reason is not that of the one before."""
        former = lane.decision
        why = tuple(sorted({str(mute) for mute in mutes.values()}))[:MOST_MUTES] if mutes else ()
        about = now, group.id, group.key, group.route.id, lane.name, str(reason), reason.due
        lane.decision = Decision(*about, len(news.firing), len(news.resolved), len(mutes), why, outbox)
        if reason.due or former is None or (former.reason, former.mutes) != (reason, why):
            self._journal.note(lane.decision)

    # -- fallback -----------------------------------------------------------------------------------------------------

    def await_patience(self, group: AlertGroup, lane: Lane) -> None:
        """Let the lane have its receiver's time to accept what it is told, where somebody stands in for it."""
        if lane.row is None:
            return
        receiver = self._lanes.receivers[lane.receiver]
        if receiver.fallback:
            self._timers.set((PATIENCE, group.id, lane.name), lane.row.created_at + receiver.fallback_after)

    def fall_back(self, group: AlertGroup, lane: Lane, now: datetime) -> None:
        """Let the receiver that stands in for this lane's consider the group."""
        mutes = self.mutes(group, now)
        for name in self._lanes.named(self._lanes.receivers[lane.receiver].fallback):
            standby = self._lanes.open(group, name)
            if standby is not None and standby.row is None:
                self.consider(group, standby, mutes, now)
