"""All incidents, as a part of the machine: what alerts, clocks, people and answers do to them.

`looking` follows alerts, `opening` begins incidents, `chasing` has their ladders and clocks, `settling` takes a configuration
or a restart, `register` keeps them. Here they are put together, and people come in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from evaluator.core.alerts import Alert
from evaluator.core.evaluation.evaluation import GroupEvaluation
from evaluator.core.evaluation.tracking import RuleEvaluation
from evaluator.core.events import DeliveryFailed, QueryFailed, QueryReturned
from evaluator.core.incidents import acting
from evaluator.core.incidents.acting import why_not
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.chasing import Chasing
from evaluator.core.incidents.composing import Composing
from evaluator.core.incidents.confirming import Confirming
from evaluator.core.incidents.incident import Due
from evaluator.core.incidents.looking import Looking
from evaluator.core.incidents.maintaining import Maintaining
from evaluator.core.incidents.members import Members
from evaluator.core.incidents.opening import Opening
from evaluator.core.incidents.pages import Pages
from evaluator.core.incidents.reach import Directory, Made
from evaluator.core.incidents.records import Happening, IncidentRecord, MaintenanceRecord, Moment, PageRecord, Pairs
from evaluator.core.incidents.register import Register
from evaluator.core.incidents.settling import Settling
from evaluator.core.incidents.standing import Standing
from evaluator.core.journal import Journal
from evaluator.core.muting.muting import Muting
from evaluator.core.notifying.pacing import Pacing
from evaluator.core.records import Kept, Notification, OutboxRecord
from evaluator.core.routing.grouping import AlertGroup
from evaluator.core.settings import Settings
from evaluator.core.timers import Timers


class Incidents:
    """See the module. groups: all alert groups by id. rule, group_of: of the evaluation. made: overrides of schedules.

    pacing: of notifications.
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
        pacing: Pacing,
    ) -> None:
        self._journal = journal
        self._made = made
        self._register = register = Register(timers, journal)
        self._members = members = Members(groups)
        self._maintaining = Maintaining(timers, journal)
        self._standing = standing = Standing(settings, muting, self._maintaining, timers)
        self._composing = composing = Composing(members, rule)
        directory = self._directory(settings)
        self.pages = pages = Pages(timers, journal, register.table.__getitem__, self._compose, directory, pacing)
        confirming = Confirming(journal, group_of)
        self._chasing = chasing = Chasing(register, pages, members, composing, confirming, journal, self._look)
        opening = Opening(register, chasing, standing)
        self._looking = Looking(register, chasing, opening, pages, members, standing, composing)
        self._settling = Settling(groups, register, members, standing, self._looking, journal)

    def _directory(self, settings: Settings) -> Directory:
        return Directory(settings.duty, settings.ladders, settings.receivers, self._made)

    def _compose(self, record: IncidentRecord, page: PageRecord, now: datetime) -> Notification:
        return self._composing.message(record, page, self.pages.directory, self.pages.table.root(page), now)

    def _look(self, identity: str, now: datetime) -> None:
        self._looking.look(identity, now)

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def table(self) -> dict[int, IncidentRecord]:
        """The incidents at hand, by number."""
        return self._register.table

    @property
    def newest(self) -> int:
        """The highest number that was ever given."""
        return self._register.newest

    @property
    def answers_again(self) -> bool:
        """Whether a rule has answered while an incident is given up, so that `stirred` has something to look at."""
        return self._looking.answers_again

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
        return self._register.next_step(record)

    def why_not(self, acted: Acted, now: datetime) -> str:
        """Why an action is not possible; empty when it is."""
        return why_not(self.table.get(acted.incident), acted, now)

    # -- alerts and answers -------------------------------------------------------------------------------------------

    def stirred(self, groups: Iterable[str], now: datetime) -> None:
        """Something about these alert groups has changed."""
        self._looking.stirred(groups, now)

    def answered(self, event: QueryReturned | QueryFailed, now: datetime) -> None:
        """A rule was answered, in whichever slot, or not."""
        self._looking.answered(event)
        self._chasing.answered(event, now)

    def due(self, key: str, now: datetime) -> None:
        """The timer of an incident has come."""
        self._chasing.due(int(key), now)

    def hours_change(self, identity: str, now: datetime) -> None:
        """A calendar opens or closes."""
        self._looking.look(identity, now)

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
        self._chasing.do(acting.act(record, acted, now), now)

    def maintain(self, maintenance: MaintenanceRecord, now: datetime) -> None:
        """Somebody begins or plans maintenance."""
        self._maintaining.set(maintenance, now)
        self._looking.look_at_all(now)

    def end_maintenance(self, ident: str, now: datetime) -> None:
        """Somebody ends it."""
        self._maintaining.end(ident, now)
        self._looking.look_at_all(now)

    def cross(self, now: datetime) -> None:
        """A maintenance begins or is over by the clock."""
        self._maintaining.cross(now)
        self._looking.look_at_all(now)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def delivered(self, ident: str, receipt: Pairs, now: datetime) -> OutboxRecord | None:
        """A delivery was accepted; None when it is no page."""
        return self.pages.delivered(ident, receipt, now)

    def failed(self, event: DeliveryFailed, now: datetime) -> OutboxRecord | None:
        """An attempt was not accepted; None when it was at no page."""
        return self._chasing.failed(event, now)

    # -- reload and restart -------------------------------------------------------------------------------------------

    def reconfigure(self, settings: Settings, now: datetime) -> None:
        """Take a new configuration. An incident that is open keeps the policy that it was opened with, and says so."""
        former = self._standing.ladders
        self._standing.configure(settings)
        self.pages.directory = self._directory(settings)
        self._settling.note_policies(former.escalations, now)
        self._members.clear()
        self._settling.settle(now)

    def restore(self, kept: Kept, rows: Iterable[OutboxRecord], now: datetime) -> None:
        """Take everything back, once the alert groups are there; what became due meanwhile is due at once, in order."""
        self._register.restore(kept.incidents, kept.newest_incident, now)
        self._maintaining.restore(kept.maintenance, now)
        self.pages.restore((page for page in kept.pages if page.incident in self.table), rows, now)
        self._settling.settle(now)
