"""The ladders: what the clock brings an incident, and what follows from each step that it takes.

A step of `transitions` is a record and deeds. Here the record is kept and the deeds are done, and what is due by then at once
is done in the same breath: the first level belongs to the opening. Before anybody else is woken, the rules are asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.events import DeliveryFailed, QueryFailed, QueryReturned
from evaluator.core.incidents import transitions
from evaluator.core.incidents.composing import Composing
from evaluator.core.incidents.confirming import PATIENCE, Confirming, Verdict
from evaluator.core.incidents.incident import What, next_level, next_step
from evaluator.core.incidents.members import Members, tracked
from evaluator.core.incidents.pages import Pages
from evaluator.core.incidents.records import Happening, IncidentRecord, Moment, PageKind, Resolution
from evaluator.core.incidents.register import Register
from evaluator.core.incidents.steps import Audience, Climb, Inform, Refresh, Step, Withdraw
from evaluator.core.journal import Journal
from evaluator.core.records import OutboxRecord

ASK_AGAIN = timedelta(minutes=1)
"""The longest wait before a rule whose newest answer is empty is asked once more."""


class Chasing:
    """See the module. look: look again at what an incident is about.

    given_up: what incidents were about that nothing could be asked about for too long.
    """

    def __init__(
        self,
        register: Register,
        pages: Pages,
        members: Members,
        composing: Composing,
        confirming: Confirming,
        journal: Journal,
        look: Callable[[str, datetime], None],
    ) -> None:
        self.given_up: set[str] = set()
        self._doubted: set[int] = set()
        self._register = register
        self._pages = pages
        self._members = members
        self._composing = composing
        self._confirming = confirming
        self._journal = journal
        self._look = look

    # -- the clock ----------------------------------------------------------------------------------------------------

    def due(self, number: int, now: datetime) -> None:
        """The timer of an incident has come."""
        record = self._register.table.get(number)
        if record is None:
            return
        question = self._confirming.under_way(number)
        if question is not None:
            if now < question.asked_at + PATIENCE:
                return
            self._confirming.forget(number)
            self._confirmed(record, Verdict.UNKNOWN, now)
            return
        while number in self._register.table and (due := self._register.next_step(record)) is not None and due.at <= now:
            if self._has_to_ask(record, due.what) and self._confirming.ask(number, self._firing(record), now):
                self._register.wait_until(record, now + PATIENCE)
                return
            record = self._pass(record, due.what, now)

    def _firing(self, record: IncidentRecord) -> list[Alert]:
        return [alert for alert in self._members.alerts(record.identity) if alert.firing and alert.fingerprint in record.alerts]

    def _has_to_ask(self, record: IncidentRecord, what: What) -> bool:
        """Whether nobody is woken before the rule has been asked again: from the second level on, and after every pause."""
        if what is What.LEVEL:
            return record.level >= 0 or record.recheck
        return what is What.SNOOZE_END

    def answered(self, event: QueryReturned | QueryFailed, now: datetime) -> None:
        """A rule was answered, in whichever slot, or not."""
        for number, verdict in self._confirming.answered(event):
            record = self._register.table.get(number)
            if record is not None:
                self._confirmed(record, verdict, now)

    def _confirmed(self, record: IncidentRecord, verdict: Verdict, now: datetime) -> None:
        due = self._register.next_step(record)
        if due is None or due.at > now or not self._has_to_ask(record, due.what):
            self._register.wait(record)
        elif verdict is Verdict.GONE:
            self._put_off(record, due.what, now)
        else:
            if verdict is Verdict.TRUE:
                record = replace(record, seen_at=now)
            self._settle_doubt(record)
            record = self._pass(record, due.what, now)
            self.due(record.number, now)

    def _put_off(self, record: IncidentRecord, what: What, now: datetime) -> None:
        """The newest answer says that it is over: let the rule's own evaluation decide, and ask again if it does not."""
        intervals = [group.group.interval for group in map(self._group_of, self._firing(record)) if group is not None]
        self._register.put_off(record, now + min([*intervals, ASK_AGAIN]))
        if record.number not in self._doubted:
            self._doubted.add(record.number)
            said = f"the rule was asked before the {what.replace('_', ' ')}: no alert is in its answer, so it waits"
            self._journal.note(Moment(now, record.number, record.epoch, Happening.ASKED, said, level=record.level))
        self._register.wait(record)

    def _settle_doubt(self, record: IncidentRecord) -> None:
        self._doubted.discard(record.number)
        self._register.put_off_no_more(record)

    def _group_of(self, alert: Alert) -> GroupEvaluation | None:
        known = tracked(alert)
        return self._confirming.group_of(known.rule.key) if known is not None else None

    def _pass(self, record: IncidentRecord, what: What, now: datetime) -> IncidentRecord:
        """Do what is due."""
        match what:
            case What.LEVEL:
                return self.do(transitions.climb(record, now), now)
            case What.REPEAT:
                return self.do(transitions.repeated(record, now), now)
            case What.EXHAUST | What.SAY_EXHAUSTED:
                return self.do(transitions.exhausted(record, now), now)
            case What.REMINDER:
                return self.do(transitions.reminded(record, now), now)
            case What.ACK_END:
                return self.do(transitions.ack_expired(record, now), now)
            case What.SNOOZE_END:
                return self.do(transitions.snooze_over(record, now), now)
            case What.STALE:
                return self._grow_stale(record, now)
            case What.CALM:
                return self.do(transitions.calmed(record, now), now)
            case What.RESOLVE_TTL:
                return self._outlive(record, now)
            case What.FORGET:
                return self._forget(record)

    def _grow_stale(self, record: IncidentRecord, now: datetime) -> IncidentRecord:
        """Nothing has been seen of it for long, unless something has."""
        seen = self._composing.seen_at(record, now)
        if seen > record.seen_at:
            return self.keep(replace(record, seen_at=seen))
        self.given_up.add(record.identity)
        return self.do(transitions.resolved(record, Resolution.STALE, now, "its rules could not be asked for too long"), now)

    def _outlive(self, record: IncidentRecord, now: datetime) -> IncidentRecord:
        """Alerts that somebody resolved by hand have gone on firing for too long: they may open an incident again."""
        record = self.keep(replace(record, dismissed=(), dismissed_at=None))
        self._look(record.identity, now)
        return self._register.table[record.number]

    def _forget(self, record: IncidentRecord) -> IncidentRecord:
        self._settle_doubt(record)
        self._register.forget(record)
        self._pages.forget(record.number)
        return record

    # -- steps --------------------------------------------------------------------------------------------------------

    def do(self, step: Step, now: datetime) -> IncidentRecord:
        """Keep the record, and do what follows."""
        former = self._register.table.get(step.record.number)
        if former is not None and (former.state, former.epoch) != (step.record.state, step.record.epoch):
            self._settle_doubt(former)
        record = self.keep(step.record)
        for deed in step.deeds:
            match deed:
                case Moment():
                    self._journal.note(deed)
                case Climb():
                    record = self._climb(record, deed, now)
                case Withdraw(whom):
                    self._pages.withdraw(record, whom)
                case Inform(kind, audience, text, late, people):
                    said = self._pages.spoken(text, people)
                    self._pages.inform(record, kind, audience, said, now, late)
                case Refresh():
                    self._pages.refresh(record, now)
        if next_step(record) is not None and self._confirming.under_way(record.number) is None:
            self._advance(record, now)
        return self._register.table.get(record.number, record)

    def keep(self, record: IncidentRecord) -> IncidentRecord:
        """Take the record as it is from now on, and wait for what follows from it, or for an answer that is awaited."""
        self._register.keep(record)
        if self._register.next_step(record) is None or self._confirming.under_way(record.number) is None:
            self._register.wait(record)
        return record

    def _advance(self, record: IncidentRecord, now: datetime) -> None:
        self._register.wait(record)
        due = self._register.next_step(record)
        if due is not None and due.at <= now and due.what is What.LEVEL:
            self.due(record.number, now)

    def _climb(self, record: IncidentRecord, deed: Climb, now: datetime) -> IncidentRecord:
        level = record.policy.levels[deed.level]
        reached = self._pages.climb(record, deed.late, now)
        told = ", ".join(dict.fromkeys(f"{way.whom} ({way.way})" for way in reached.ways)) or "nobody"
        missed = "".join(f"; {why}" for why in reached.missed)
        late = f", {int(deed.late.total_seconds())} s late" if deed.late >= timedelta(seconds=1) else ""
        said = f"{level.name}: {told}{missed}{late}"
        if not reached.empty:
            self._journal.note(Moment(now, record.number, record.epoch, Happening.LEVEL, said, level=deed.level))
            return record
        if next_level(record) is None and not self._pages.called(record):
            said = "nobody could be called: no level reaches anybody"
            self._pages.inform(record, PageKind.NOTICE, Audience.CHANNELS, said, now)
        step = transitions.nobody(record, ("; ".join(reached.missed) or "it names nobody") + late, now)
        for moment in step.deeds:
            if isinstance(moment, Moment):
                self._journal.note(moment)
        return self.keep(step.record)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt was not accepted; None when it was at no page. A level whose pages are all refused is an empty one."""
        row = self._pages.failed(event, now)
        page = self._pages.table.page(event.outbox) if row is not None else None
        if page is not None and event.permanent and self._pages.table.lost(page):
            record = self._register.table[page.incident]
            if record.running and (record.epoch, record.level) == (page.epoch, page.level):
                self.do(transitions.nobody(record, "every message to them was refused for good", now), now)
        return row
