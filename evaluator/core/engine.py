"""The machine: everything that happens comes in, everything that is to be done goes out.

    machine.handle(event, now) -> effects        machine.next_timer -> datetime | None

Here stands what follows from which event, and from which timer. The machine is made of parts (`parts`) and owns none of their
rules: `evaluating` turns answers into alerts of rules, `posts` takes in those of others, `alerts` is the table of what is
asserted to people, `dispatch` brings that to receivers, `incidents` chases people, `meta` watches the rest.

Handling is deterministic: the same events at the same instants give the same effects, and a machine restored from what it
saved goes on as the one that saved it.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from evaluator.core import restoring
from evaluator.core.effects import Effect
from evaluator.core.evaluation.evaluating import SLOT
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.tracking import RuleEvaluation
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
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.maintaining import MAINTENANCE
from evaluator.core.incidents.register import INCIDENT
from evaluator.core.incidents.sending import PAGE
from evaluator.core.incidents.standing import HOURS
from evaluator.core.muting.silence_ending import ENDING
from evaluator.core.muting.silencing import BOUNDARY
from evaluator.core.notifying.fallback import PATIENCE
from evaluator.core.notifying.ledgers import REPEAT
from evaluator.core.notifying.outgoing import FLUSH
from evaluator.core.notifying.pacing import TURN
from evaluator.core.notifying.rows import RETRY
from evaluator.core.parts import Parts
from evaluator.core.posted.posts import EXPIRE
from evaluator.core.records import Kept
from evaluator.core.settings import Settings
from evaluator.core.timers import Key
from evaluator.core.watching.refusals import REFUSAL


class Machine(Parts):
    """The deterministic core. Its parts may be read by anybody between two steps, and changed by nobody."""

    @property
    def next_timer(self) -> datetime | None:
        """When `handle(TimerFired(), …)` has something to do next."""
        return self.timers.next

    @property
    def groups(self) -> dict[str, GroupEvaluation]:
        """The rule groups, by their keys."""
        return self.evaluating.groups

    def group_of(self, rule: str) -> GroupEvaluation | None:
        """The group of the alerting rule with this key."""
        return self.evaluating.group_of(rule)

    def rule(self, key: str) -> RuleEvaluation | None:
        """The alerting rule with this key."""
        return self.evaluating.rule(key)

    def restore(self, kept: Kept, now: datetime) -> list[Effect]:
        """Take back what an earlier run saved, before the first event.

        What the configuration no longer knows ends, as it would in a reload. Gives what is to be kept because of that.
        """
        restoring.restore(self, kept, now)
        return self.journal.close()

    def handle(self, event: Event, now: datetime) -> list[Effect]:
        """Take an event in; gives what is to be kept (first) and done (then)."""
        self._happened(event, now)
        if not isinstance(event, QueryReturned) or self._follows():
            self._follow(now)
        return self.journal.close()

    def _follows(self) -> bool:
        """Whether anything can follow from an answer; most change nothing, so that this is the path to keep short."""
        return not self.journal.untouched or self.evaluating.attendance.changed or self.incidents.answers_again

    def _follow(self, now: datetime) -> None:
        """The end of a step: what follows from what has changed in it, whatever it was that happened."""
        self.silencing.outlive(now)
        self.incidents.stirred(self.dispatch.stirred(), now)
        self.relieve(self.dispatch.dropped() | self.incidents.pages.dropped(), now)
        self.refusals.tell(now)
        self.evaluating.attendance.step_over(now)
        self.firings.ride_along()

    # -- what happens -------------------------------------------------------------------------------------------------

    def _happened(self, event: Event, now: datetime) -> None:
        match event:
            case TimerFired():
                while (key := self.timers.pop_due(now)) is not None:
                    self._came_due(key, now)
            case QueryReturned():
                self.incidents.answered(event, now)
                self.evaluating.returned(event, now)
            case QueryFailed():
                self.incidents.answered(event, now)
                self.evaluating.failed(event, now)
            case RangeReturned() | RangeFailed():
                self.evaluating.range_answered(event, now)
            case Delivered():
                self._delivered(event, now)
            case DeliveryFailed():
                self._delivery_failed(event, now)
            case Forwarded():
                self.forwarding_watch.accepted(event.alertmanager, now)
            case ForwardingFailed():
                self.forwarding_watch.failed(event.alertmanager, event.error, self.alertmanagers, now)
            case AlertsPosted():
                for posted in event.alerts:
                    self.posts.take(posted, now)
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

    def _came_due(self, key: Key, now: datetime) -> None:
        match key:
            case (kind, group) if kind == SLOT:
                self.evaluating.start(self.groups[group], now)
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
                self.posts.expire(fingerprint, now)
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

    # -- what concerns more than one part -----------------------------------------------------------------------------

    def _delivered(self, event: Delivered, now: datetime) -> None:
        row = self.incidents.delivered(event.outbox, event.receipt, now)
        row = row or self.dispatch.delivered(event.outbox, event.receipt, now)
        if row is not None:
            self.delivery_watch.accepted(row, event.receipt, now)

    def _delivery_failed(self, event: DeliveryFailed, now: datetime) -> None:
        row = self.incidents.failed(event, now) or self.dispatch.failed(event, now)
        if row is not None:
            self.delivery_watch.failed(row, event, now)

    def _reload(self, settings: Settings, now: datetime) -> None:
        """Take over a new configuration. One that is equal to the old changes nothing at all, but for Alertmanager's ticks."""
        if settings == self.settings and not settings.compatibility:
            return
        self.settings = self.posts.settings = settings
        self.forwarding.reconfigure(settings, self.groups.values())
        self.evaluating.reconfigure(settings, now)
        self.built_in.reconfigure(settings, now)
        self.firings.know(self.evaluating.owners, now)
        self.muting.reconfigure(settings.inhibit_rules, settings.route, settings.time_intervals)
        self.silencing.configure(settings, now)
        self.overrides.configure(settings.duty.schedules)
        self.dispatch.reconfigure(settings, now)
        if settings.compatibility:
            self.dispatch.begin_anew(now)
        self.dispatch.stirred()
        self.incidents.reconfigure(settings, now)
        self.retain(now)
