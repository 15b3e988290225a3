"""What comes of what somebody wrote: in a slash command, a short message, a mail."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.core.incidents.actions import Acted, Action
from evaluator.core.incidents.records import IncidentRecord, IncidentState
from evaluator.core.oncall.oncall import on_call
from evaluator.replies.desk import Desk, Fate, Outcome, Speaker, act
from evaluator.replies.silencing import silence
from evaluator.replies.wording import Reader, named
from evaluator.replies.words import Said, Word

HELP = (
    "ack 12 · unack 12 · snooze 12 1h · escalate 12 · note 12 TEXT · silence 12 2h WHY · list · who [SCHEDULE]; 12 is an"
    " incident's number, and may be left out when you were told of one alone"
)
MOST_NAMED = 10

_ACTIONS = {
    Word.ACK: Action.ACK,
    Word.UNACK: Action.UNACK,
    Word.SNOOZE: Action.SNOOZE,
    Word.ESCALATE: Action.ESCALATE,
    Word.NOTE: Action.NOTE,
}
_WORTH_ALL = (IncidentState.TRIGGERED, IncidentState.SNOOZED)


async def carry_out(desk: Desk, said: Said, speaker: Speaker) -> Outcome:
    """Do what somebody asks for. Raises UnavailableError, and then nothing has been done."""
    match said.word:
        case Word.HELP:
            return Outcome(Fate.IDLE, HELP)
        case Word.WHO:
            return Outcome(Fate.IDLE, _who(desk, said.text, speaker))
        case Word.LIST:
            return Outcome(Fate.IDLE, _list(desk))
    if said.every:
        return await _every(desk, speaker)
    found = _meant(desk, said, speaker)
    if isinstance(found, Outcome):
        return found
    if said.word is Word.SILENCE:
        return await silence(desk, found, speaker, said.duration, said.text)
    return await act(desk, _acted(said, found, speaker))


def _acted(said: Said, record: IncidentRecord, speaker: Speaker) -> Acted:
    return Acted(
        _ACTIONS[said.word],
        record.number,
        speaker.key,
        str(speaker.via),
        speaker.source,
        duration=said.duration,
        text=said.text,
    )


def _meant(desk: Desk, said: Said, speaker: Speaker) -> IncidentRecord | Outcome:
    """The incident that is named; where none is, the only open one that the speaker was told of, or that there is."""
    if said.incident is not None:
        return desk.incident(said.incident) or Outcome(Fate.IMPOSSIBLE, f"There is no incident {said.incident}.")
    everything = _open(desk)
    told = [record for record in everything if _was_told(desk, record, speaker.key)]
    candidates = told or everything
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        return Outcome(Fate.IMPOSSIBLE, "No incident is open.")
    return Outcome(Fate.IMPOSSIBLE, f"Which one? Write {said.word} NUMBER. {_named(candidates)}")


async def _every(desk: Desk, speaker: Speaker) -> Outcome:
    """Acknowledge everything that the speaker was told of and nobody has acknowledged."""
    wanted = [record for record in _open(desk) if record.state in _WORTH_ALL and _was_told(desk, record, speaker.key)]
    outcomes = [await act(desk, _acted(Said(Word.ACK), record, speaker)) for record in wanted]
    if not outcomes:
        return Outcome(Fate.IMPOSSIBLE, "Nothing that you were told of waits for anybody.")
    done = [record.number for record, outcome in zip(wanted, outcomes, strict=True) if outcome.fate is Fate.DONE]
    failed = [outcome.text for outcome in outcomes if outcome.fate is not Fate.DONE]
    said = [f"Acknowledged: {', '.join(map(str, done))}."] if done else []
    return Outcome(Fate.DONE if done else Fate.IMPOSSIBLE, " ".join((*said, *failed)))


def _was_told(desk: Desk, record: IncidentRecord, key: str) -> bool:
    return any(page.whom == key and page.sent_at is not None for page in desk.pages(record.number))


def _open(desk: Desk) -> list[IncidentRecord]:
    return sorted((record for record in desk.incidents() if record.open), key=lambda record: record.number)


def _list(desk: Desk) -> str:
    found = _open(desk)
    return _named(found) if found else "No incident is open."


def _named(records: list[IncidentRecord]) -> str:
    more = f"; and {len(records) - MOST_NAMED} more" if len(records) > MOST_NAMED else ""
    return "; ".join(map(named, records[:MOST_NAMED])) + more


def _who(desk: Desk, schedule: str, speaker: Speaker) -> str:
    known = [one.name for one in desk.settings.duty.schedules]
    if schedule and schedule not in known:
        return f"No schedule is called {schedule}; there are {', '.join(known) or 'none'}."
    return "; ".join(_on_call(desk, schedule, speaker)) or "There are no schedules."


def _on_call(desk: Desk, wanted: str, speaker: Speaker) -> Iterator[str]:
    duty, reader = desk.settings.duty, Reader.of(speaker.key, desk.settings)
    for schedule in duty.schedules:
        if wanted in ("", schedule.name):
            found = on_call(schedule, desk.now, duty.absences, desk.made(schedule.name))
            people = ", ".join(map(reader.name, found.people)) or "nobody"
            yield f"{schedule.name}: {people}" + (f" ({found.why})" if found.people else "")
