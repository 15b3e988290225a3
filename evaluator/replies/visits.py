"""What comes of a visit to a link: what is shown, what is asked, what is done. Nothing here speaks HTTP.

Looking never changes anything. Pressing does, once: whoever presses again, be it a finger or a program that tries every button
in a mail, is shown the same. A press within seconds of the message is asked about, for that is when the programs come.

What is acknowledged or put off by link is so for a quarter of an hour; whoever comes again after a minute is a person, and it
counts in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from evaluator.core.frozen import frozen
from evaluator.core.incidents.acting import second_visit
from evaluator.core.incidents.actions import NOISE, Acted, Action
from evaluator.core.incidents.records import IncidentRecord, IncidentState, PageRecord
from evaluator.core.oncall.people import Person
from evaluator.core.settings import Settings
from evaluator.replies.desk import Way
from evaluator.replies.tokens import Purpose, Token

AFTERWARDS = timedelta(hours=1)
"""How long after the end of an incident its links still say so."""
TOO_SOON = timedelta(seconds=10)
"""How soon after a message a press is asked about."""

SPANS: Mapping[str, timedelta] = {
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "2h": timedelta(hours=2),
}
"""For how long something can be put off by link."""
DEFAULT_SPAN = "1h"


@frozen
class Visit:
    """Somebody with a link that counts. page: the message that it was in, where that is still known."""

    token: Token
    record: IncidentRecord
    person: Person
    page: PageRecord | None
    settings: Settings
    now: datetime

    @property
    def stale(self) -> bool:
        """Whether the incident has begun again since the link was made."""
        return self.record.open and self.record.epoch != self.token.epoch

    @property
    def sent_at(self) -> datetime:
        """When the link was sent, as far as that is known."""
        return self.page.sent_at if self.page is not None and self.page.sent_at is not None else self.token.issued

    @property
    def mine(self) -> bool:
        """Whether the visitor has acknowledged."""
        return self.record.state is IncidentState.ACKED and self.person.key in self.record.ackers

    @property
    def confirmable(self) -> bool:
        """Whether what the visitor did by link can be made to count in full."""
        theirs = self.mine or self.record.state is IncidentState.SNOOZED
        return theirs and self.record.by_link and second_visit(self.record, self.person.key, self.now)

    @property
    def done(self) -> bool:
        """Whether what the link is for has been done."""
        record = self.record
        match self.token.purpose:
            case Purpose.ACK:
                counted = record.state is IncidentState.TRIGGERED and self.person.key in record.ackers
                return counted or (self.mine and not self.confirmable)
            case Purpose.SNOOZE:
                return record.state is IncidentState.SNOOZED and not self.confirmable
            case _:
                return False

    @property
    def offered(self) -> bool:
        """Whether there is anything to press."""
        match self.token.purpose:
            case Purpose.VIEW:
                return False
            case Purpose.LABEL:
                return self.labelling
            case _:
                return self.record.open and not self.stale and not self.done

    @property
    def labelling(self) -> bool:
        """Whether the visitor can say what an incident was worth: it is over, and has not begun again since they were asked."""
        ended = not self.record.open and self.record.epoch == self.token.epoch
        return self.token.purpose is Purpose.LABEL and ended

    @property
    def beside(self) -> bool:
        """Whether the incident is not any more, or again, what the link is about."""
        return self.stale or not (self.record.open or self.labelling)


@frozen
class Show:
    """Nothing changes: show how things stand."""


@frozen
class AskAgain:
    """It is too soon to know a person by a press."""


Decision = Show | AskAgain | Acted


def lasts(record: IncidentRecord, now: datetime) -> bool:
    """Whether links to an incident still lead anywhere."""
    return record.resolved_at is None or now < record.resolved_at + AFTERWARDS


def pressed(visit: Visit, fields: Mapping[str, str], confirmed: bool, source: str) -> Decision:
    """What comes of a press. fields: of the form. confirmed: it is the answer to having been asked again."""
    if not visit.offered:
        return Show()
    acted = _wanted(visit, fields, source)
    if acted is None:
        return Show()
    if visit.now - visit.sent_at < TOO_SOON and not confirmed:
        return AskAgain()
    return acted


def _wanted(visit: Visit, fields: Mapping[str, str], source: str) -> Acted | None:
    token, action = visit.token, Action(str(visit.token.purpose))
    acted = Acted(action, token.incident, token.person, str(Way.LINK), source, token.epoch)
    match token.purpose:
        case Purpose.SNOOZE:
            span = SPANS.get(fields.get("for", DEFAULT_SPAN))
            return replace(acted, until=visit.now + span) if span is not None else None
        case Purpose.ESCALATE:
            level = _level(visit, fields)
            return replace(acted, level=level) if level == visit.record.level else None
        case Purpose.LABEL:
            said = fields.get("label", "")
            return replace(acted, text=said) if said in NOISE and said != visit.record.noise else None
    return acted


def _level(visit: Visit, fields: Mapping[str, str]) -> int | None:
    """The last level that the visitor saw: on the page, or in the message. Without either, nobody knows what was pressed."""
    text = fields.get("level", "")
    if text.removeprefix("-").isdecimal() and len(text) < 5:
        return int(text)
    page = visit.page
    return page.level if page is not None and page.epoch == visit.record.epoch else None
