"""The machine: everything that happens comes in, everything that is to be done goes out.

    machine.handle(event, now) -> effects        machine.next_timer -> datetime | None

It composes the parts and owns none of their rules: `evaluation` turns answers into alerts of rules, `alerts` is the table of
what is asserted to people, `dispatch` brings that to receivers, `meta` watches the rest. Parts share the timers and the
journal of a step; they know nothing of each other but what is wired here.

Handling is deterministic: the same events at the same instants give the same effects, and a machine restored from what it
saved goes on as the one that saved it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import assert_never

from evaluator.core import catching_up
from evaluator.core.alert import Life
from evaluator.core.alerts import MISSED, Alert, Alerts, Fixed
from evaluator.core.attendance import Attendance
from evaluator.core.calendar_watch import ALERT as CALENDAR_ALERT
from evaluator.core.calendar_watch import CalendarWatch
from evaluator.core.dispatch import Dispatch
from evaluator.core.effects import Effect
from evaluator.core.evaluation import Change, GroupEvaluation, RuleEvaluation, Tracked, begin
from evaluator.core.events import (
    AlertsPosted,
    CalendarRead,
    CalendarUnread,
    Delivered,
    DeliveryFailed,
    Event,
    Forwarded,
    ForwardingFailed,
    MaintenanceEnded,
    MaintenanceSet,
    OverrideEnded,
    OverrideSet,
    QueryFailed,
    QueryReturned,
    RangeFailed,
    RangeReturned,
    Refused,
    Reloaded,
    SilenceExpired,
    SilenceSet,
    TimerFired,
    WindowEnded,
    WindowSet,
)
from evaluator.core.fallback import PATIENCE
from evaluator.core.firings import Firings
from evaluator.core.forwarding import Forwarding, generator_url
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.incidents import Incidents
from evaluator.core.incidents.maintaining import MAINTENANCE
from evaluator.core.incidents.register import INCIDENT
from evaluator.core.incidents.sending import INCIDENT as PAGED
from evaluator.core.incidents.sending import PAGE
from evaluator.core.incidents.standing import HOURS
from evaluator.core.journal import Journal
from evaluator.core.labels import ALERT_NAME, Labels
from evaluator.core.limits import Limit
from evaluator.core.meta import SOURCE, Raised, SelfWatch, bare, tells_of_others
from evaluator.core.muting import Muting
from evaluator.core.outgoing import FLUSH, REPEAT, RETRY
from evaluator.core.override_table import Overrides
from evaluator.core.pacing import TURN
from evaluator.core.posting import AHEAD, PostedAlert
from evaluator.core.posting import SOURCE as POSTED
from evaluator.core.records import (
    AlertRecord,
    Kept,
    RuleAlertRecord,
    State,
    Transition,
)
from evaluator.core.refusals import ALERT, REFUSAL, Refusals
from evaluator.core.settings import Settings
from evaluator.core.silence_ending import ALERT as SILENCE_ALERT
from evaluator.core.silence_ending import ENDING, Ending
from evaluator.core.silences import Silences
from evaluator.core.silencing import BOUNDARY, Silencing
from evaluator.core.taking import Taken, resumed, take
from evaluator.core.timers import Timers

SLOT, EXPIRE = "slot", "expire"
REMOVED = "rule removed"
RENAMED = "external labels changed"


class Machine:
    """The deterministic core. Its parts may be read by anybody between two steps, and changed by nobody."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings = settings
        self.timers = Timers()
        self.alerts = Alerts()
        self.groups: dict[str, GroupEvaluation] = {}
        self._journal = Journal()
        self._attendance = Attendance(self._journal, self.groups, now)
        self._owner: dict[str, GroupEvaluation] = {}
        self.muting = Muting(Silences(), settings.inhibit_rules, settings.route, settings.time_intervals)
        self.refusals = Refusals(self._raise, self._cease, self.timers, self._still_held_back)
        refuse = self.refusals.refused
        self.dispatch = Dispatch(settings, self.alerts, self.muting, self.timers, self._journal, refuse)
        ending = Ending(self._raise, self._cease, self.muting.silences, self.alerts, self.timers)
        self.silencing = Silencing(self.muting.silences, self.alerts, self.dispatch, self.timers, self._journal, ending)
        self.forwarding = Forwarding(settings, self.alerts, self._journal)
        self.firings = Firings(self._journal)
        self.overrides = Overrides(self._journal)
        self.incidents = Incidents(
            settings,
            self.dispatch.groups,
            self.muting,
            self.timers,
            self._journal,
            self.rule,
            self.group_of,
            self.overrides.of,
            self.dispatch.pacing,
        )
        self.watch = SelfWatch(self._raise, self._cease)
        self.calendars = CalendarWatch(self._raise, self._cease)
        self._schedule(settings, now)
        self.silencing.configure(settings, now)

    @property
    def next_timer(self) -> datetime | None:
        """When `handle(TimerFired(), …)` has something to do next."""
        return self.timers.next

    def handle(self, event: Event, now: datetime) -> list[Effect]:
        """Take an event in; gives what is to be kept (first) and done (then)."""
        match event:
            case TimerFired():
                self._fire(now)
            case QueryReturned():
                self._query_returned(event, now)
            case QueryFailed():
                self._query_failed(event, now)
            case RangeReturned() | RangeFailed():
                self._range_answered(event, now)
            case Delivered():
                row = self.incidents.delivered(event.outbox, event.receipt, now)
                row = row or self.dispatch.delivered(event.outbox, event.receipt, now)
                if row is not None:
                    self.watch.delivered(row.integration, now)
                    self.watch.worded(row, event.receipt, now)
            case DeliveryFailed():
                row = self.incidents.failed(event, now) or self.dispatch.failed(event, now)
                if row is not None and tells_of_others(row):
                    self.watch.delivery_failed(row.integration, event.error, event.permanent, now)
            case Forwarded():
                self.watch.forwarded(event.alertmanager, now)
            case ForwardingFailed():
                self.watch.forwarding_failed(event.alertmanager, event.error, self._alertmanagers, now)
            case AlertsPosted():
                for posted in event.alerts:
                    self._posted(posted, now)
            case SilenceSet():
                self.silencing.set(event.silence, now, event.fresh_id)
            case SilenceExpired():
                self.silencing.expire(event.id, now, event.by)
            case WindowSet():
                self.silencing.set_window(event.window, now)
            case WindowEnded():
                self.silencing.end_window(event.id, now, event.by)
            case Refused():
                self.refusals.refused(event.limit, event.detail, now, event.count)
            case Acted():
                self.incidents.act(event, now)
            case MaintenanceSet():
                self.incidents.maintain(event.maintenance, now)
            case MaintenanceEnded():
                self.incidents.end_maintenance(event.id, now)
            case OverrideSet():
                self.overrides.set(event.override, now)
            case OverrideEnded():
                self.overrides.end(event.id, now)
            case CalendarRead():
                self.overrides.take(event, now)
                self.calendars.read((event.schedule, event.layer), now)
            case CalendarUnread():
                self.overrides.miss(event, now)
                self.calendars.missed((event.schedule, event.layer), self.overrides.calendars, now)
            case Reloaded():
                self._reload(event.settings, now)
            case _:
                assert_never(event)
        if isinstance(event, QueryReturned) and not self._follows():
            return self._journal.close()
        self.silencing.outlive(now)
        self.incidents.stirred(self.dispatch.stirred(), now)
        self._relieve(self.dispatch.dropped() | self.incidents.pages.dropped(), now)
        self.refusals.tell(now)
        self._attendance.step_over(now)
        self.firings.ride_along()
        return self._journal.close()

    def _follows(self) -> bool:
        """Whether anything can follow from an answer; most change nothing, so that this is the path to keep short."""
        return not self._journal.untouched or self._attendance.changed or self.incidents.answers_again

    def group_of(self, rule: str) -> GroupEvaluation | None:
        """The group of the alerting rule with this key."""
        return self._owner.get(rule)

    def rule(self, key: str) -> RuleEvaluation | None:
        """The alerting rule with this key."""
        group = self._owner.get(key)
        return group.rules[key] if group else None

    # -- timers -------------------------------------------------------------------------------------------------------

    def _fire(self, now: datetime) -> None:
        while (key := self.timers.pop_due(now)) is not None:
            match key:
                case (kind, group) if kind == SLOT:
                    self._start(self.groups[group], now)
                case (kind, group) if kind == FLUSH:
                    self.dispatch.flush(group, now)
                case (kind, row) if kind == RETRY:
                    self.dispatch.retry(row, now)
                case (kind, group, integration) if kind == REPEAT:
                    self.dispatch.repeat(group, integration, now)
                case (kind, group, integration) if kind == PATIENCE:
                    self.dispatch.lose_patience(group, integration, now)
                case (kind, integration) if kind == TURN:
                    self.dispatch.take_turns(integration, now)
                case (kind, fingerprint) if kind == EXPIRE:
                    self._expire(fingerprint, now)
                case (kind, limit) if kind == REFUSAL:
                    self.refusals.quiet(limit, now)
                case (kind, silence) if kind == ENDING:
                    self.silencing.ending.look(silence, now)
                case (kind,) if kind == BOUNDARY:
                    self.silencing.cross(now)
                case (kind, number) if kind == INCIDENT:
                    self.incidents.due(number, now)
                case (kind, page) if kind == PAGE:
                    self.incidents.pages.due(page, now)
                case (kind, identity) if kind == HOURS:
                    self.incidents.hours_change(identity, now)
                case (kind,) if kind == MAINTENANCE:
                    self.incidents.cross(now)

    def _start(self, group: GroupEvaluation, now: datetime) -> None:
        if group.waiting:
            return  # the last answer of the slot before starts the next one
        catching_up.waive(group, now, self.settings.catch_up.max)
        for query in catching_up.begin(group, now) if group.owed is not None else group.start(now):
            self._journal.query(query)
        self._attendance.slot_came(now)
        self.timers.set((SLOT, group.group.key), group.next_slot)

    # -- answers ------------------------------------------------------------------------------------------------------

    def _query_returned(self, event: QueryReturned, now: datetime) -> None:
        self.incidents.answered(event.rule, event.slot, event.observed, event.partial, now)
        group = self._owner.get(event.rule)
        if group is None or not group.expects(event.rule, event.slot):
            return
        rule = group.rules[event.rule]
        for change in rule.answer(event, group.group.limit):
            self._apply(change, now)
        self.watch.query_returned(group.group.datasource, group.group.key, rule, now)
        self.forwarding.evaluated(group.group, rule, event.slot)
        self._answered(group, event.rule, now)

    def _query_failed(self, event: QueryFailed, now: datetime) -> None:
        self.incidents.answered(event.rule, event.slot, None, False, now)
        group = self._owner.get(event.rule)
        if group is None or not group.expects(event.rule, event.slot):
            return
        rule = group.rules[event.rule]
        rule.fail(event.slot, event.failure)
        self.watch.query_failed(group.group.datasource, rule, event.failure, now)
        self.forwarding.evaluated(group.group, rule, event.slot)
        self._answered(group, event.rule, now)

    def _answered(self, group: GroupEvaluation, rule: str, now: datetime) -> None:
        if group.answered(rule, now) and group.next_slot <= now:
            self._start(group, now)

    def _range_answered(self, event: RangeReturned | RangeFailed, now: datetime) -> None:
        group = self._owner.get(event.rule)
        if group is None or not group.expects(event.rule, event.last):
            return
        group.ranges[event.rule] = event
        if group.answered(event.rule, now):
            self._catch_up(group, now)

    def _catch_up(self, group: GroupEvaluation, now: datetime) -> None:
        """All slots that a group owes have been answered: let them happen now, in their order."""
        one = group.group
        for change in catching_up.changes(group, self.settings.catch_up.notify):
            self._apply(change, now)
        for key, answer in group.ranges.items():
            rule, failure = group.rules[key], catching_up.failure_of(answer)
            if failure is not None:
                self.watch.query_failed(one.datasource, rule, failure, now)
            else:
                self.watch.query_returned(one.datasource, one.key, rule, now)
            self.forwarding.evaluated(one, rule, answer.last)
        catching_up.settle(group, now)
        self._attendance.changed = True
        if group.next_slot <= now:
            self._start(group, now)

    # -- alerts of rules ----------------------------------------------------------------------------------------------

    def _apply(self, change: Change, now: datetime) -> None:
        """Keep, note and pass on that an alert of a rule has changed."""
        tracked, before, after, at, why = change
        key = (tracked.rule.key, tracked.labels.fingerprint)
        self._attendance.changed = True
        if after is None:
            self._journal.forget(RuleAlertRecord, key)
        else:
            self._journal.touch(RuleAlertRecord, key, tracked.record)
        was, becomes = before.state if before else None, after.state if after else None
        if was is becomes:
            return
        if was is not State.INACTIVE or becomes is not None:
            active_at = (after or before or tracked.life).active_at
            self._journal.note(Transition(at, tracked.rule.key, tracked.labels, was, becomes, active_at, tracked.value, why))
        if becomes is State.FIRING:
            self.firings.fired(tracked.rule.key, now)
            self._assert(tracked, now)
        elif was is State.FIRING:
            longer = "`for` was made longer" if becomes is State.PENDING else why
            self._withdraw(tracked, at, now, longer)

    def _assert(self, tracked: Tracked, now: datetime) -> None:
        assert tracked.life.fired_at is not None
        url = generator_url(self.settings.external_url, tracked.rule.expr)
        alert = self.alerts.affirm(self._named(tracked), tracked.rule.key, tracked.life.fired_at, now, tracked, url)
        self.dispatch.changed(alert, now)

    def _withdraw(self, tracked: Tracked, at: datetime, now: datetime, why: str) -> None:
        alert = self.alerts.withdraw(self._named(tracked), tracked.rule.key, at, now, why)
        if alert is not None:
            self.dispatch.changed(alert, now)
            if why and why != MISSED:
                self.forwarding.follow(alert, now)

    # -- alerts that others post --------------------------------------------------------------------------------------

    def _posted(self, posted: PostedAlert, now: datetime) -> None:
        most = self.settings.limits.alerts_per_alertname
        ahead = timedelta(0) if self.settings.compatibility else AHEAD
        alert, taken = take(self.alerts, posted, now, self.settings.resolve_timeout, most, ahead)
        if taken is Taken.REFUSED:
            name = posted.labels.get(ALERT_NAME, "")
            self.refusals.refused(Limit.ALERTS_PER_ALERTNAME, f'{most} alerts are called "{name}" already', now)
        if alert is None or taken is Taken.AGAIN or taken is Taken.NOT:
            return
        if alert.expires_at is not None:
            self.timers.set_earlier((EXPIRE, alert.fingerprint), alert.expires_at)
        if taken is Taken.TURNED:
            self.dispatch.changed(alert, now)
        else:
            self._journal.touch(AlertRecord, alert.key, alert.record)

    def _expire(self, fingerprint: str, now: datetime) -> None:
        """Nobody has posted this alert again in time, unless its end has moved since the timer was set."""
        alert = self.alerts.get(fingerprint)
        if alert is None or alert.expires_at is None:
            return
        if alert.expires_at > now:
            self.timers.set((EXPIRE, fingerprint), alert.expires_at)
        elif self.alerts.withdraw(alert.labels, POSTED, alert.expires_at, now) is not None:
            self.dispatch.changed(alert, now)

    def _resume_posted(self, alert: Alert, now: datetime) -> None:
        """Whoever posts this alert has had no chance while nobody listened: give it the time that it has by default."""
        alert.expires_at = resumed(alert, now, self.settings.resolve_timeout)
        self.timers.set((EXPIRE, alert.fingerprint), alert.expires_at)

    # -- built-in alerts ----------------------------------------------------------------------------------------------

    def _raise(self, raised: Raised, now: datetime) -> None:
        labels = raised.labels.filled_from(self.settings.external_labels)
        known = self.alerts.get(labels.fingerprint)
        if known is not None and raised.source in known.sources:
            known.described = raised.described
            return
        alert = self.alerts.affirm(labels, raised.source, now, now, raised.described, self.settings.external_url)
        self.dispatch.changed(alert, now)
        self.forwarding.follow(alert, now)

    def _cease(self, labels: Labels, now: datetime, why: str = "") -> None:
        asserted = labels.filled_from(self.settings.external_labels)
        alert = self.alerts.withdraw(asserted, SOURCE + labels.fingerprint, now, now, why)
        if alert is not None:
            self.dispatch.changed(alert, now)
            self.forwarding.follow(alert, now)

    def _relieve(self, integrations: Iterable[str], now: datetime) -> None:
        """An integration that fails is nothing to alarm anybody about once nothing waits for it."""
        for name in sorted(self.watch.integrations.keys() & integrations):
            if not self.dispatch.waits(name) and not self.incidents.pages.waits(name):
                self.watch.relieved(name, now)

    def _still_held_back(self, limit: Limit) -> bool:
        """Whether something is not told as it should be although nothing was refused of late."""
        return limit is Limit.GROUPS_PER_ROUTE and self.dispatch.overflowing

    # -- reload and restart -------------------------------------------------------------------------------------------

    def _schedule(self, settings: Settings, now: datetime) -> None:
        """Begin the groups that are new or changed, and drop those that are gone; unchanged ones go on untouched."""
        wanted = {group.key: group for group in settings.groups}
        for key in [key for key in self.groups if key not in wanted]:
            self.timers.cancel((SLOT, key))
            self._drop_rules(self.groups.pop(key).rules.values(), now)
        for key, group in wanted.items():
            former = self.groups.get(key)
            if former is not None and former.group == group:
                continue
            self.groups[key] = begin(group, now, former)
            if former is not None:
                gone = [rule for name, rule in former.rules.items() if name not in self.groups[key].rules]
                self._drop_rules(gone, now)
            self.timers.set((SLOT, key), self.groups[key].next_slot)
        self._owner = {rule: group for group in self.groups.values() for rule in group.rules}

    def _drop_rules(self, rules: Iterable[RuleEvaluation], now: datetime) -> None:
        """These rules are no more: what they assert ends at once, saying why."""
        for rule in rules:
            for tracked in rule.alerts.values():
                self._apply(Change(tracked, tracked.life, None, now, REMOVED), now)

    def _reload(self, settings: Settings, now: datetime) -> None:
        """Take over a new configuration. One that is equal to the old changes nothing at all, but for Alertmanager's ticks."""
        if settings == self.settings and not settings.compatibility:
            return
        former, self.settings = self.settings, settings
        self.forwarding.reconfigure(settings, self.groups.values())
        if former.external_labels != settings.external_labels:
            self._rename(former.external_labels, now)
        self._schedule(settings, now)
        self.firings.know(self._owner, now)
        self.muting.reconfigure(settings.inhibit_rules, settings.route, settings.time_intervals)
        self.silencing.configure(settings, now)
        self.overrides.configure(settings.duty.schedules)
        self.dispatch.reconfigure(settings, now)
        if settings.compatibility:
            self.dispatch.begin_anew(now)
        self.dispatch.stirred()
        self.incidents.reconfigure(settings, now)
        self._retain(now)

    def _rename(self, former: Labels, now: datetime) -> None:
        """External labels have changed, and they are part of what an alert is called: end it, and begin it anew."""
        for tracked in self._firing():
            old = tracked.labels.filled_from(former)
            ended = self.alerts.withdraw(old, tracked.rule.key, now, now, RENAMED)
            if ended is not None:
                self.dispatch.changed(ended, now)
                self.forwarding.follow(ended, now)
            self._assert(tracked, now)
        for alert in list(self.alerts):
            for source in sorted(alert.sources):
                if source.startswith(SOURCE):
                    self._rename_built_in(alert, source, now)

    def _rename_built_in(self, alert: Alert, source: str, now: datetime) -> None:
        raised = Raised(bare(alert.labels), Fixed(alert.described.annotations))
        if self.alerts.withdraw(alert.labels, source, now, now, RENAMED) is not None:
            self.dispatch.changed(alert, now)
            self.forwarding.follow(alert, now)
        self._raise(raised, now)

    def _retain(self, now: datetime) -> None:
        names = {f"{receiver.name}/{one.name}" for receiver in self.settings.told for one in receiver.integrations}
        self.watch.retain(self.groups.values(), names, now)
        self.calendars.retain(self.settings.duty.schedules, now)
        self.watch.retain_alertmanagers(self._alertmanagers, now)

    @property
    def _alertmanagers(self) -> frozenset[str]:
        return frozenset(alertmanager.url for alertmanager in self.settings.alertmanagers)

    def restore(self, kept: Kept, now: datetime) -> list[Effect]:
        """Take back what an earlier run saved, before the first event.

        What the configuration no longer knows ends, as it would in a reload. Gives what is to be kept because of that.
        """
        self.silencing.restore(kept.silences, kept.windows, now)
        self.overrides.restore(kept.overrides, now)
        self.firings.restore(kept.firings)
        self.firings.know(self._owner, now)
        self.overrides.configure(self.settings.duty.schedules)
        alerts = [self.alerts.restore(record) for record in kept.alerts]
        pages = [row for row in kept.outbox if row.group.startswith(PAGED)]
        rows = [row for row in kept.outbox if not row.group.startswith(PAGED)]
        self.dispatch.restore(alerts, kept.groups, kept.ledger, rows, now)
        for record in kept.rule_alerts:
            self._restore_rule_alert(record)
        firing = {(tracked.rule.key, self._named(tracked)): tracked for tracked in self._firing()}
        for alert in list(self.alerts):
            self._resume(alert, firing, now)
        for tracked in firing.values():
            self._assert(tracked, now)
        self.dispatch.reconfigure(self.settings, now)
        self.dispatch.stirred()
        self.incidents.restore(kept, pages, now)
        self._owe(kept.seen_at, now)
        self._retain(now)
        self._relieve(list(self.watch.integrations), now)
        self.refusals.tell(now)
        return self._journal.close()

    def _owe(self, seen_at: datetime | None, now: datetime) -> None:
        """Let every group catch up with what came since an evaluator was last at work."""
        for key, group in self.groups.items():
            if seen_at is not None:
                catching_up.owe(group, seen_at, now, self.settings.catch_up.max)
            if group.owed is not None:
                self.timers.set((SLOT, key), now)

    def _restore_rule_alert(self, record: RuleAlertRecord) -> None:
        rule = self.rule(record.rule)
        if rule is None:
            self._journal.forget(RuleAlertRecord, record.key)
            return
        rule.alerts[record.labels] = restore_tracked(rule, record)

    def _resume(self, alert: Alert, firing: dict[tuple[str, Labels], Tracked], now: datetime) -> None:
        """An alert from before the restart: whoever asserts it must still exist. Takes from `firing` what is found."""
        for source in sorted(alert.sources):
            if source == POSTED:
                self._resume_posted(alert, now)
            elif source.startswith(SOURCE):
                self._resume_built_in(alert, source, now)
            elif (tracked := firing.pop((source, alert.labels), None)) is not None:
                alert.described = tracked
            else:
                why = REMOVED if self.rule(source) is None else RENAMED
                if self.alerts.withdraw(alert.labels, source, now, now, why) is not None:
                    self.dispatch.changed(alert, now)
                    self.forwarding.follow(alert, now)

    def _resume_built_in(self, alert: Alert, source: str, now: datetime) -> None:
        labels = bare(alert.labels)
        if labels[ALERT_NAME] == ALERT:
            self.refusals.resume(labels["limit"], alert.starts_at, now)
        elif labels[ALERT_NAME] == SILENCE_ALERT:
            self.silencing.ending.resume(labels, now)
        elif labels[ALERT_NAME] == CALENDAR_ALERT:
            self.calendars.resume(labels)
        else:
            self.watch.resume(labels, alert.starts_at, self.groups.values())
        if labels.filled_from(self.settings.external_labels) != alert.labels:
            self._rename_built_in(alert, source, now)
        else:
            self.forwarding.follow(alert, now)

    def _firing(self) -> Iterator[Tracked]:
        for group in self.groups.values():
            for rule in group.rules.values():
                yield from (tracked for tracked in rule.alerts.values() if tracked.life.state is State.FIRING)

    def _named(self, tracked: Tracked) -> Labels:
        """What an alert of a rule is called outside: its labels and the external ones."""
        return tracked.labels.filled_from(self.settings.external_labels)


def restore_tracked(rule: RuleEvaluation, record: RuleAlertRecord) -> Tracked:
    """An alert of a rule as it was saved; its annotation templates are those of the rule as it is now."""
    life = Life(record.state, record.active_at, record.fired_at, record.resolved_at, record.keep_firing_since)
    told = record.annotations
    return Tracked(
        rule.rule, record.labels, life, told.series, told.value, told.histogram, told.expanded, at_firing=told.at_firing
    )
