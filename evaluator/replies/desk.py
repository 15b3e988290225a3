"""Where all answers come to: the incident that is meant, whoever is speaking, and whether what they want is possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from evaluator.core.alerts import Alert
from evaluator.core.events import Event
from evaluator.core.frozen import frozen
from evaluator.core.incidents.acting import why_not
from evaluator.core.incidents.actions import Acted
from evaluator.core.incidents.records import IncidentRecord, PageRecord
from evaluator.core.muting.silence import Silence
from evaluator.core.muting.silence_preview import Judgement, judge
from evaluator.core.oncall.oncall import Override
from evaluator.core.oncall.people import Person
from evaluator.core.settings import Settings
from evaluator.core.view import UnavailableError, View
from evaluator.replies.links import Links
from evaluator.replies.wording import outcome_text


class Way(StrEnum):
    """By which way somebody answers; what `Acted.via` says."""

    LINK = "link"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    SMS = "sms"
    TELEGRAM = "telegram"
    MAIL = "mail"


class Fate(StrEnum):
    """What becomes of an answer. UNVERIFIED: nothing shows that it is from where it says. STRANGER: no person of ours said it.

    UNAVAILABLE: it could not be kept, and nothing was changed. IDLE: it asks for nothing, or has come before.
    """

    DONE = "done"
    IMPOSSIBLE = "impossible"
    STRANGER = "stranger"
    UNVERIFIED = "unverified"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"
    IDLE = "idle"


class Answerable(View, Protocol):
    """A running evaluator that people may answer."""

    @property
    def own_key(self) -> bytes:
        """The key of its own that links are signed with where none is configured."""

    def answered(self, way: str, fate: str) -> None:
        """Count what has become of an answer."""


class Desk:
    """What answers need of a running evaluator. Times are those of its clock."""

    def __init__(self, view: Answerable) -> None:
        self._view = view

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self._view.settings

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self._view.now

    @property
    def links(self) -> Links:
        """What makes links. Raises OSError when a secret's file cannot be read."""
        settings = self._view.settings
        return Links.of(settings, self._view.own_key if settings.links.secret is None else b"")

    def incident(self, number: int) -> IncidentRecord | None:
        """An incident that is open, or was not long ago."""
        return self._view.machine.incidents.table.get(number)

    def incidents(self) -> Iterable[IncidentRecord]:
        """All of them."""
        return tuple(self._view.machine.incidents.table.values())

    def pages(self, number: int) -> Sequence[PageRecord]:
        """The messages about one."""
        return self._view.machine.incidents.pages_of(number)

    def alerts(self, record: IncidentRecord) -> Sequence[Alert]:
        """The alerts of an incident that still are in a group."""
        return self._view.machine.incidents.alerts_of(record)

    def group_keys(self, record: IncidentRecord) -> set[str]:
        """What its messages and those of its alert groups are told under."""
        machine = self._view.machine
        groups = {name for alert in machine.incidents.alerts_of(record) for name in alert.groups}
        return {incident_key(record.number), *(machine.dispatch.groups[name].key for name in groups)}

    def made(self, schedule: str) -> Iterable[Override]:
        """The overrides of a schedule that people made."""
        return self._view.machine.overrides.of(schedule)

    def judge(self, silence: Silence) -> Judgement:
        """What speaks against a silence."""
        return judge(self._view.machine, silence, self.now, careful=True)

    async def submit(self, event: Event) -> None:
        """Let the machine handle it; returns once what came of it has been kept. Raises UnavailableError."""
        await self._view.submit(event)

    def answered(self, way: Way, fate: Fate) -> None:
        """Count what has become of an answer."""
        self._view.answered(str(way), str(fate))


@frozen
class Outcome:
    """What came of it. text: sentences for whoever asked."""

    fate: Fate
    text: str


def not_kept(error: UnavailableError) -> Outcome:
    """Nothing could be kept."""
    return Outcome(Fate.UNAVAILABLE, f"{error.verdict.capitalize()}: {error}. Try again, or call somebody.")


@frozen
class Speaker:
    """Who says it. key: of the person. source: address and the like, for the record."""

    key: str
    name: str
    via: Way
    source: str


def incident_key(number: int) -> str:
    """The group key of what is told about an incident."""
    return f"incident:{number}"


async def act(desk: Desk, acted: Acted) -> Outcome:
    """Do what somebody asks for, if it is possible. Raises UnavailableError, and then nothing has been done."""
    why = why_not(desk.incident(acted.incident), acted, desk.now)
    if why:
        return Outcome(Fate.IMPOSSIBLE, f"{why[0].upper()}{why[1:]}.")
    await desk.submit(acted)
    record = desk.incident(acted.incident)
    assert record is not None, "an incident does not vanish while somebody acts on it"
    return Outcome(Fate.DONE, outcome_text(acted, record, desk.settings, desk.now))


def find_page(desk: Desk, page: str, incidents: Iterable[IncidentRecord] = ()) -> PageRecord | None:
    """The message with that id, about one of these incidents, or any."""
    about = incidents or desk.incidents()
    return next((one for record in about for one in desk.pages(record.number) if one.id == page), None)


def person_by(settings: Settings, way: str, contact: str) -> Person | None:
    """The one person who has this contact; None when nobody has it, or several, for then nobody knows who is speaking."""
    wanted = _alike(contact)
    found = [one for one in settings.duty.people if wanted and _alike(one.contacts.get(way, "")) == wanted]
    return found[0] if len(found) == 1 else None


def _alike(contact: str) -> str:
    """A contact without what is written now this way, now that: spaces and signs in numbers, capital letters in addresses."""
    text = contact.strip().lower()
    return f"+{digits}" if text.startswith("+") and (digits := "".join(filter(str.isdecimal, text))) else text
