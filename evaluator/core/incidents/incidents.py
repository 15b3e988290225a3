"""All incidents, as a part of the machine: what alerts, clocks, people and answers do to them.

The part looks at an incident when an alert group of it has stirred: an alert began or ended, something mutes it or does not any
more, its first tick has passed. From the groups it reads what fires and what is muted, asks the transitions, and does what
they say. An incident opens when a group's first flush finds an alert that nothing mutes; from then on it follows its alerts at
once, without waiting for ticks: a ladder must not climb on for what is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.evaluation import GroupEvaluation, RuleEvaluation
from evaluator.core.events import DeliveryFailed, Observation
from evaluator.core.grouping import AlertGroup
from evaluator.core.incidents import transitions
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.belonging import COMPONENT, SEVERITY, without_severity
from evaluator.core.incidents.composing import Composing
from evaluator.core.incidents.confirming import PATIENCE, Confirming, Verdict
from evaluator.core.incidents.incident import Due, What, next_level, next_step
from evaluator.core.incidents.maintaining import Maintaining
from evaluator.core.incidents.members import Firing, Members, fingerprints, name_of, title, tracked
from evaluator.core.incidents.pages import Pages
from evaluator.core.incidents.policy import Escalation
from evaluator.core.incidents.reach import Directory, Made
from evaluator.core.incidents.records import (
    Happening,
    IncidentRecord,
    IncidentState,
    MaintenanceRecord,
    Moment,
    PageKind,
    PageRecord,
    Pairs,
    Resolution,
)
from evaluator.core.incidents.standing import Standing
from evaluator.core.incidents.transitions import Audience, Climb, Inform, Refresh, Step, Withdraw, why_not
from evaluator.core.journal import Journal
from evaluator.core.labels import Labels
from evaluator.core.muting import Muting
from evaluator.core.records import Kept, Notification, OutboxRecord
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers

INCIDENT = "incident"
"""Of timers."""
ASK_AGAIN = timedelta(minutes=1)
"""The longest wait before a rule whose newest answer is empty is asked once more."""


class Incidents:
    """See the module. groups: all alert groups by id. rule, group_of: of the evaluation. made: overrides of schedules.

    answers_again: a rule has answered while an incident is given up, which `stirred` is to look at again.
    """

    def __init__(
        self,
        settings: Settings,
        groups: Mapping[str, AlertGroup],
        muting: Muting,
        timers: Timers,
        journal: Journal,
        rule: Callable[[str], RuleEvaluation | None],
        group_of: Callable[[str], GroupEvaluation | None],
        made: Made,
    ) -> None:
        self.table: dict[int, IncidentRecord] = {}
        self.newest = 0
        self._groups = groups
        self._timers = timers
        self._journal = journal
        self._made = made
        self._numbers: dict[str, int] = {}
        self._members = Members(groups)
        self._later: dict[int, datetime] = {}
        self._given_up: set[str] = set()
        self.answers_again = False
        self._confirming = Confirming(journal, group_of)
        self._maintaining = Maintaining(timers, journal)
        self._standing = Standing(settings, muting, self._maintaining, timers)
        self._composing = Composing(self._members, rule)
        self._take(settings)
        self.pages = Pages(timers, journal, self.table.__getitem__, self._compose, self._directory)

    def _take(self, settings: Settings) -> None:
        self._standing.configure(settings)
        self._directory = Directory(settings.duty, settings.ladders, settings.receivers, self._made)

    # -- looking ------------------------------------------------------------------------------------------------------

    @property
    def maintenance(self) -> Mapping[str, MaintenanceRecord]:
        """What people work on, or are about to, by id."""
        return self._maintaining.table

    def pages_of(self, number: int) -> list[PageRecord]:
        """The pages of an incident that is at hand."""
        return self.pages.of(number)

    def alerts_of(self, record: IncidentRecord) -> list[Alert]:
        """Its alerts that still are in a group, firing ones first, in the order in which they are told."""
        return self._members.alerts(record.identity)

    def next_step(self, record: IncidentRecord) -> Due | None:
        """What comes next if nothing happens."""
        due = next_step(record)
        if due is None:
            return None
        return Due(max(due.at, self._later.get(record.number, due.at)), due.what)

    def why_not(self, acted: Acted, now: datetime) -> str:
        """Why an action is not possible; empty when it is."""
        return why_not(self.table.get(acted.incident), acted, now)

    # -- alerts stir --------------------------------------------------------------------------------------------------

    def stirred(self, groups: Iterable[str], now: datetime) -> None:
        """Something about these alert groups has changed."""
        if not self._standing.ladders.escalations and not self.table:
            return
        found = {self._members.identify(name, self._standing.identity) for name in groups}
        if self.answers_again:
            self.answers_again, again = False, self._given_up
            self._given_up = set()
            found |= again
        for identity in sorted(filter(None, found)):
            self._look(identity, now)

    def _look(self, identity: str, now: datetime) -> None:
        firing = self._members.firing(identity)
        number = self._numbers.get(identity)
        record = self.table.get(number) if number is not None else None
        if record is not None and record.open:
            self._follow(record, firing, now)
        elif record is not None and firing and self._unseen(record, now):
            self._given_up.add(identity)
        elif record is None or not self._begins_again(record, firing, now):
            self._open(identity, record, firing, now)

    def _unseen(self, record: IncidentRecord, now: datetime) -> bool:
        """Whether an incident was given up, and nothing can be asked about its alerts yet: they are as unsure as before."""
        if record.resolution is not Resolution.STALE or record.resolved_at is None:
            return False
        return self._composing.seen_at(record, now) <= record.resolved_at

    def _follow(self, record: IncidentRecord, firing: Firing, now: datetime) -> None:
        """Tell an open incident what its alerts have come to."""
        if not firing:
            why = next((alert.why for alert in self.alerts_of(record) if alert.why), "")
            self._do(transitions.resolved(record, Resolution.CONDITION, now, why), now)
            return
        before, after = set(record.alerts), {alert.fingerprint: alert for alert, _ in firing}
        if before != after.keys():
            record = replace(record, alerts=fingerprints(firing), title=title(firing, record.labels))
            fresh = [name_of(alert) for name, alert in after.items() if name not in before]
            gone = before - after.keys()
            if fresh:
                record = self._do(transitions.joined(record, fresh, now, self._joins_quietly(record, firing, before, now)), now)
            if gone:
                names = [name_of(alert) for alert in self.alerts_of(record) if alert.fingerprint in gone]
                record = self._do(transitions.left(record, names or [f"{len(gone)} alerts"], now), now)
        record = self._rate(record, firing, now)
        self._hold(record, firing, now)

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
        return self._do(transitions.rerated(record, severity, policy, group.route.id, rises, now), now)

    def _hold(self, record: IncidentRecord, firing: Firing, now: datetime) -> None:
        holds = self._standing.holds(record, firing, now)
        if holds == record.holds:
            return
        record = self._do(transitions.held(record, holds, now), now)
        if not holds:
            self.pages.resume(record, now)

    # -- opening ------------------------------------------------------------------------------------------------------

    def _open(
        self,
        identity: str,
        former: IncidentRecord | None,
        firing: Firing,
        now: datetime,
    ) -> None:
        """Open an incident if a group whose first tick is over has something to tell, and a route that says who is chased."""
        ready = [(alert, group) for alert, group in firing if group.flushed]
        if former is not None and former.resolution is Resolution.MANUAL:
            ready = [(alert, group) for alert, group in ready if alert.fingerprint not in former.alerts]
        if not self._standing.free(ready, now):
            return
        alert, group = self._standing.worst(firing, now)
        component = group.labels.get(COMPONENT) or alert.labels.get(COMPONENT, "")
        policy = self._standing.policy(group, component)
        if policy is None:
            return
        self.newest += 1
        labels = without_severity(group.labels)
        severity = alert.labels.get(SEVERITY, "")
        record = IncidentRecord(
            self.newest,
            identity,
            group.route.id,
            labels,
            policy,
            severity,
            severity,
            IncidentState.TRIGGERED,
            now,
            now,
            now,
            alerts=fingerprints(firing),
            component=component,
            title=title(firing, labels),
            previous=former.number if former is not None else None,
            began_at=min(_began_at(one) for one, _ in firing),
        )
        record = replace(record, holds=self._standing.holds(record, firing, now))
        self._numbers[identity] = record.number
        self._do(transitions.opened(record, now), now)

    def _begins_again(self, record: IncidentRecord, firing: Firing, now: datetime) -> bool:
        """Deal with an incident that is over while something of it fires; gives whether that is all there is to do."""
        if record.resolution is Resolution.MANUAL:
            record = self._forgive(record, firing)
            firing = [(alert, group) for alert, group in firing if alert.fingerprint not in record.alerts]
        assert record.resolved_at is not None
        late = now - record.resolved_at > record.policy.reopen_window and not record.flapping
        if not self._standing.free(firing, now) or late:
            return False
        again = self._as_it_is(record, firing, now)
        if again is None:
            return False
        self._do(transitions.reopened(again, now), now)
        return True

    def _as_it_is(self, record: IncidentRecord, firing: Firing, now: datetime) -> IncidentRecord | None:
        """An incident that begins again, by what fires now, which may be worse or better; None if nobody is chased for that."""
        alert, group = self._standing.worst(firing, now)
        policy = self._standing.policy(group, record.component)
        if policy is None:
            return None
        severity, rank = alert.labels.get(SEVERITY, ""), self._standing.ladders.rank
        record = replace(
            record,
            severity=severity,
            worst=max(record.worst, severity, key=rank),
            alerts=fingerprints(firing),
            title=title(firing, record.labels),
            seen_at=now,
        )
        if policy.name != record.policy.name:
            record = replace(record, policy=policy, route=group.route.id)
        return replace(record, holds=self._standing.holds(record, firing, now))

    def _forgive(self, record: IncidentRecord, firing: Firing) -> IncidentRecord:
        """Of the alerts that somebody resolved by hand, those that have ended since may open an incident again."""
        still = tuple(sorted(set(record.alerts) & {alert.fingerprint for alert, _ in firing}))
        if still != record.alerts:
            record = self._keep(replace(record, alerts=still))
        return record

    # -- the clock ----------------------------------------------------------------------------------------------------

    def due(self, key: str, now: datetime) -> None:
        """The timer of an incident has come."""
        record = self.table.get(int(key))
        if record is None:
            return
        question = self._confirming.under_way(record.number)
        if question is not None:
            if now < question.asked_at + PATIENCE:
                return
            self._confirming.forget(record.number)
            self._confirmed(record, Verdict.UNKNOWN, now)
            return
        while record.number in self.table and (due := self.next_step(record)) is not None and due.at <= now:
            if self._has_to_ask(record, due.what) and self._confirming.ask(record.number, self._firing(record), now):
                self._timers.set((INCIDENT, key), now + PATIENCE)
                return
            record = self._pass(record, due.what, now)

    def _firing(self, record: IncidentRecord) -> list[Alert]:
        return [alert for alert in self.alerts_of(record) if alert.firing]

    def _has_to_ask(self, record: IncidentRecord, what: What) -> bool:
        """Whether nobody is woken before the rule has been asked again: from the second level on, and after every pause."""
        if what is What.LEVEL:
            return record.level >= 0 or record.recheck
        return what is What.SNOOZE_END

    def answered(
        self, rule: str, slot: datetime, observed: Mapping[Labels, Observation] | None, partial: bool, now: datetime
    ) -> None:
        """A rule was answered, in whichever slot, or not (None)."""
        self.answers_again = bool(self._given_up) and observed is not None
        for number, verdict in self._confirming.answered(rule, slot, observed, partial):
            record = self.table.get(number)
            if record is not None:
                self._confirmed(record, verdict, now)

    def _confirmed(self, record: IncidentRecord, verdict: Verdict, now: datetime) -> None:
        due = self.next_step(record)
        if due is None or due.at > now or not self._has_to_ask(record, due.what):
            self._await(record)
        elif verdict is Verdict.GONE:
            self._put_off(record, due.what, now)
        else:
            if verdict is Verdict.TRUE:
                record = replace(record, seen_at=now)
            self._later.pop(record.number, None)
            record = self._pass(record, due.what, now)
            self.due(record.key[0], now)

    def _put_off(self, record: IncidentRecord, what: What, now: datetime) -> None:
        """The newest answer says that it is over: let the rule's own evaluation decide, and ask again if it does not."""
        if record.number not in self._later:
            said = f"the rule was asked before the {what.replace('_', ' ')}: no alert is in its answer, so it waits"
            self._journal.note(Moment(now, record.number, record.epoch, Happening.ASKED, said, level=record.level))
        intervals = [group.group.interval for group in map(self._group_of_alert, self._firing(record)) if group is not None]
        self._later[record.number] = now + min([*intervals, ASK_AGAIN])
        self._await(record)

    def _group_of_alert(self, alert: Alert) -> GroupEvaluation | None:
        known = tracked(alert)
        return self._confirming.group_of(known.rule.key) if known is not None else None

    def _pass(self, record: IncidentRecord, what: What, now: datetime) -> IncidentRecord:
        """Do what is due."""
        match what:
            case What.LEVEL:
                return self._do(transitions.climb(record, now), now)
            case What.REPEAT:
                return self._do(transitions.repeated(record, now), now)
            case What.EXHAUST | What.SAY_EXHAUSTED:
                return self._do(transitions.exhausted(record, now), now)
            case What.REMINDER:
                return self._do(transitions.reminded(record, now), now)
            case What.ACK_END:
                return self._do(transitions.ack_expired(record, now), now)
            case What.SNOOZE_END:
                return self._do(transitions.snooze_over(record, now), now)
            case What.STALE:
                return self._grow_stale(record, now)
            case What.CALM:
                return self._do(transitions.calmed(record, now), now)
            case What.RESOLVE_TTL:
                return self._outlive(record, now)
            case What.FORGET:
                return self._forget(record)

    def _grow_stale(self, record: IncidentRecord, now: datetime) -> IncidentRecord:
        """Nothing has been seen of it for long, unless something has."""
        seen = self._composing.seen_at(record, now)
        if seen > record.seen_at:
            return self._keep(replace(record, seen_at=seen))
        self._given_up.add(record.identity)
        return self._do(transitions.resolved(record, Resolution.STALE, now, "its rules could not be asked for too long"), now)

    def _outlive(self, record: IncidentRecord, now: datetime) -> IncidentRecord:
        """Alerts that somebody resolved by hand have gone on firing for too long: they may open an incident again."""
        record = self._keep(replace(record, alerts=()))
        self._look(record.identity, now)
        return self.table[record.number]

    def _forget(self, record: IncidentRecord) -> IncidentRecord:
        del self.table[record.number]
        self._later.pop(record.number, None)
        self._timers.cancel((INCIDENT, record.key[0]))
        if self._numbers.get(record.identity) == record.number:
            del self._numbers[record.identity]
        self.pages.forget(record.number)
        return record

    # -- people -------------------------------------------------------------------------------------------------------

    def act(self, acted: Acted, now: datetime) -> None:
        """Somebody did something; what is not possible is noted, and changes nothing."""
        record = self.table.get(acted.incident)
        if record is None:
            return
        why = why_not(record, acted, now)
        if why:
            said = f"{acted.action}: {why}"
            moment = Moment(now, record.number, record.epoch, Happening.REFUSED, said, acted.by, acted.via, acted.source)
            self._journal.note(moment)
            return
        self._do(transitions.act(record, acted, now), now)

    def maintain(self, maintenance: MaintenanceRecord, now: datetime) -> None:
        """Somebody begins or plans maintenance."""
        self._maintaining.set(maintenance, now)
        self._look_at_all(now)

    def end_maintenance(self, ident: str, now: datetime) -> None:
        """Somebody ends it."""
        self._maintaining.end(ident, now)
        self._look_at_all(now)

    def cross(self, now: datetime) -> None:
        """A maintenance begins or is over by the clock."""
        self._maintaining.cross(now)
        self._look_at_all(now)

    def hours_change(self, identity: str, now: datetime) -> None:
        """A calendar opens or closes."""
        self._look(identity, now)

    def _look_at_all(self, now: datetime) -> None:
        for record in [record for record in self.table.values() if record.open]:
            self._look(record.identity, now)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def delivered(self, ident: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A delivery was accepted; None when it is no page."""
        return self.pages.delivered(ident, receipt, now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt was not accepted; None when it was at no page. A level whose pages are all refused is an empty one."""
        row = self.pages.failed(event, now)
        if row is not None and event.permanent and self.pages.lost(event.outbox):
            record = self.table[row.notification.incident.number] if row.notification.incident is not None else None
            page = next((one for one in self.pages.of(record.number) if one.id == event.outbox), None) if record else None
            if record and page and record.running and (record.epoch, record.level) == (page.epoch, page.level):
                self._do(transitions.nobody(record, "every message to them was refused for good", now), now)
        return row

    # -- doing --------------------------------------------------------------------------------------------------------

    def _do(self, step: Step, now: datetime) -> IncidentRecord:
        """Keep the record, and do what follows."""
        former = self.table.get(step.record.number)
        if former is not None and (former.state, former.epoch) != (step.record.state, step.record.epoch):
            self._later.pop(former.number, None)
        record = self._keep(step.record)
        for deed in step.deeds:
            match deed:
                case Moment():
                    self._journal.note(deed)
                case Climb():
                    record = self._climb(record, deed, now)
                case Withdraw(whom):
                    self.pages.withdraw(record, whom)
                case Inform(kind, audience, text):
                    self.pages.inform(record, kind, audience, text, now)
                case Refresh():
                    self.pages.refresh(record, now)
        if next_step(record) is not None and self._confirming.under_way(record.number) is None:
            self._advance(record, now)
        return self.table.get(record.number, record)

    def _advance(self, record: IncidentRecord, now: datetime) -> None:
        """What is due at once is done in the same step: the first level belongs to the opening."""
        self._await(record)
        due = self.next_step(record)
        if due is not None and due.at <= now and due.what is What.LEVEL:
            self.due(record.key[0], now)

    def _climb(self, record: IncidentRecord, deed: Climb, now: datetime) -> IncidentRecord:
        level = record.policy.levels[deed.level]
        reached = self.pages.climb(record, deed.late, now)
        told = ", ".join(dict.fromkeys(f"{way.whom} ({way.way})" for way in reached.ways)) or "nobody"
        missed = "".join(f"; {why}" for why in reached.missed)
        late = f", {int(deed.late.total_seconds())} s late" if deed.late >= timedelta(seconds=1) else ""
        said = f"{level.name}: {told}{missed}{late}"
        self._journal.note(Moment(now, record.number, record.epoch, Happening.LEVEL, said, level=deed.level))
        if not reached.empty:
            return record
        if next_level(record) is None and not self.pages.called(record):
            said = "nobody could be called: no level reaches anybody"
            self.pages.inform(record, PageKind.NOTICE, Audience.CHANNELS, said, now)
        step = transitions.nobody(record, "; ".join(reached.missed) or "it names nobody", now)
        for moment in step.deeds:
            if isinstance(moment, Moment):
                self._journal.note(moment)
        return self._keep(step.record)

    def _keep(self, record: IncidentRecord) -> IncidentRecord:
        self.table[record.number] = record
        number = record.number
        self._journal.touch(IncidentRecord, record.key, lambda: self.table.get(number, record))
        self._await(record)
        return record

    def _await(self, record: IncidentRecord) -> None:
        due = self.next_step(record)
        if due is None:
            self._timers.cancel((INCIDENT, record.key[0]))
        elif self._confirming.under_way(record.number) is None:
            self._timers.set((INCIDENT, record.key[0]), due.at)

    def _compose(self, record: IncidentRecord, page: PageRecord, now: datetime) -> Notification:
        return self._composing.message(record, page, self._directory, self.pages.root(page), now)

    # -- reload and restart -------------------------------------------------------------------------------------------

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new configuration. An incident that is open keeps the policy that it was opened with, and says so."""
        former = self._standing.ladders
        self._take(settings)
        self.pages.directory = self._directory
        for record in [record for record in self.table.values() if record.open]:
            self._note_policy(record, former.escalations, now)
        self._members.clear()
        self._settle(now)

    def _note_policy(self, record: IncidentRecord, former: Mapping[str, Escalation], now: datetime) -> None:
        name = record.policy.name
        after = self._standing.ladders.escalations.get(name)
        if after == former.get(name):
            return
        said = "is no longer in the configuration" if after is None else "has changed"
        detail = f'the policy "{name}" {said}; this incident keeps the one that it was opened with'
        self._journal.note(Moment(now, record.number, record.epoch, Happening.POLICY, detail))

    def restore(self, kept: Kept, rows: Iterable[OutboxRecord], now: datetime) -> None:
        """Take everything back, once the alert groups are there; what became due meanwhile is due at once, in order."""
        self.newest = max([kept.newest_incident, *(record.number for record in kept.incidents)], default=0)
        for record in kept.incidents:
            self.table[record.number] = record
            if record.number >= self._numbers.get(record.identity, 0):
                self._numbers[record.identity] = record.number
        self._maintaining.restore(kept.maintenance, now)
        self.pages.restore((page for page in kept.pages if page.incident in self.table), rows, now)
        for record in list(self.table.values()):
            self._await(record)
        self._settle(now)

    def _settle(self, now: datetime) -> None:
        """Look at everything, under a configuration that may group and route it otherwise than before."""
        for name in self._groups:
            self._members.identify(name, self._standing.identity)
        for record in [record for record in self.table.values() if record.open]:
            self._move(record, now)
        known = {record.identity for record in self.table.values() if record.open}
        self.stirred(list(self._groups), now)
        for identity in sorted(known - self._members.identities):
            self._look(identity, now)

    def _move(self, record: IncidentRecord, now: datetime) -> None:
        """Let an incident go on whose alerts are all found elsewhere now: whoever is on it is not called for it again."""
        if self._members.firing(record.identity):
            return
        taken = {one.identity for one in self.table.values() if one.open}
        for identity in sorted(self._members.identities - taken):
            for alert, group in self._members.firing(identity):
                if alert.fingerprint in record.alerts and self._standing.policy(group, record.component) is not None:
                    self._rename(record, identity, without_severity(group.labels), now)
                    return

    def _rename(self, record: IncidentRecord, identity: str, labels: Labels, now: datetime) -> None:
        if self._numbers.get(record.identity) == record.number:
            del self._numbers[record.identity]
        self._numbers[identity] = record.number
        self._keep(replace(record, identity=identity, labels=labels, updated_at=now))
        said = "the configuration routes or groups its alerts otherwise; this incident goes on"
        self._journal.note(Moment(now, record.number, record.epoch, Happening.POLICY, said))


def _began_at(alert: Alert) -> datetime:
    known = tracked(alert)
    return known.life.active_at if known is not None else alert.starts_at
