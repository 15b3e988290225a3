"""What people are told has come of their answer: short enough for a telephone, with what they would ask next.

Times are on the clock of whoever reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from evaluator.core.frozen import frozen
from evaluator.core.incidents.actions import Acted, Action, in_words
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.neutral import one_line
from evaluator.core.oncall.people import Person
from evaluator.core.settings import Settings

MOST_OF_A_TITLE = 80


@frozen
class Reader:
    """For whom something is worded. key: of the person, or any name."""

    key: str
    zone: tzinfo
    people: Mapping[str, Person]

    @classmethod
    def of(cls, key: str, settings: Settings) -> Reader:
        """The person with that key; whoever is not known reads UTC."""
        people = {person.key: person for person in settings.duty.people}
        return cls(key, people[key].zone if key in people else UTC, people)

    def name(self, key: str) -> str:
        """What somebody is called."""
        return self.people[key].name if key in self.people else key

    def clock(self, at: datetime, now: datetime) -> str:
        """An instant, with its day when that is another one."""
        there, here = at.astimezone(self.zone), now.astimezone(self.zone)
        return there.strftime("%H:%M %Z" if there.date() == here.date() else "%a %d %b %H:%M %Z")


def named(record: IncidentRecord) -> str:
    """An incident in a list: `12 HighLatency (critical, triggered)`."""
    about = ", ".join(part for part in (record.severity, str(record.state)) if part)
    return f"{record.number} {title(record)} ({about})"


def title(record: IncidentRecord) -> str:
    """What it is called, in one short line."""
    return one_line(record.title, MOST_OF_A_TITLE) or f"incident {record.number}"


def outcome_text(acted: Acted, record: IncidentRecord, settings: Settings, now: datetime) -> str:
    """What has come of an action, read from the incident as it is now."""
    reader, number = Reader.of(acted.by, settings), f"Incident {record.number}"
    if not record.open and acted.action not in (Action.NOTE, Action.LABEL, Action.RESOLVE):
        return f"{number} is over meanwhile."
    match acted.action:
        case Action.ACK:
            return f"{_acked(record, reader, now)} {title(record)}"
        case Action.SNOOZE if record.snoozed_until is not None:
            return f"{number} is put off until {reader.clock(record.snoozed_until, now)}. {title(record)}"
        case Action.ESCALATE:
            return f"{number}: {level_name(record)} is being told. {title(record)}"
        case Action.UNACK:
            return f"{number} is nobody's again, and its ladder begins anew. {title(record)}"
        case Action.ASSIGN:
            return f"{number} is {reader.name(record.owner)}'s. {title(record)}"
        case Action.LABEL:
            return f"{number} is labelled: {in_words(record.noise)}. {title(record)}"
        case Action.RESOLVE:
            return f"{number} is resolved. {title(record)}"
        case _:
            return f"{number}: noted."


def level_name(record: IncidentRecord) -> str:
    """What the level is called that has fired last."""
    levels = record.policy.levels
    return levels[record.level].name or f"level {record.level}" if 0 <= record.level < len(levels) else "nobody yet"


def _acked(record: IncidentRecord, reader: Reader, now: datetime) -> str:
    number = f"Incident {record.number}"
    if record.state is IncidentState.TRIGGERED:
        return f"{number}: {len(record.ackers)} of {record.policy.ack.by} people have acknowledged."
    until = f" until {reader.clock(record.acked_until, now)}" if record.acked_until is not None else ""
    if record.owner == reader.key:
        return f"{number} is yours{until}."
    return f"{number} is {reader.name(record.owner)}'s{until}."
